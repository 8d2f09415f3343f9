//! What kinds of characters a text has, found in one pass.

use std::sync::LazyLock;

use super::ladder;
use super::unicode;

/// The kinds of characters that a text has. Most texts, in any language, have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits(u8);

impl Traits {
    /// Some system reads them as others, or leaves them out.
    pub(crate) const FOLDS: Self = Self(1);
    /// They change the writing direction.
    pub(crate) const BIDI: Self = Self(2);
    /// They have no ink: joiners, tags, blanks of many kinds.
    pub(crate) const HIDDEN: Self = Self(4);
    /// Letters for show.
    pub(crate) const STYLED: Self = Self(8);
    /// Accents that stand on what comes before; in a text, several on one letter.
    pub(crate) const MARKS: Self = Self(16);
    /// A Greek or Cyrillic letter beside a Latin one.
    pub(crate) const MIXED: Self = Self(32);

    /// Looks at every character of a text.
    pub(super) fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self::default();
        }
        let pages: &[Self; PAGES] = &BY_PAGE;
        let bytes = text.as_bytes();
        let is_latin = |at: Option<usize>| {
            at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphabetic)
        };
        let is_plain = |at: Option<usize>| {
            at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric)
        };
        let mut all = Self::default();
        let mut mark_end = 0;
        let mut sign_end = None;
        for (at, character) in text.char_indices() {
            if character.is_ascii() {
                continue;
            }
            let end = at + character.len_utf8();
            if ladder::LOOK_ALIKES.contains(&character) {
                if is_latin(at.checked_sub(1)) || is_latin(Some(end)) {
                    all = all.with(Self::MIXED);
                }
                continue;
            }
            let page = pages.get(character as usize >> PAGE_BITS).copied();
            if page == Some(Self::default()) {
                continue;
            }
            if is_wide_sign(character) {
                let is_graphic = |at: Option<usize>| {
                    at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_graphic)
                };
                if sign_end == Some(at) || is_graphic(at.checked_sub(1)) || is_graphic(Some(end)) {
                    all = all.with(Self::FOLDS);
                }
                sign_end = Some(end);
                continue;
            }
            let mut kind = Self::of_character(character);
            if is_joiner(character) && !is_plain(at.checked_sub(1)) && !is_plain(Some(end)) {
                kind = kind.without(Self::FOLDS);
            }
            if kind.has(Self::MARKS) {
                if mark_end == at {
                    all = all.with(kind);
                }
                mark_end = end;
            } else {
                all = all.with(kind);
            }
        }
        all
    }

    /// Tells whether one of the kinds of `other` is there.
    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    fn of_character(character: char) -> Self {
        let mut kind = Self::default();
        if ladder::folds(character) {
            kind = kind.with(Self::FOLDS);
        }
        if ladder::is_mark(character) {
            kind = kind.with(Self::MARKS);
        }
        kind.with(unicode::kind(character))
    }
}

/// Punctuation of Chinese and Japanese. Between their words it is what it seems; beside ASCII, or in a row, it may be
/// read as the plain sign.
const fn is_wide_sign(character: char) -> bool {
    matches!(
        character,
        '\u{3000}' | '\u{3002}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff61}'
    )
}

/// Without width. Between letters of other scripts and within emoji it belongs there; beside ASCII it splits words.
const fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// The kinds of the characters that share all but their last six bits: one step of UTF-8.
const PAGE_BITS: u32 = 6;

const PAGES: usize = 0x1_0000 >> PAGE_BITS;

static BY_PAGE: LazyLock<[Traits; PAGES]> = LazyLock::new(|| {
    let mut pages = [Traits::default(); PAGES];
    for character in '\u{80}'..='\u{ffff}' {
        let page = &mut pages[character as usize >> PAGE_BITS];
        *page = page.with(Traits::of_character(character));
    }
    pages
});
