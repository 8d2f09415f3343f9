//! Words of a text with what they mean, without allocating.

use std::ops::Range;

use super::lexicon::{self, CAPS, DECLINE, DROP, LABEL, LINK, Meaning, ORDER, OVERRIDE, STOP};

/// Longer words mean nothing to the lexicon.
const WORD: usize = 24;

/// A word that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) meaning: Meaning,
    /// Its number among all words; the end of a sentence counts as two.
    pub(super) place: u32,
    pub(super) span: Range<usize>,
}

/// The words of a text that mean something.
pub(super) struct Words<'t> {
    text: &'t str,
    at: usize,
    place: u32,
    shouted: bool,
    /// The next word is where a command begins.
    commands: bool,
}

impl<'t> Words<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        // In a text that is all capitals, capitals say nothing.
        let (mut upper, mut lower) = (0_usize, 0_usize);
        for byte in text.bytes().take(2048) {
            upper += usize::from(byte.is_ascii_uppercase());
            lower += usize::from(byte.is_ascii_lowercase());
        }
        Self { text, at: 0, place: 0, shouted: upper > lower, commands: true }
    }

    /// Skips to the next word, minding the ends of sentences.
    fn skip(&mut self) -> Option<(usize, char)> {
        let mut before = ' ';
        for (offset, c) in self.text[self.at..].char_indices() {
            if is_alphanumeric(c) {
                self.at += offset;
                return Some((self.at, before));
            }
            if matches!(c, '.' | '!' | '?' | '\n' | ';') {
                self.place = self.place.saturating_add(2);
            }
            self.commands |= is_break(c);
            if !c.is_whitespace() {
                before = c;
            }
        }
        self.at = self.text.len();
        None
    }
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        loop {
            let (start, before) = self.skip()?;
            let mut word = Buffer::default();
            let (mut end, mut capitals, mut letters) = (start, 0_u32, 0_u32);
            let mut first_part = None;
            for (offset, c) in self.text[start..].char_indices() {
                if is_alphanumeric(c) {
                    word.push(c);
                    letters += 1;
                    capitals += u32::from(!is_small(c) && c.is_uppercase());
                    end = start + offset + c.len_utf8();
                } else if c == '-' && word.full {
                    break;
                } else if c == '-' {
                    first_part.get_or_insert((end, word.len));
                } else if !matches!(c, '\'' | '’' | '-' | '\u{ad}' | '\u{200b}'..='\u{200d}') {
                    break;
                }
            }
            self.at = end;
            self.place = self.place.saturating_add(1);
            let mut meaning = word.text().map_or(0, lexicon::meaning);
            // `role-play` is a word, and `ignore-all-rules` three.
            if let (0, Some((part, length))) = (meaning, first_part) {
                (word.len, word.full) = (length, false);
                (end, self.at) = (part, part);
                meaning = word.text().map_or(0, lexicon::meaning);
            }
            if !self.shouted && capitals >= 2 && capitals * 2 > letters && letters <= 16 {
                meaning |= CAPS;
            }
            // Round brackets are everywhere; only a shouted word in them is a label.
            if matches!(before, '[' | '🔓' | '🔒') || (before == '(' && meaning & CAPS != 0) {
                meaning |= label(&self.text[end..], capitals);
            }
            if meaning & DECLINE != 0 && !ends(&self.text[end..]) {
                meaning &= !DECLINE;
            }
            if self.commands
                && (meaning & (DROP | OVERRIDE | STOP) != 0
                    || word.text().is_some_and(|word| FORBIDS.contains(&word)))
            {
                meaning |= ORDER;
            }
            self.commands =
                word.len <= LEAD && word.text().is_some_and(|word| LEADS.contains(&word));
            if meaning & LINK == 0 && matches!(word.text(), Some("http" | "https" | "www")) {
                meaning |= LINK;
            }
            if meaning != 0 {
                return Some(Word { meaning, place: self.place, span: start..end });
            }
        }
    }
}

/// What a command may follow: "please", "you must", "and".
const LEADS: &[&str] =
    &["please", "just", "now", "do", "you", "must", "will", "and", "then", "so", "simply"];

/// The bytes of the longest of them.
const LEAD: usize = 6;

/// With what a command forbids. "No" denies things, and is no command.
const FORBIDS: &[&str] = &["not", "never", "dont", "cannot", "не"];

/// Tells whether a command may begin behind the character.
const fn is_break(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '\n' | ';' | ':' | ',' | '"' | '«' | '“')
}

/// Returns whether the sentence is over.
fn ends(rest: &str) -> bool {
    rest.chars().find(|c| *c != ' ').is_none_or(|c| matches!(c, '.' | '!' | '\n' | ';' | '"' | '”'))
}

/// Returns whether the bracket closes soon: `[GPT]`, `(🔓JAILBREAK)`, `[Normal Answer]`.
fn label(rest: &str, capitals: u32) -> Meaning {
    let closed = rest.chars().take(20).find(|c| !c.is_alphanumeric() && *c != ' ');
    if capitals > 0 && matches!(closed, Some(']' | ')' | '🔓' | '🔒' | '\\')) {
        LABEL
    } else {
        0
    }
}

/// Tells what `char::is_alphanumeric` does, which searches tables for what is beyond ASCII.
fn is_alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric() || is_small(c) || (!c.is_ascii() && c.is_alphanumeric())
}

/// Tells whether the letter is a small one of Cyrillic, or an ideograph: in lower case it is itself.
const fn is_small(c: char) -> bool {
    matches!(c, 'а'..='џ' | '一'..='鿿')
}

/// A word in lower case.
#[derive(Default)]
struct Buffer {
    bytes: [u8; WORD],
    len: usize,
    full: bool,
}

impl Buffer {
    fn push(&mut self, c: char) {
        if self.full {
            return;
        }
        if c.is_ascii() && self.len < WORD {
            self.bytes[self.len] = c.to_ascii_lowercase() as u8;
            self.len += 1;
            return;
        }
        if is_small(c) {
            self.push_lower(c);
        } else {
            c.to_lowercase().for_each(|lower| self.push_lower(lower));
        }
    }

    fn push_lower(&mut self, lower: char) {
        let len = lower.len_utf8();
        if self.full || self.len + len > WORD {
            self.full = true;
            return;
        }
        lower.encode_utf8(&mut self.bytes[self.len..]);
        self.len += len;
    }

    fn text(&self) -> Option<&str> {
        if self.full { None } else { std::str::from_utf8(&self.bytes[..self.len]).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_small_is_what_unicode_says() {
        for c in '\u{80}'..='\u{ffff}' {
            assert_eq!(is_alphanumeric(c), c.is_alphanumeric(), "{c:?}");
            if is_small(c) {
                assert!(!c.is_uppercase() && c.to_lowercase().eq([c]), "{c:?}");
            }
        }
    }
}
