//! Tags as a browser reads them: after the tokenizer of the HTML standard, as far as tags and attributes go.
//!
//! What stands in comments and in raw text is read as well, since nobody knows within what the text will stand.

use std::ops::Range;

/// A start or end tag, finished or not.
pub(super) struct Tag<'t> {
    text: &'t [u8],
    /// From `<` to where the name ends.
    pub(super) head: Range<usize>,
    pub(super) name: Name,
    /// Something stands between `<` and the name: no browser takes that, some filters' repairs do.
    pub(super) spaced: bool,
}

/// The name of an element in lower case, without what browsers drop.
#[derive(Clone, Copy)]
pub(super) struct Name {
    letters: [u8; LONGEST_NAME],
    length: usize,
}

impl Name {
    /// Returns it without the prefix of its namespace.
    pub(super) fn local(&self) -> &[u8] {
        let name = &self.letters[..self.length];
        name.iter().rposition(|byte| *byte == b':').map_or(name, |colon| &name[colon + 1..])
    }
}

/// An attribute: where its name is, and where its value.
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
    /// There was an equals sign.
    pub(super) has_value: bool,
}

/// Finds the next tag whose `<` is at or after a place.
pub(super) fn next_tag(text: &[u8], from: usize) -> Option<Tag<'_>> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'<', text.get(at..)?)?;
        if let Some(tag) = tag(text, at) {
            return Some(tag);
        }
        at += 1;
    }
}

fn tag(text: &[u8], start: usize) -> Option<Tag<'_>> {
    let mut at = start + 1;
    let (mut closing, mut spaced) = (false, false);
    while let Some(byte) = text.get(at) {
        match byte {
            b'/' if !closing => closing = true,
            _ if at - start > MOST_BLANKS || *byte >= 0x80 => break,
            b'<' | b'>' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => break,
            _ => spaced |= *byte != 0,
        }
        at += 1;
    }
    if !text.get(at)?.is_ascii_alphabetic() {
        return None;
    }
    let mut name = Name { letters: [0; LONGEST_NAME], length: 0 };
    while let Some(byte) = text.get(at) {
        match byte {
            0 => {}
            _ if is_name(*byte) && name.length < LONGEST_NAME => {
                name.letters[name.length] = byte.to_ascii_lowercase();
                name.length += 1;
            }
            _ => break,
        }
        at += 1;
    }
    Some(Tag { text, head: start..at, name, spaced })
}

impl Tag<'_> {
    /// Returns the byte after the name.
    pub(super) fn next_byte(&self) -> Option<u8> {
        self.text.get(self.head.end).copied()
    }

    /// Calls with each attribute, and returns where the tag ends: behind its `>`, or at the end of the text.
    pub(super) fn attributes(&self, mut each: impl FnMut(Attribute)) -> usize {
        let text = self.text;
        let mut at = self.head.end;
        loop {
            at += text[at..].iter().take_while(|byte| **byte <= b' ' || **byte == b'/').count();
            match text.get(at) {
                None => return at,
                Some(b'>') => return at + 1,
                Some(_) => {}
            }
            let name = at..at
                + 1
                + length(&text[at + 1..], |byte| {
                    (1..=b' ').contains(&byte) || matches!(byte, b'/' | b'>' | b'=')
                });
            at = name.end;
            let blanks = length(&text[at..], |byte| byte > b' ');
            if text.get(at + blanks) != Some(&b'=') {
                each(Attribute { name, value: at..at, has_value: false });
                continue;
            }
            at += blanks + 1;
            at += length(&text[at..], |byte| byte > b' ');
            let value = self.value(at);
            at =
                value.end + usize::from(is_quote(text.get(value.end).copied()) && value.start > at);
            each(Attribute { name, value, has_value: true });
        }
    }

    fn value(&self, at: usize) -> Range<usize> {
        match self.text.get(at) {
            Some(quote @ (b'"' | b'\'')) => {
                let rest = &self.text[at + 1..];
                at + 1..at + 1 + memchr::memchr(*quote, rest).unwrap_or(rest.len())
            }
            _ => at..at + length(&self.text[at..], |byte| byte <= b' ' || byte == b'>'),
        }
    }
}

const fn is_quote(byte: Option<u8>) -> bool {
    matches!(byte, Some(b'"' | b'\''))
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':' | b'_')
}

/// Counts the bytes before the first that ends.
fn length(text: &[u8], ends: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| ends(*byte)).unwrap_or(text.len())
}

/// The longest name that matters, with a prefix.
const LONGEST_NAME: usize = 32;

/// More blanks after `<` are prose or arithmetic.
const MOST_BLANKS: usize = 4;
