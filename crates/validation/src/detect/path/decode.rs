//! Undoes the escapes of path attacks, the wrong ones included.
//!
//! The general ladder decodes what a correct server would. Here are added the mistakes that servers made: overlong
//! UTF-8 with missing bits, hexadecimal digits beyond F, best-fit characters.

use std::borrow::Cow;
use std::ops::Range;

/// A text without its escapes, which knows where each byte came from.
pub(super) struct Decoded<'t> {
    bytes: Cow<'t, [u8]>,
    /// Where each byte begins in the source, and whether it was escaped there. Empty when nothing was.
    from: Vec<Origin>,
    length: usize,
}

#[derive(Clone, Copy)]
struct Origin {
    at: usize,
    escaped: bool,
}

impl<'t> Decoded<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        let mut this = Self { bytes: Cow::Borrowed(text), from: Vec::new(), length: text.len() };
        for _ in 0..DEEPEST {
            if !this.pass() {
                break;
            }
        }
        this
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn is_escaped(&self, at: usize) -> bool {
        self.from.get(at).is_some_and(|origin| origin.escaped)
    }

    /// Returns the place in the source of a place here.
    pub(super) fn source(&self, span: Range<usize>) -> Range<usize> {
        self.source_of(span.start)..self.source_of(span.end)
    }

    fn source_of(&self, at: usize) -> usize {
        if self.from.is_empty() {
            at
        } else {
            self.from.get(at).map_or(self.length, |origin| origin.at)
        }
    }

    /// Undoes one level; tells whether there was one.
    fn pass(&mut self) -> bool {
        if !self.bytes.windows(2).any(|pair| is_trigger(pair[0], pair[1])) {
            return false;
        }
        let (mut bytes, mut from) =
            (Vec::with_capacity(self.bytes.len()), Vec::with_capacity(self.bytes.len()));
        let (mut at, mut changed) = (0, false);
        while at < self.bytes.len() {
            let (byte, taken) = unescape(&self.bytes, at).unwrap_or((self.bytes[at], 1));
            changed |= taken > 1;
            let escaped = taken > 1 && !is_bare(&self.bytes[at..]) || self.is_escaped(at);
            from.push(Origin { at: self.source_of(at), escaped });
            bytes.push(byte);
            at += taken;
        }
        if changed {
            let (bytes, from) = fold_overlong(&bytes, &from);
            (self.bytes, self.from) = (Cow::Owned(bytes), from);
        }
        changed
    }
}

/// Tells whether an escape may begin here. `.2` is for `..2f`, from which something took the percent sign.
const fn is_trigger(first: u8, second: u8) -> bool {
    match first {
        b'%' => true,
        b'0' | b'\\' => matches!(second, b'x' | b'X' | b'u'),
        b'.' => matches!(second, b'2' | b'5'),
        _ => false,
    }
}

/// Tells whether it is `2f` or `5c` without any sign of an escape.
fn is_bare(rest: &[u8]) -> bool {
    matches!(rest.first(), Some(b'2' | b'5'))
}

/// Reads an escape at a place: the byte, and how many bytes it took.
fn unescape(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let rest = &text[at..];
    match *rest {
        [b'%', b'%', a, b, b'%', b'%', c, d, ..] => nested(a, b, c, d).map(|byte| (byte, 8)),
        [b'%', b'u' | b'U', a, b, c, d, ..] => best_fit(hex4([a, b, c, d])?).map(|byte| (byte, 6)),
        [b'%', high, low, ..] => {
            percent(high, low, rest.get(3) == Some(&b'%')).map(|byte| (byte, 3))
        }
        [b'0', b'x' | b'X', high, low, ..] => {
            separator_or_dot(hex(high)? * 16 + hex(low)?).map(|byte| (byte, 4))
        }
        [b'\\', b'x' | b'X', high, low, ..] => {
            separator_or_dot(hex(high)? * 16 + hex(low)?).map(|byte| (byte, 4))
        }
        [b'\\', b'u', a, b, c, d, ..] => best_fit(hex4([a, b, c, d])?).map(|byte| (byte, 6)),
        [b'2', b'f' | b'F', ..] if text[..at].ends_with(b"..") => Some((b'/', 2)),
        [b'5', b'c' | b'C', ..] if text[..at].ends_with(b"..") => Some((b'\\', 2)),
        _ => None,
    }
}

