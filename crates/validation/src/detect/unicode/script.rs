//! Words of two scripts, and words in letters for show.

use std::ops::Range;

use super::rules::{MIXED, RULES, STYLED, TURNED};
use crate::detect::hits::Hits;
use crate::detect::ladder::look_alike;

/// Looks at every word.
pub(super) fn detect(text: &str, hits: &mut Hits<'_>) {
    let mut word = Word::default();
    let mut shown = Shown::default();
    for (at, character) in text.char_indices() {
        shown.add(at, character);
        if character.is_alphabetic() {
            word.add(at, character);
        } else {
            word.end(at, hits);
        }
    }
    word.end(text.len(), hits);
    shown.end(hits);
}

/// The letters of one word, by what they look like.
#[derive(Default)]
struct Word {
    start: Option<usize>,
    latin: usize,
    alike: usize,
    other: usize,
}

impl Word {
    fn add(&mut self, at: usize, character: char) {
        self.start.get_or_insert(at);
        if character.is_ascii() {
            self.latin += 1;
        } else if look_alike(character).is_some() {
            self.alike += 1;
        } else {
            self.other += 1;
        }
    }

    /// A word with letters that only one script has is a word of that script, with an ending or a symbol: `SMSка`.
    fn end(&mut self, at: usize, hits: &mut Hits<'_>) {
        let Some(start) = self.start else { return };
        if self.alike > 0
            && self.latin > 0
            && self.other == 0
            && self.alike + self.latin >= SHORTEST
        {
            hits.hit(&RULES[MIXED], start..at);
        }
        *self = Self::default();
    }
}

/// Letters for show, in the whole text.
#[derive(Default)]
struct Shown {
    letters: usize,
    styled: usize,
    turned: usize,
    range: Range<usize>,
}

impl Shown {
    fn add(&mut self, at: usize, character: char) {
        if character.is_ascii_alphabetic() {
            self.letters += 1;
            return;
        }
        if is_styled(character) {
            self.styled += 1;
        } else if is_turned(character) {
            self.turned += 1;
        } else {
            return;
        }
        if self.styled + self.turned == 1 {
            self.range.start = at;
        }
        self.range.end = at + character.len_utf8();
    }

    fn end(self, hits: &mut Hits<'_>) {
        let all = self.letters + self.styled + self.turned;
        if self.styled >= MANY && self.styled * 2 > all {
            hits.hit(&RULES[STYLED], self.range.clone());
        }
        if self.turned >= MANY && self.turned * 3 > all {
            hits.hit(&RULES[TURNED], self.range);
        }
    }
}

/// Is of one of the kinds that are counted here.
pub(super) const fn is_for_show(character: char) -> bool {
    is_styled(character) || is_turned(character)
}

/// Full-width, mathematical and circled letters.
const fn is_styled(character: char) -> bool {
    matches!(
        character,
        '\u{ff21}'..='\u{ff5a}' | '\u{1_d400}'..='\u{1_d7cb}' | '\u{24b6}'..='\u{24e9}' | '\u{1_f130}'..='\u{1_f189}'
    )
}

const fn is_turned(character: char) -> bool {
    matches!(
        character,
        'ɐ' | 'ǝ' | 'ɟ' | 'ƃ' | 'ɥ' | 'ᴉ' | 'ɾ' | 'ʞ' | 'ɯ' | 'ɹ' | 'ʇ' | 'ʌ' | 'ʍ' | 'ʎ'
    )
}

/// Shorter ones are units and formulas.
const SHORTEST: usize = 4;

/// Fewer are a name with a flourish.
const MANY: usize = 6;
