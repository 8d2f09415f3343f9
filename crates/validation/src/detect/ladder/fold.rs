//! Characters that some system takes for plain ones, and those that nobody sees.

use std::ops::RangeInclusive;

use super::reading::Draft;
use crate::detect::traits::Traits;

/// Writes compatibility characters as the ASCII that normalisation, best-fit mapping or a reader makes of them, and
/// leaves out what is invisible.
pub(super) fn decode(source: &str, draft: &mut Draft<'_>) {
    let traits = Traits::of(source);
    if !changes(traits) {
        return;
    }
    let mut mark_end = 0;
    let mut previous = ' ';
    let mut word = Word::default();
    for (at, character) in source.char_indices() {
        let range = at..at + character.len_utf8();
        match fold(character) {
            Fold::Char(plain) => draft.replace_char(range, plain),
            Fold::Text(plain) => draft.replace(range, plain),
            Fold::Mark => {
                let is_second = mark_end == at;
                mark_end = range.end;
                if is_second {
                    draft.replace(range, "");
                }
            }
            Fold::LooksLike(plain) => {
                if traits.has(Traits::MIXED) && word.is_mixed(source, at) {
                    draft.replace_char(range, plain);
                }
            }
            // A full stop of Chinese and Japanese divides a host name, and prose too.
            Fold::Dot if previous.is_ascii_alphanumeric() => draft.replace_char(range, '.'),
            Fold::Keep | Fold::Dot => {}
        }
        previous = character;
    }
}

/// Tells whether folding may change a text of such characters.
pub(super) const fn changes(traits: Traits) -> bool {
    traits.has(Traits::FOLDS.with(Traits::MARKS).with(Traits::MIXED))
}

/// Tells whether the character is ever read as another.
pub(in crate::detect) fn folds(character: char) -> bool {
    matches!(fold(character), Fold::Char(_) | Fold::Text(_) | Fold::Dot)
}

