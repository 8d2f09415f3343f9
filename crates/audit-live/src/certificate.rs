//! When a certificate ends: the one thing of it that TLS does not tell.

use wardkit_core::Timestamp;

/// Returns the end of a certificate's life (RFC 5280, section 4.1).
pub(crate) fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (SEQUENCE, certificate, _) = item(der)? else { return None };
    let (SEQUENCE, mut rest, _) = item(certificate)? else { return None };
    // An explicit version stands before the serial number, or nothing.
    if item(rest)?.0 == VERSION {
        rest = item(rest)?.2;
    }
    // The serial number, the algorithm, who signed.
    for _ in 0..3 {
        rest = item(rest)?.2;
    }
    let (SEQUENCE, validity, _) = item(rest)? else { return None };
    let (kind, text, _) = item(item(validity)?.2)?;
    let text = std::str::from_utf8(text).ok()?;
    let full = match kind {
        // Two digits of a year mean 1950 to 2049.
        UTC_TIME if text.get(..2)?.parse::<u8>().ok()? >= 50 => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| full.get(from..to);
    let day = format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?);
    format!("{day}T{}:{}:{}Z", part(8, 10)?, part(10, 12)?, part(12, 14)?).parse().ok()
}

/// Returns the first item: its tag, its content, and what comes after it.
fn item(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        length = rest.get(..count)?.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
        rest = rest.get(count..)?;
    }
    Some((tag, rest.get(..length)?, rest.get(length..)?))
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).unwrap();
        let mut out = vec![tag];
        out.extend(if length < 128 { vec![length] } else { vec![0x81, length] });
        out.extend(content);
        out
    }

    fn certificate(kind: u8, end: &str) -> Vec<u8> {
        let validity =
            [wrapped(UTC_TIME, b"200101000000Z"), wrapped(kind, end.as_bytes())].concat();
        let parts = [
            wrapped(VERSION, &[2, 1, 2]),
            wrapped(2, &[1]),
            wrapped(SEQUENCE, &[0; 90]),
            wrapped(SEQUENCE, &[]),
            wrapped(SEQUENCE, &validity),
        ];
        wrapped(SEQUENCE, &wrapped(SEQUENCE, &parts.concat()))
    }

    #[test]
    fn the_end_is_read_in_both_forms() {
        let check = |kind, end: &str, expected: Option<&str>| {
            let found = not_after(&certificate(kind, end)).map(|at| at.to_string());
            assert_eq!(found.as_deref(), expected, "{end}");
        };
        check(UTC_TIME, "270131235959Z", Some("2027-01-31T23:59:59Z"));
        check(UTC_TIME, "990131235959Z", Some("1999-01-31T23:59:59Z"));
        check(GENERALIZED_TIME, "21200101000000Z", Some("2120-01-01T00:00:00Z"));
        check(GENERALIZED_TIME, "2120", None);
        check(GENERALIZED_TIME, "ab\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", None);
        check(4, "270131235959Z", None);
    }

    #[test]
    fn what_is_cut_off_or_lies_about_its_length_has_no_end() {
        let whole = certificate(UTC_TIME, "270131235959Z");
        for length in 0..whole.len() {
            assert_eq!(not_after(&whole[..length]), None);
        }
        for bytes in [&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..], &[0x30, 0x80], &[0x30, 0x85, 1]] {
            assert_eq!(not_after(bytes), None);
        }
    }
}
