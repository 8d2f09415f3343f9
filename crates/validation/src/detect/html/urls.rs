//! Schemes that run code.

use std::ops::Range;

use super::rules;
use crate::detect::Rule;

/// Tells whether a browser that follows the value runs code: blanks and control characters within the scheme are dropped.
pub(super) fn runs(value: &[u8]) -> bool {
    let value = skip(value);
    SCHEMES.iter().any(|scheme| scheme_end(value, scheme).is_some()) || is_data_document(value)
}

/// Reports schemes that stand somewhere in a text.
pub(super) fn find(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    for colon in memchr::memchr_iter(b':', text) {
        let Some(start) = scheme_start(text, colon) else { continue };
        let before = text[..start].trim_ascii_end();
        let rest = &text[colon + 1..];
        let spaced = rest.first().is_none_or(|byte| *byte <= b' ');
        let split = colon - start > LONGEST_PLAIN;
        let name = !spaced && !text[start..colon].starts_with(b"JavaS");
        let value = is_value_start(text[..start].last().copied())
            && (!spaced || rest.trim_ascii().is_empty());
        let alone = before.is_empty()
            && rest.len() < FAR_ENOUGH
            && is_lower(&text[start..colon])
            && has_code(rest);
        if split || name || value || alone || looks_like_code(rest) || before.ends_with(b"url(") {
            report(&rules::SCRIPT_URL, start..colon + 1);
        }
    }
    find_split(text, report);
    for at in memchr::memmem::find_iter(text, b"url(javascript") {
        report(&rules::SCRIPT_URL, at..at + 14);
    }
    for at in memchr::memmem::find_iter(text, b"data:") {
        let rest = &text[at..text.len().min(at + FAR_ENOUGH)];
        if is_data_document(rest) || data_with_markup(rest) {
            report(&rules::DATA_URL, at..at + 5);
        }
    }
}

fn is_lower(text: &[u8]) -> bool {
    !text.iter().any(u8::is_ascii_uppercase)
}

/// Tells whether something stands there that calls, assigns or reaches into something. A full stop ends a sentence.
fn has_code(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_end();
    let rest = rest.strip_suffix(b".").unwrap_or(rest);
    rest.windows(2).any(|pair| matches!(pair, [b'=' | b'\\' | b'(' | b'[' | b'<', _] | [b'.', b'a'..=b'z' | b'A'..=b'Z']))
}

/// Reports schemes whose letters stand apart by what only some readers drop.
fn find_split(text: &[u8], report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    for split in
        [&b"&tab;"[..], b"&newline;", b"&Tab;", b"&NewLine;", b"\\t", b"\\n", b"<!-- -->", b"/**/"]
    {
        for at in memchr::memmem::find_iter(text, split) {
            let start = at.saturating_sub(LONGEST_PLAIN);
            let end = text.len().min(at + LONGEST_SCHEME);
            let mut joined = [0; LONGEST_PLAIN + LONGEST_SCHEME];
            let mut length = 0;
            let mut rest = &text[start..end];
            while let Some((first, tail)) = rest.split_first() {
                rest = rest.strip_prefix(split).unwrap_or(tail);
                if rest.len() == tail.len() {
                    joined[length] = *first;
                    length += 1;
                }
            }
            let found = memchr::memchr(b':', &joined[..length])
                .and_then(|colon| scheme_start(&joined[..length], colon));
            if found.is_some() {
                report(&rules::SCRIPT_URL, start..at);
            }
        }
    }
}

/// Returns where a scheme begins that ends in the colon.
fn scheme_start(text: &[u8], colon: usize) -> Option<usize> {
    SCHEMES.iter().find_map(|scheme| {
        let mut at = colon;
        for letter in scheme.iter().rev() {
            loop {
                at = at.checked_sub(1)?;
                if !is_dropped(text[at]) || colon - at > LONGEST_SCHEME {
                    break;
                }
            }
            if text[at].to_ascii_lowercase() != *letter {
                return None;
            }
        }
        let whole = at == 0 || !text[at - 1].is_ascii_alphanumeric();
        whole.then_some(at)
    })
}

