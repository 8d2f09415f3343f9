//! Paths that leave their directory, and files that are nobody's business.
//!
//! The text is read as an attacker's tools write it: with escapes in escapes, overlong UTF-8 and the decoders' known
//! mistakes. Then its components are looked at: whole texts and short ones strictly, prose that mentions a path less so.

mod decode;
mod names;
mod places;
mod rules;
mod traversal;

use std::ops::Range;

use super::Rule;
use super::hits::{Hits, View};
use decode::Decoded;

pub(crate) use rules::RULES;

/// Literals one of which stands in every message that counts.
pub(crate) const GATE: &[&str] = &[
    "..",
    ".?",
    "%2",
    "%5c",
    "%c0",
    "%c1",
    "%e0",
    "%00",
    "%u",
    "0x2",
    "/etc/",
    "/proc/",
    "/var/",
    "/usr/",
    "/root/",
    "/opt/",
    "/home/",
    "/sys/",
    "/dev/",
    "/boot",
    "web-inf",
    "/windows",
    "\\windows",
    "/winnt",
    "boot.ini",
    "file:",
    "php:",
    ".ssh",
    ".htaccess",
    ".htpasswd",
    ".env",
    ".git/",
    "wp-config",
    "web.config",
    "id_rsa",
    "c:",
    "d:",
];

/// Looks for paths in the view.
pub(crate) fn detect(view: &View<'_>, hits: &mut Hits<'_>) {
    if !hits.spend(PASSES * view.text.len()) {
        return;
    }
    let decoded = Decoded::new(view.text.as_bytes());
    let words = words(decoded.bytes());
    let mut report = |rule: &'static Rule, span: Range<usize>| {
        hits.hit(rule, whole_chars(view.text, decoded.source(span)));
    };
    traversal::find(&decoded, words, &mut report);
    spaced(&decoded, words, &mut report);
    nul(&decoded, words, &mut report);
    too_long(&decoded, &mut report);
    let text = decoded.bytes();
    for token in Tokens::of(text).filter(|token| !text[..token.span.start].ends_with(b">")) {
        let alone = words <= 2 || (token.quoted && words <= 6);
        let ended = text.get(token.span.end) == Some(&0) || is_nul_escape(&text[token.span.end..]);
        if alone || ended {
            places::judge(&text[token.span.clone()], &mut |rule| {
                // An absolute path as a value is nothing special; as the whole text it is a path of somebody's choice.
                if words <= 2 || rule.id != rules::ABSOLUTE.id {
                    report(rule, token.span.clone());
                }
            });
        } else {
            places::judge_in_prose(&text[token.span.clone()], &mut |rule| {
                report(rule, token.span.clone());
            });
        }
    }
}

/// `C:\Program Files\x y.ini`: a path of Windows with blanks in it, that is the whole text.
fn spaced(
    decoded: &Decoded<'_>,
    words: usize,
    report: &mut impl FnMut(&'static Rule, Range<usize>),
) {
    let text = decoded.bytes().trim_ascii();
    let [drive, b':', b'/' | b'\\', rest @ ..] = text else { return };
    let name = match rest.iter().rposition(|byte| matches!(byte, b'/' | b'\\')) {
        Some(last) => &rest[last + 1..],
        None if rest.is_empty() => rest,
        // Without a directory `a:\ b` is a smile with words behind it.
        None => return,
    };
    // A sentence may go on behind a path; what ends as a file does is the path's.
    let name = name.iter().all(|byte| !byte.is_ascii_whitespace()) || places::ends_as_file(name);
    if drive.is_ascii_alphabetic() && words < ENOUGH_WORDS && name {
        report(&rules::DRIVE, 0..3);
    }
}

/// Widens a span to whole characters, since an escape may have begun within one.
fn whole_chars(text: &str, span: Range<usize>) -> Range<usize> {
    text.floor_char_boundary(span.start)..text.ceil_char_boundary(span.end)
}

/// Counts words up to a number that is prose for certain.
fn words(text: &[u8]) -> usize {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(ENOUGH_WORDS).count()
}

/// A zero byte ends a path for C, and not for the check before it.
fn nul(decoded: &Decoded<'_>, words: usize, report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    let text = decoded.bytes();
    if words < ENOUGH_WORDS
        && let Some(at) = memchr::memchr_iter(0, text).find(|at| decoded.is_escaped(*at))
    {
        return report(&rules::NUL, at..at + 1);
    }
    if words <= 2 && text.len() > 2 && text.ends_with(b"\\0") {
        report(&rules::NUL, text.len() - 2..text.len());
    }
}

/// Tells whether a zero byte comes next, as C writes it.
fn is_nul_escape(rest: &[u8]) -> bool {
    rest == b"\\0"
}

/// A name that no file system takes is there to overflow something.
fn too_long(decoded: &Decoded<'_>, report: &mut impl FnMut(&'static Rule, Range<usize>)) {
    let text = decoded.bytes();
    let trimmed = text.trim_ascii_start();
    let start = text.len() - trimmed.len();
    if trimmed.len() <= LONGEST_NAME {
        return;
    }
    let root = usize::from(trimmed[0] == b'/');
    let name = trimmed[root..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    if name > LONGEST_NAME {
        report(&rules::TOO_LONG, start..start + root + name);
    }
}

/// A run of bytes that could be a path.
struct Token {
    span: Range<usize>,
    /// It is the value of an attribute, a parameter or a literal.
    quoted: bool,
}

/// Splits a text at what does not stand in paths.
struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Tokens<'t> {
    const fn of(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let rest = &self.text[self.at..];
        let start = self.at + rest.iter().position(|byte| !ends_token(*byte))?;
        let length = self.text[start..].iter().position(|byte| ends_token(*byte));
        let end = length.map_or(self.text.len(), |length| start + length);
        self.at = end;
        Some(Token { span: start..end, quoted: before_is_value(&self.text[..start]) })
    }
}

/// Tells whether a value of a parameter or an attribute begins here.
const fn before_is_value(before: &[u8]) -> bool {
    matches!(before, [.., b'='] | [.., b'=', b'"' | b'\''])
}

/// Tells whether the byte stands outside of any path.
const fn ends_token(byte: u8) -> bool {
    byte <= b' '
        || matches!(
            byte,
            b'"' | b'\'' | b'`' | b'<' | b'>' | b'=' | b'|' | b'(' | b')' | b',' | b'&'
        )
}

/// Decoding, and the looks that visit each byte.
const PASSES: usize = 3;

/// `NAME_MAX` of every common file system.
const LONGEST_NAME: usize = 255;

/// More words are not counted.
const ENOUGH_WORDS: usize = 12;