/// Each digit of an escape may be an escape.
fn nested(a: u8, b: u8, c: u8, d: u8) -> Option<u8> {
    Some(hex(hex(a)? * 16 + hex(b)?)? * 16 + hex(hex(c)? * 16 + hex(d)?)?)
}

/// Digits beyond F are what an old server computed with, without looking; only another escape next to it makes them one.
fn percent(high: u8, low: u8, followed: bool) -> Option<u8> {
    if let (Some(high), Some(low)) = (hex(high), hex(low)) {
        return Some(high * 16 + low);
    }
    let value = digit36(high)?.wrapping_mul(16).wrapping_add(digit36(low)?);
    (value >= 0x80 && (followed || value < 0xC0)).then_some(value)
}

const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

fn hex4(digits: [u8; 4]) -> Option<u16> {
    digits.into_iter().try_fold(0, |value, digit| Some(value << 4 | u16::from(hex(digit)?)))
}

const fn digit36(byte: u8) -> Option<u8> {
    match byte.to_ascii_lowercase() {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        letter @ b'a'..=b'z' => Some(letter - b'a' + 10),
        _ => None,
    }
}

const fn separator_or_dot(byte: u8) -> Option<u8> {
    if matches!(byte, b'.' | b'/' | b'\\') { Some(byte) } else { None }
}

/// What code pages made of characters that they lack.
const fn best_fit(character: u16) -> Option<u8> {
    match character {
        0x2024 => Some(b'.'),
        0x2044 | 0x2215 | 0x29F8 | 0xF02F => Some(b'/'),
        0x2216 | 0x29F5 | 0xEFC8 | 0xF025 | 0xF05C => Some(b'\\'),
        0xFF01..=0xFF5E => Some((character - 0xFEE0).to_le_bytes()[0]),
        0..=0xFF => Some(character.to_le_bytes()[0]),
        _ => None,
    }
}

/// Reads UTF-8 that is longer than it may be, as decoders did that only gather bits.
fn fold_overlong(bytes: &[u8], from: &[Origin]) -> (Vec<u8>, Vec<Origin>) {
    let (mut folded, mut origins) =
        (Vec::with_capacity(bytes.len()), Vec::with_capacity(bytes.len()));
    let mut at = 0;
    while at < bytes.len() {
        let found = if from[at].escaped { overlong(&bytes[at..]) } else { None };
        let (byte, taken) = found.unwrap_or((bytes[at], 1));
        folded.push(byte);
        origins.push(from[at]);
        at += taken;
    }
    (folded, origins)
}

fn overlong(rest: &[u8]) -> Option<(u8, usize)> {
    if rest.starts_with(&[0xC1, 0xAF]) {
        // A decoder that drops one bit too many makes a slash of it.
        return Some((b'/', 2));
    }
    let (bits, length) = match *rest.first()? {
        lead @ 0xC0..=0xC1 => (u32::from(lead & 1), 2),
        0xE0 => (0, 3),
        0xF0 => (0, 4),
        0xF8 => (0, 5),
        0xFC => (0, 6),
        _ => return None,
    };
    let value =
        rest.get(1..length)?.iter().fold(bits, |value, byte| value << 6 | u32::from(byte & 0x3F));
    separator_or_dot(u8::try_from(value).ok()?).map(|byte| (byte, length))
}

/// Deeper nesting than any that a server undoes.
const DEEPEST: usize = 4;
