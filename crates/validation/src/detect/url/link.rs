//! URLs in a text, as the most lenient parsers would read them.

use std::borrow::Cow;
use std::ops::Range;

/// Where in the text a URL stands: how sure it is that somebody will follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the text.
    Lone,
    /// It is the value of a parameter or an attribute.
    Value,
    /// Words or code stand around it.
    Prose,
}

/// A URL, in the parts that matter here.
#[derive(Debug)]
pub(crate) struct Link<'t> {
    /// The scheme without its colon, as written.
    pub(crate) scheme: &'t str,
    /// The slashes and backslashes after the colon.
    pub(crate) slashes: &'t str,
    /// User, host and port.
    pub(crate) authority: &'t str,
    /// Path, query, fragment.
    pub(crate) rest: &'t str,
    /// All of it.
    pub(crate) span: Range<usize>,
    /// Where it stands.
    pub(crate) place: Place,
}

/// Returns where the text's one token is, when no words stand around it. Tabs and line ends do not separate: parsers
/// of URLs drop them.
pub(crate) fn lone(text: &str) -> Option<Range<usize>> {
    let odd =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '<' | '>' | '`');
    let start = text.len() - text.trim_start_matches(odd).len();
    let token = text[start..].trim_end_matches(|c| odd(c) || matches!(c, ')' | ','));
    let separates = |c: char| c.is_whitespace() && !matches!(c, '\t' | '\r' | '\n');
    if token.is_empty() || token.len() > LONGEST_TOKEN || token.contains(separates) {
        return None;
    }
    // Links one below the other are a list.
    if token.contains(['\n', '\r']) && token.matches("://").nth(1).is_some() {
        return None;
    }
    Some(start..start + token.len())
}

/// Returns the token without the characters that parsers of URLs drop.
pub(crate) fn without_controls(token: &str) -> Cow<'_, str> {
    if token.contains(|c: char| c.is_ascii_control()) {
        Cow::Owned(token.chars().filter(|c| !c.is_ascii_control()).collect())
    } else {
        Cow::Borrowed(token)
    }
}

/// Calls `each` with every URL that has a scheme, until it says stop. `lone` tells that the text is one token. Returns
/// false when there are more than any honest text has, and the rest was not looked at.
pub(crate) fn each(text: &str, lone: bool, mut each: impl FnMut(&Link<'_>) -> bool) -> bool {
    let bytes = text.as_bytes();
    let mut left = if lone { MOST_IN_A_TOKEN } else { MOST_IN_A_TEXT };
    for colon in memchr::memchr_iter(b':', bytes) {
        let opaque = !bytes.get(colon + 1).is_some_and(|byte| b"/\\".contains(byte));
        let front = bytes[..colon].iter().rev().take(LONGEST_SCHEME + 1);
        let length = front.take_while(|b| is_scheme(**b)).count();
        if length == 0 || length > LONGEST_SCHEME {
            continue;
        }
        let start = colon - length;
        let place = place(&text[..start], lone);
        if opaque && place == Place::Prose {
            continue;
        }
        if left == 0 {
            return false;
        }
        left -= 1;
        if !each(&link(text, start..colon, place)) {
            return true;
        }
    }
    true
}

fn place(before: &str, lone: bool) -> Place {
    let bytes = before.as_bytes();
    match bytes {
        [] if lone => Place::Lone,
        [.., b'/' | b'\\']
            if lone && bytes.len() < MOST_SLASHES && bytes.iter().all(|b| b"/\\".contains(b)) =>
        {
            Place::Lone
        }
        [.., last] if lone && b"=/\\:?&#,;|@".contains(last) => Place::Value,
        [.., b'='] | [.., b'=', b'"' | b'\''] => Place::Value,
        _ => Place::Prose,
    }
}

/// Returns the URL without a scheme whose slashes start at `at`.
pub(crate) fn relative(text: &str, at: usize) -> Link<'_> {
    after_scheme(text, at..at, at, Place::Lone)
}

fn link(text: &str, scheme: Range<usize>, place: Place) -> Link<'_> {
    let after = scheme.end + 1;
    after_scheme(text, scheme, after, place)
}

fn after_scheme(text: &str, scheme: Range<usize>, after: usize, place: Place) -> Link<'_> {
    let tail = &text[after..];
    let slashes = tail.bytes().take(MOST_SLASHES).take_while(|b| b"/\\".contains(b)).count();
    let from = after + slashes;
    let near = clip(&text[from..], LONGEST_AUTHORITY);
    let quoted = place != Place::Lone;
    let authority = near.find(|c: char| ends_authority(c, quoted)).map_or(near, |end| &near[..end]);
    let rest_at = from + authority.len();
    let far = clip(&text[rest_at..], LONGEST_REST);
    let ends = |b: u8| b.is_ascii_whitespace() || (quoted && matches!(b, b'"' | b'<' | b'>'));
    let rest = far.bytes().position(ends).map_or(far, |end| &far[..end]);
    Link {
        scheme: &text[scheme.clone()],
        slashes: &text[after..from],
        authority,
        rest,
        span: scheme.start..rest_at + rest.len(),
        place,
    }
}

/// Whether the host has ended. Among other text also at what closes a quotation or a sentence, of the East too.
fn ends_authority(c: char, quoted: bool) -> bool {
    matches!(c, '/' | '?' | '#' | '\\')
        || c.is_whitespace()
        || (quoted
            && matches!(
                c,
                '"' | '\''
                    | '<'
                    | '>'
                    | '`'
                    | '('
                    | ')'
                    | '{'
                    | '}'
                    | '|'
                    | ','
                    | ';'
                    | '*'
                    | '!'
                    | '$'
            ))
        || matches!(c, '\u{ff01}' | '\u{ff08}' | '\u{ff09}' | '\u{ff0c}' | '\u{ff1b}' | '\u{ff1f}')
        || matches!(c, '\u{2018}'..='\u{201f}' | '\u{3001}' | '\u{3008}'..='\u{3011}' | '\u{2026}' | '\u{ab}' | '\u{bb}')
        || (quoted && matches!(c, '\u{3002}' | '\u{ff61}'))
}

const fn is_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_')
}

/// Returns the front of a text, at most so many bytes.
fn clip(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// `compress.bzip2` is the longest that means harm.
const LONGEST_SCHEME: usize = 24;
/// More say nothing more.
const MOST_SLASHES: usize = 64;
/// A host has at most 253 bytes; with a user before it and everything escaped, more.
const LONGEST_AUTHORITY: usize = 1024;
/// What tells of a trick stands near the host.
const LONGEST_REST: usize = 1024;
/// Each may be looked at for as long as its parts are, so a hostile text could ask for work that grows with its square.
const MOST_IN_A_TOKEN: usize = 64;
/// A list of links has as many.
const MOST_IN_A_TEXT: usize = 1024;
/// Longer than any URL that browsers take from users.
const LONGEST_TOKEN: usize = 8192;
