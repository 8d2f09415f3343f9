//! Names of what is loaded, in Base64 at any alignment.

use super::literals;
use super::rules::ENCODED;
use crate::detect::hits::Hits;

/// Looks into every run of letters that Base64 has.
pub(super) fn scan(text: &str, hits: &mut Hits<'_>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(step) =
        bytes.get(at..).and_then(|rest| rest.iter().position(|byte| value(*byte).is_some()))
    {
        let start = at + step;
        let len = bytes[start..].iter().take_while(|byte| value(**byte).is_some()).count();
        at = start + len;
        if len < SHORTEST {
            continue;
        }
        if !hits.spend(len.saturating_mul(8)) {
            return;
        }
        let run = &bytes[start..at];
        // The name may begin anywhere in what was encoded, and the run anywhere in a longer one.
        if (0..4).any(|missing| literals::names_gadget(&decode(missing, run))) {
            hits.hit(&ENCODED, start..at);
        }
    }
}

/// Decodes four letters to three bytes, as if so many letters were missing before the first.
fn decode(missing: usize, letters: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(letters.len() / 4 * 3 + 5);
    let (mut bits, mut count) = (0u32, missing);
    for six in letters.iter().filter_map(|byte| value(*byte)) {
        bits = bits << 6 | u32::from(six);
        count += 1;
        if count == 4 {
            out.extend_from_slice(&bits.to_be_bytes()[1..]);
            (bits, count) = (0, 0);
        }
    }
    let rest = bits << (6 * (4 - count));
    out.extend_from_slice(&rest.to_be_bytes()[1..count.max(1)]);
    out
}

const fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Six bytes: no name that is looked for is shorter.
const SHORTEST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_with_what_is_left_over() {
        assert_eq!(decode(0, b"cnVudGltZQ"), b"runtime");
        assert_eq!(decode(0, b"cnVudGltZVNv"), b"runtimeSo");
        assert_eq!(decode(1, b"HJ1bnRpbWU"), b"\0runtime");
        assert_eq!(decode(2, b"BydW50aW1l"), b"\0\0runtime");
        assert_eq!(decode(0, b"c"), b"");
        assert_eq!(decode(3, b""), b"\0\0");
    }
}
