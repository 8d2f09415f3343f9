//! What the text formats share: base64, decimals and lines with one spelling each.

use base64ct::{Base64, Encoding as _};

/// The largest number of entries: what the reference implementation can count.
pub(crate) const MAX_SIZE: u64 = i64::MAX.unsigned_abs();

pub(crate) fn to_base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
}

/// Reads a size or an index: decimal, without sign or leading zeroes.
pub(crate) fn from_decimal(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let has_leading_zero = text.len() > 1 && text.starts_with('0');
    if !is_plain || has_leading_zero {
        return None;
    }
    text.parse().ok().filter(|&number| number <= MAX_SIZE)
}

/// Tells whether a text holds a control character that no note may hold. Newlines count.
pub(crate) fn has_control(text: &str) -> bool {
    text.bytes().any(|byte| byte < b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_has_one_spelling() {
        assert_eq!(from_decimal("0"), Some(0));
        assert_eq!(from_decimal("10"), Some(10));
        assert_eq!(from_decimal("9223372036854775807"), Some(MAX_SIZE));
        for text in
            ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "9223372036854775808", "1e1", "٣"]
        {
            assert_eq!(from_decimal(text), None, "{text:?}");
        }
    }

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(from_base64("AA=="), Some(vec![0]));
        assert_eq!(from_base64(""), Some(vec![]));
        for text in ["AA", "AA=", "AB==", "AA==AA==", "AA== ", "A A=", "AA==\n", "-_==", "===="] {
            assert_eq!(from_base64(text), None, "{text:?}");
        }
    }
}
