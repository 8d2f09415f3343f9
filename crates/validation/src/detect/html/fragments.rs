//! Short texts that are a piece of markup or of a style, without the tag around it.

use std::ops::Range;

use super::rules;
use crate::detect::Rule;

/// Reports words that only markup and styles have. The text is short, so it is no prose about them.
pub(super) fn find(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    if text.len() > LONGEST || words.take(MOST_WORDS + 1).count() > MOST_WORDS {
        return;
    }
    let lower = text.to_ascii_lowercase();
    for word in WORDS {
        if let Some(at) = memchr::memmem::find(&lower, word.as_bytes()) {
            report(&rules::FRAGMENT, at..at + word.len());
        }
    }
    if let Some(at) = memchr::memmem::find(&lower, b";base64")
        && memchr::memmem::find(&lower[..at], b"image/").is_none()
    {
        report(&rules::FRAGMENT, at..at + 7);
    }
    for equals in memchr::memchr_iter(b'=', &lower) {
        let name = ATTRIBUTES.iter().find(|name| lower[..equals].ends_with(name.as_bytes()));
        let Some(start) = name.and_then(|name| equals.checked_sub(name.len() + 1)) else {
            continue;
        };
        let valued = lower.get(equals + 1).is_some_and(|byte| *byte > b' ' && *byte != b'=');
        if valued && matches!(lower[start], 0..=b' ' | b'"' | b'\'' | b'`' | b';' | b'/') {
            report(&rules::FRAGMENT, start + 1..equals);
        }
    }
}

const WORDS: &[&str] = &[
    "xlink:href",
    "formaction",
    "-moz-binding",
    "@import",
    "@\\import",
    "vmlframe",
    ".innerhtml",
    ".outerhtml",
    ".parentnode",
    "document.cookie",
    "document.write",
    "document.domain",
    "document.location",
    "document.queryselector",
    "window.location",
    "document.body",
    "window.open",
    "]]>",
    "expression(",
    "behavior:url",
    "xmlns:",
    "srcdoc=",
    "fromcharcode",
    "new xmlhttprequest",
    "xmlhttprequest()",
    "unescape('%",
    "unescape(\"%",
    "document.createelement",
    "document.getelement",
    "fscommand",
    "seeksegmenttime",
    "<![cdata[",
];

const ATTRIBUTES: &[&str] = &["src", "href", "style"];

/// Longer texts are no pieces.
const LONGEST: usize = 512;

/// Neither are texts of more words.
const MOST_WORDS: usize = 5;
