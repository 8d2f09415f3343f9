//! Spans of time as people write them: `90s`, `1h30m`, `2d`.

use std::fmt::Write as _;
use std::time::Duration;

/// The units, the largest first, with their length in milliseconds.
const UNITS: [(&str, u64); 6] = [
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Reads numbers with units. The units go from large to small, each once; a number without a unit is refused, since
/// nobody knows what it means.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut millis = 0_u64;
    let mut largest = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, factor) = UNITS
            .iter()
            .enumerate()
            .find(|(_, (name, _))| *name == &rest[..letters])
            .map(|(at, (_, ms))| (at, ms))?;
        if unit < largest {
            return None;
        }
        largest = unit + 1;
        millis = millis.checked_add(number.checked_mul(*factor)?)?;
        rest = &rest[letters..];
    }
    (!text.is_empty()).then(|| Duration::from_millis(millis))
}

/// Writes a span as [`parse`] reads it.
pub(crate) fn write(duration: Duration) -> String {
    let mut millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (name, factor) in UNITS {
        if millis >= factor {
            let _ = write!(text, "{}{name}", millis / factor);
            millis %= factor;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        for (text, millis) in [
            ("90s", Some(90_000)),
            ("1h30m", Some(5_400_000)),
            ("2d", Some(172_800_000)),
            ("1w2d3h4m5s6ms", Some(788_645_006)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("-5m", None),
            ("5 m", None),
            ("30m1h", None),
            ("1m1m", None),
            ("1.5h", None),
            ("m", None),
            ("5é", None),
            ("99999999999999999999s", None),
            ("18446744073709551615w", None),
        ] {
            assert_eq!(parse(text), millis.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for millis in [0, 1, 999, 1000, 61_001, 86_400_000, 788_645_006] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse(&write(duration)), Some(duration));
        }
    }
}
