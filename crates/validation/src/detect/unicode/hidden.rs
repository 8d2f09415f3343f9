//! Characters that nobody sees, and those that cover others.

use super::rules::{BLANK, IN_WORD, RULES, RUN, SPACES, STACKED, TAGS};
use crate::detect::hits::Hits;
use crate::detect::ladder::is_mark;

/// Looks at runs of characters without ink, and of marks.
pub(super) fn detect(text: &str, hits: &mut Hits<'_>) {
    let mut runs = Runs::default();
    let mut spaces = Spaces::default();
    let mut has_ink = false;
    for (at, character) in text.char_indices() {
        if character.is_ascii() {
            has_ink |= character.is_ascii_graphic();
        } else {
            has_ink |= !is_invisible(character) && !is_blank(character);
            spaces.add(at, character);
        }
        runs.add(at, character, hits);
    }
    runs.end(text.len(), '\0', hits);
    if !has_ink && text.chars().any(|c| is_filler(c) || is_invisible(c)) {
        hits.hit(&RULES[BLANK], 0..text.len());
    }
    spaces.end(hits);
}

/// Characters of one kind that follow one another.
#[derive(Default)]
struct Runs {
    marks: Run,
    hidden: Run,
    tags: Run,
    /// The last character with ink.
    previous: char,
}

#[derive(Default)]
struct Run {
    start: usize,
    count: usize,
}

impl Run {
    const fn add(&mut self, at: usize) {
        if self.count == 0 {
            self.start = at;
        }
        self.count += 1;
    }
}

impl Runs {
    fn add(&mut self, at: usize, character: char, hits: &mut Hits<'_>) {
        if !character.is_ascii() {
            if is_mark(character) {
                return self.marks.add(at);
            }
            if is_invisible(character) {
                return self.hidden.add(at);
            }
            if is_tag(character) {
                return self.tags.add(at);
            }
        }
        if self.marks.count + self.hidden.count + self.tags.count > 0 {
            self.end(at, character, hits);
        }
        self.previous = character;
    }

    fn end(&mut self, at: usize, next: char, hits: &mut Hits<'_>) {
        if self.marks.count >= STACK {
            hits.hit(&RULES[STACKED], self.marks.start..at);
        }
        if self.hidden.count >= ROW {
            hits.hit(&RULES[RUN], self.hidden.start..at);
        }
        let is_between = self.previous.is_ascii_alphabetic() && next.is_ascii_alphabetic();
        if self.hidden.count > 0 && is_between {
            hits.hit(&RULES[IN_WORD], self.hidden.start..at);
        }
        // A black flag and tags is the flag of a country within a country.
        if self.tags.count > 0 && self.previous != '\u{1_f3f4}' {
            hits.hit(&RULES[TAGS], self.tags.start..at);
        }
        *self = Self { previous: self.previous, ..Self::default() };
    }
}

/// Unusual blanks, the first of each kind.
#[derive(Default)]
struct Spaces {
    kinds: [char; KINDS],
    count: usize,
    start: usize,
    end: usize,
}

impl Spaces {
    fn add(&mut self, at: usize, character: char) {
        if self.count == KINDS || !is_blank(character) || self.kinds.contains(&character) {
            return;
        }
        if self.count == 0 {
            self.start = at;
        }
        self.kinds[self.count] = character;
        self.count += 1;
        self.end = at + character.len_utf8();
    }

    fn end(&self, hits: &mut Hits<'_>) {
        if self.count == KINDS {
            hits.hit(&RULES[SPACES], self.start..self.end);
        }
    }
}

/// Is of one of the kinds that are looked at here.
pub(super) const fn has_no_ink(character: char) -> bool {
    is_invisible(character) || is_blank(character) || is_tag(character)
}

const fn is_tag(character: char) -> bool {
    matches!(character, '\u{e_0020}'..='\u{e_007f}')
}

/// Neither ink nor width. The soft hyphen is none of these: word processors put it in words.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{34f}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e_0100}'..='\u{e_01ef}'
    )
}

/// Letters without ink.
const fn is_filler(character: char) -> bool {
    matches!(character, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}')
}

const fn is_blank(character: char) -> bool {
    is_filler(character)
        || matches!(
            character,
            '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'
                ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
        )
}

/// Vietnamese stacks two, phonetic notation three.
const STACK: usize = 4;

/// An emoji has two at most side by side.
const ROW: usize = 4;

/// French has two: the no-break space and its narrow sister.
const KINDS: usize = 3;