/// A name after the colon that is called, assigned to or indexed; or what no sentence begins with.
fn looks_like_code(rest: &[u8]) -> bool {
    let rest = rest.trim_ascii_start();
    if SCHEMES.iter().chain([&&b"feed"[..]]).any(|scheme| scheme_end(rest, scheme).is_some()) {
        return true;
    }
    let name = rest
        .iter()
        .take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.' | b'\\')
        })
        .count();
    let next = rest.get(name);
    let used = matches!(next, Some(b'(' | b'[' | b'`' | b'='));
    let reckoned = name > 0 && matches!(next, Some(b'%' | b'&' | b',' | b'+' | b'-' | b'*'));
    let begun = name == 0 && next.is_some_and(|byte| b"/\"'{<+-!~;@#".contains(byte));
    let escaped = rest.starts_with(b"\\")
        || (rest[..name].contains(&b'\\') && matches!(next, None | Some(b';')));
    used || reckoned || begun || escaped
}

const fn is_value_start(byte: Option<u8>) -> bool {
    matches!(byte, None | Some(b'"' | b'\'' | b'`' | b'=' | b'('))
}

/// `data:text/html` and everything else that is shown as a document or run.
fn is_data_document(value: &[u8]) -> bool {
    let Some(end) = scheme_end(value, b"data") else { return false };
    let mime = value[end..].trim_ascii_start();
    DOCUMENTS
        .iter()
        .any(|known| mime.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known)))
}

/// `data:,<x`: without a type, and with markup in it.
fn data_with_markup(value: &[u8]) -> bool {
    let rest = value[5..].trim_ascii_start();
    let body = memchr::memchr(b',', rest).map(|comma| (&rest[..comma], &rest[comma + 1..]));
    body.is_some_and(|(mime, body)| {
        !mime.iter().any(u8::is_ascii_whitespace)
            && body.trim_ascii_start().first() == Some(&b'<')
            && body.len() > 1
    })
}

/// Returns where the scheme's colon ends, if the value begins with it.
fn scheme_end(value: &[u8], scheme: &[u8]) -> Option<usize> {
    let mut at = 0;
    for letter in scheme.iter().chain(b":") {
        while is_dropped(*value.get(at)?) {
            at += 1;
        }
        if value[at].to_ascii_lowercase() != *letter {
            return None;
        }
        at += 1;
    }
    Some(at)
}

/// Leaves out what may stand before a scheme.
fn skip(value: &[u8]) -> &[u8] {
    let blanks = value
        .iter()
        .take_while(|byte| {
            is_dropped(**byte) || matches!(byte, b' ' | b'"' | b'\'' | b'`' | 0x80..)
        })
        .count();
    &value[blanks..]
}

const fn is_dropped(byte: u8) -> bool {
    byte < b' '
}

const SCHEMES: &[&[u8]] =
    &[b"javascript", b"vbscript", b"livescript", b"jscript", b"mocha", b"vbs", b"feed:javascript"];

const DOCUMENTS: &[&[u8]] = &[
    b"text/html",
    b"text/xml",
    b"text/javascript",
    b"text/ecmascript",
    b"text/vbscript",
    b"application/xml",
    b"application/xhtml",
    b"application/javascript",
    b"application/x-javascript",
    b"application/ecmascript",
    b"image/svg",
    b"text/x-scriptlet",
    b"application/x-xpinstall",
    b"multipart/",
    b"text/xsl",
    b"text/css",
];

/// `javascript`; one that is longer has something between its letters.
const LONGEST_PLAIN: usize = 10;

/// The longest scheme with what stands between its letters.
const LONGEST_SCHEME: usize = 64;

/// Enough to see what a data URL is of.
const FAR_ENOUGH: usize = 128;
