//! Sets of bytes, as one look-up in a table.

/// A set of bytes: the union of the kinds whose bits are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alphabet(u16);

impl Alphabet {
    pub(super) const DIGIT: Self = Self(1);
    pub(super) const UPPER: Self = Self(UPPER_HEX | OTHER_UPPER);
    pub(super) const LOWER: Self = Self(LOWER_HEX | OTHER_LOWER);
    pub(super) const LOWER_HEX: Self = Self(1 | LOWER_HEX);
    pub(super) const HEX: Self = Self(1 | LOWER_HEX | UPPER_HEX);
    pub(super) const ALNUM: Self = Self::DIGIT.or(Self::UPPER).or(Self::LOWER);
    pub(super) const UPPER_ALNUM: Self = Self::DIGIT.or(Self::UPPER);
    pub(super) const LOWER_ALNUM: Self = Self::DIGIT.or(Self::LOWER);
    pub(super) const DASH: Self = Self(1 << 5);
    pub(super) const UNDERSCORE: Self = Self(1 << 6);
    pub(super) const DOT: Self = Self(1 << 7);
    pub(super) const PLUS: Self = Self(1 << 8);
    const SLASH: Self = Self(1 << 14);
    const EQUALS: Self = Self(1 << 9);
    const TILDE: Self = Self(1 << 10);
    pub(super) const PERCENT: Self = Self(1 << 11);
    pub(super) const DOLLAR_COMMA: Self = Self(1 << 12);
    pub(super) const COLON: Self = Self(1 << 13);
    /// Letters, digits and `_`.
    pub(super) const WORD: Self = Self::ALNUM.or(Self::UNDERSCORE);
    /// What Base64 for URLs uses.
    pub(super) const BASE64URL: Self = Self::WORD.or(Self::DASH);
    /// What Base64 uses, with its padding.
    pub(super) const BASE64: Self = Self::ALNUM.or(Self::PLUS).or(Self::SLASH).or(Self::EQUALS);
    /// What either Base64 uses.
    pub(super) const ANY_BASE64: Self = Self::BASE64.or(Self::BASE64URL);
    /// What the client secrets of Microsoft Entra use.
    pub(super) const ENTRA: Self = Self::BASE64URL.or(Self::DOT).or(Self::TILDE);
    /// What names of fields use.
    pub(super) const NAME: Self = Self::BASE64URL.or(Self::DOT);

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[inline]
    pub(super) const fn has(self, byte: u8) -> bool {
        KINDS[byte as usize] & self.0 != 0
    }

    /// Returns how many bytes from `at` on belong to it, at most `most`.
    #[inline]
    pub(super) fn run(self, bytes: &[u8], at: usize, most: usize) -> usize {
        let Some(rest) = bytes.get(at..) else { return 0 };
        rest.iter().take(most).take_while(|byte| self.has(**byte)).count()
    }

    /// Returns how many bytes before `at` belong to it, at most `most`.
    #[inline]
    pub(super) fn run_back(self, bytes: &[u8], at: usize, most: usize) -> usize {
        bytes[..at].iter().rev().take(most).take_while(|byte| self.has(**byte)).count()
    }
}

const LOWER_HEX: u16 = 1 << 1;
const OTHER_LOWER: u16 = 1 << 2;
const UPPER_HEX: u16 = 1 << 3;
const OTHER_UPPER: u16 = 1 << 4;

const KINDS: [u16; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        kinds[byte as usize] = match byte {
            b'0'..=b'9' => Alphabet::DIGIT.0,
            b'a'..=b'f' => LOWER_HEX,
            b'g'..=b'z' => OTHER_LOWER,
            b'A'..=b'F' => UPPER_HEX,
            b'G'..=b'Z' => OTHER_UPPER,
            b'-' => Alphabet::DASH.0,
            b'_' => Alphabet::UNDERSCORE.0,
            b'.' => Alphabet::DOT.0,
            b'+' => Alphabet::PLUS.0,
            b'/' => Alphabet::SLASH.0,
            b'=' => Alphabet::EQUALS.0,
            b'~' => Alphabet::TILDE.0,
            b'$' | b',' => Alphabet::DOLLAR_COMMA.0,
            b':' => Alphabet::COLON.0,
            b'%' => Alphabet::PERCENT.0,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};
