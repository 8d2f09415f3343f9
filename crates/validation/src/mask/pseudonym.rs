//! What is written in place of what is masked.

use std::fmt;

use zeroize::Zeroize as _;

/// The key of pseudonyms: with it, the same secret gets the same eight digits, so that lines can be told to speak of
/// the same thing. Without it nobody can try secrets out against the digits.
#[derive(Clone)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn new(material: &[u8]) -> Self {
        Self(blake3::derive_key("wardkit-validation mask pseudonym v1", material))
    }

    /// Returns eight hexadecimal digits.
    pub(super) fn pseudonym(&self, value: &[u8]) -> [u8; DIGITS] {
        let hash = blake3::keyed_hash(&self.0, value);
        let mut digits = [0; DIGITS];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(hash.as_bytes()) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        digits
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(***)")
    }
}

/// Tells whether this is what masking leaves behind, with a pseudonym or with the shorter one of texts that are kept for
/// diffs: masking twice changes nothing.
pub(super) fn is_mask(text: &[u8]) -> bool {
    text.strip_prefix(MASK.as_bytes()).is_some_and(|rest| {
        let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        rest.is_empty() || ([DIGITS, DIGITS - 2].contains(&rest.len()) && rest.iter().all(hex))
    })
}

/// What stands for a secret.
pub(super) const MASK: &str = "***";
/// 32 bits: a log of 10 000 different secrets has about a hundredth of a chance that two share theirs.
pub(super) const DIGITS: usize = 8;

const HEX: &[u8; 16] = b"0123456789abcdef";