/// What a character is read as.
enum Fold {
    Keep,
    Char(char),
    Text(&'static str),
    /// In a word that has Latin letters too.
    LooksLike(char),
    /// Behind a plain letter or digit.
    Dot,
    /// Left out where it stands on another.
    Mark,
}

/// The word that was looked at last.
#[derive(Default)]
struct Word {
    end: usize,
    is_mixed: bool,
}

impl Word {
    /// Tells whether the word around a place has letters of ASCII and others.
    fn is_mixed(&mut self, text: &str, at: usize) -> bool {
        if at >= self.end {
            let is_letter = |c: &char| c.is_alphabetic();
            let before = text[..at].chars().rev().take(LONGEST_WORD).take_while(is_letter);
            let behind = || text[at..].chars().take(LONGEST_WORD).take_while(is_letter);
            self.is_mixed = before.chain(behind()).any(|c| c.is_ascii());
            self.end = at + behind().map(char::len_utf8).sum::<usize>();
        }
        self.is_mixed
    }
}

/// Enough for any word that means something.
const LONGEST_WORD: usize = 40;

pub(in crate::detect) const fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

fn fold(character: char) -> Fold {
    match u32::from(character) {
        0..=0x7f => Fold::Keep,
        0x80..=0x2ff => latin(character),
        0x300..=0x34e | 0x350..=0x36f => Fold::Mark,
        0x370..=0x52f => look_alike(character).map_or(Fold::Keep, Fold::LooksLike),
        0x2000..=0x206f => punctuation(character),
        0x2070..=0x208e => script(character),
        0x2100..=0x214f => letter_like(character),
        0x2460..=0x24ea => enclosed(character),
        0xfb00..=0xfb06 => ligature(character),
        0xff01..=0xff5e => shifted(character, 0xff01, '!'),
        0x1_d400..=0x1_d7ff => mathematical(character),
        0x1_f130..=0x1_f149 => shifted(character, 0x1_f130, 'A'),
        0x1_f150..=0x1_f169 => shifted(character, 0x1_f150, 'A'),
        0x1_f170..=0x1_f189 => shifted(character, 0x1_f170, 'A'),
        // Tags are ASCII that no font shows and every language model reads.
        0xe_0020..=0xe_007e => shifted(character, 0xe_0020, ' '),
        0xe_0000..=0xe_0fff => Fold::Text(""),
        _ if is_mark(character) => Fold::Mark,
        _ => rest(character),
    }
}

fn shifted(character: char, first: u32, plain: char) -> Fold {
    let code = u32::from(character) - first + u32::from(plain);
    char::from_u32(code).map_or(Fold::Keep, Fold::Char)
}

fn latin(character: char) -> Fold {
    match character {
        '\u{ad}' => Fold::Text(""),
        '\u{a0}' => Fold::Char(' '),
        '¹' => Fold::Char('1'),
        '²' => Fold::Char('2'),
        '³' => Fold::Char('3'),
        'ſ' => Fold::Char('s'),
        'ʹ' | 'ʼ' => Fold::Char('\''),
        'ʺ' => Fold::Char('"'),
        _ => Fold::Keep,
    }
}

fn punctuation(character: char) -> Fold {
    match character {
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => {
            Fold::Text("")
        }
        '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => Fold::Char(' '),
        '\u{2024}' => Fold::Char('.'),
        '\u{2025}' => Fold::Text(".."),
        '\u{2044}' => Fold::Char('/'),
        '\u{2032}' => Fold::Char('\''),
        '\u{2033}' => Fold::Char('"'),
        _ => Fold::Keep,
    }
}

fn script(character: char) -> Fold {
    match character {
        '\u{2070}' => Fold::Char('0'),
        '\u{2071}' => Fold::Char('i'),
        '\u{2074}'..='\u{2079}' => shifted(character, 0x2074, '4'),
        '\u{2080}'..='\u{2089}' => shifted(character, 0x2080, '0'),
        _ => Fold::Keep,
    }
}

fn letter_like(character: char) -> Fold {
    Fold::Char(match character {
        'ℂ' | 'ℭ' => 'C',
        'ⅅ' => 'D',
        'ⅆ' => 'd',
        'ℯ' | 'ⅇ' => 'e',
        'ℰ' => 'E',
        'ℱ' => 'F',
        'ℊ' => 'g',
        'ℋ' | 'ℌ' | 'ℍ' => 'H',
        'ℎ' => 'h',
        'ℐ' | 'ℑ' => 'I',
        'ⅈ' | 'ℹ' => 'i',
        'ⅉ' => 'j',
        '\u{212a}' => 'K',
        'ℒ' => 'L',
        'ℓ' => 'l',
        'ℳ' => 'M',
        'ℕ' => 'N',
        'ℴ' => 'o',
        'ℙ' => 'P',
        'ℚ' => 'Q',
        'ℛ' | 'ℜ' | 'ℝ' => 'R',
        'ℤ' | 'ℨ' => 'Z',
        'ℬ' => 'B',
        _ => return Fold::Keep,
    })
}

fn enclosed(character: char) -> Fold {
    match u32::from(character) {
        0x2460..=0x2468 => shifted(character, 0x2460, '1'),
        0x2469..=0x2472 => shifted_teens(character, 0x2469),
        0x24b6..=0x24cf => shifted(character, 0x24b6, 'A'),
        0x24d0..=0x24e9 => shifted(character, 0x24d0, 'a'),
        0x24ea => Fold::Char('0'),
        _ => Fold::Keep,
    }
}

fn shifted_teens(character: char, first: u32) -> Fold {
    const TEENS: [&str; 10] = ["10", "11", "12", "13", "14", "15", "16", "17", "18", "19"];
    let index = usize::try_from(u32::from(character) - first).unwrap_or_default();
    TEENS.get(index).map_or(Fold::Keep, |text| Fold::Text(text))
}

fn ligature(character: char) -> Fold {
    Fold::Text(match character {
        'ﬀ' => "ff",
        'ﬁ' => "fi",
        'ﬂ' => "fl",
        'ﬃ' => "ffi",
        'ﬄ' => "ffl",
        _ => "st",
    })
}

/// Thirteen alphabets of 52 letters, Greek, and five rows of digits.
fn mathematical(character: char) -> Fold {
    let code = u32::from(character) - 0x1_d400;
    match code {
        0..=0x2a3 => {
            let letter = code % 52;
            let first = if letter < 26 { 'A' } else { 'a' };
            char::from_u32(u32::from(first) + letter % 26).map_or(Fold::Keep, Fold::Char)
        }
        0x3ce..=0x3ff => {
            char::from_u32(u32::from('0') + (code - 0x3ce) % 10).map_or(Fold::Keep, Fold::Char)
        }
        _ => Fold::Keep,
    }
}

fn rest(character: char) -> Fold {
    match character {
        '\u{34f}' | '\u{180e}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => Fold::Text(""),
        '\u{3000}' => Fold::Char(' '),
        '\u{3002}' | '\u{ff61}' => Fold::Dot,
        '\u{2215}' => Fold::Char('/'),
        '\u{29f5}' | '\u{2216}' | '\u{fe68}' => Fold::Char('\\'),
        '\u{fe52}' => Fold::Char('.'),
        '\u{fe54}' => Fold::Char(';'),
        '\u{fe55}' => Fold::Char(':'),
        '\u{fe59}' => Fold::Char('('),
        '\u{fe5a}' => Fold::Char(')'),
        '\u{fe5b}' => Fold::Char('{'),
        '\u{fe5c}' => Fold::Char('}'),
        '\u{fe5f}' => Fold::Char('#'),
        '\u{fe60}' => Fold::Char('&'),
        '\u{fe62}' => Fold::Char('+'),
        '\u{fe63}' => Fold::Char('-'),
        '\u{fe64}' => Fold::Char('<'),
        '\u{fe65}' => Fold::Char('>'),
        '\u{fe66}' => Fold::Char('='),
        '\u{fe69}' => Fold::Char('$'),
        '\u{fe6a}' => Fold::Char('%'),
        '\u{fe6b}' => Fold::Char('@'),
        _ => Fold::Keep,
    }
}

/// Where letters that look like ones of ASCII are.
pub(in crate::detect) const LOOK_ALIKES: RangeInclusive<char> = '\u{370}'..='\u{52f}';

/// Letters of other alphabets that look like ones of ASCII.
pub(in crate::detect) const fn look_alike(character: char) -> Option<char> {
    Some(match character {
        'а' | 'α' => 'a',
        'ԁ' => 'd',
        'е' => 'e',
        'һ' => 'h',
        'і' | 'ι' | 'ї' => 'i',
        'ј' => 'j',
        'ӏ' => 'l',
        'о' | 'ο' | 'σ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' => 's',
        'с' => 'c',
        'ν' => 'v',
        'ѡ' | 'ω' | 'ԝ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'С' => 'C',
        'Е' | 'Ε' => 'E',
        'Н' | 'Η' => 'H',
        'І' | 'Ι' | 'Ӏ' => 'I',
        'Ј' => 'J',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'О' | 'Ο' => 'O',
        'Р' | 'Ρ' => 'P',
        'Ѕ' => 'S',
        'Т' | 'Τ' => 'T',
        'Х' | 'Χ' => 'X',
        'У' | 'Υ' => 'Y',
        'Ζ' => 'Z',
        _ => return None,
    })
}
