//! Durations as people write them in configuration: `250ms`, `1m 30s`.
//!
//! With the feature `serde` the module serves a program's own keys as well, so that all of its configuration reads
//! alike: `#[serde(with = "wardkit_retry::duration")]`.

use std::time::Duration;

/// Prints a duration so that [`parse`] gives the same one back: `0s`, `250ms`, `1m 30s`, `1d 2h`.
#[must_use]
pub fn print(duration: Duration) -> String {
    let mut text = String::new();
    let mut rest = duration.as_nanos();
    for (name, nanos) in UNITS {
        let count = rest / nanos;
        if count > 0 {
            rest %= nanos;
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&count.to_string());
            text.push_str(name);
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Reads whole numbers with units, largest first or not, with or without spaces: `1m30s`, `1 m 30 s`.
///
/// Returns `None` for anything else: no number without a unit, no fraction, no sign, nothing empty.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut nanos = 0_u128;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (digits, after) = split_while(rest, |c| c.is_ascii_digit());
        let (unit, after) = split_while(after.trim_start(), char::is_alphabetic);
        let count: u64 = digits.parse().ok()?;
        nanos = nanos.checked_add(u128::from(count).checked_mul(unit_nanos(unit)?)?)?;
        rest = after.trim_start();
    }
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).ok()?;
    let below = u32::try_from(nanos % NANOS_PER_SECOND).ok()?;
    Some(Duration::new(seconds, below))
}

/// Writes a duration as its text.
///
/// # Errors
///
/// Returns the serialiser's error.
#[cfg(feature = "serde")]
pub fn serialize<S: serde::Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&print(*value))
}

/// Reads a duration from its text.
///
/// # Errors
///
/// Returns the deserialiser's error, also for a text that is no duration.
#[cfg(feature = "serde")]
pub fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?;
    read(&text)
}

/// Reads a duration from a text of a configuration.
#[cfg(feature = "serde")]
pub(crate) fn read<E: serde::de::Error>(text: &str) -> Result<Duration, E> {
    let wrong = || E::custom(format_args!("not a duration such as 250ms or 1m 30s: {text:?}"));
    parse(text).ok_or_else(wrong)
}

fn split_while(text: &str, accept: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !accept(c)).unwrap_or(text.len()))
}

fn unit_nanos(unit: &str) -> Option<u128> {
    // The micro sign and the Greek letter look alike; both are typed.
    let unit = if matches!(unit, "µs" | "μs") { "us" } else { unit };
    UNITS.iter().find(|(name, _)| *name == unit).map(|&(_, nanos)| nanos)
}

const NANOS_PER_SECOND: u128 = 1_000_000_000;
const UNITS: [(&str, u128); 7] = [
    ("d", 86_400 * NANOS_PER_SECOND),
    ("h", 3_600 * NANOS_PER_SECOND),
    ("m", 60 * NANOS_PER_SECOND),
    ("s", NANOS_PER_SECOND),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_written() {
        let rows = [
            ("0s", Some(Duration::ZERO)),
            ("250ms", Some(Duration::from_millis(250))),
            ("1m 30s", Some(Duration::from_secs(90))),
            ("1m30s", Some(Duration::from_secs(90))),
            (" 2 h ", Some(Duration::from_hours(2))),
            ("1d", Some(Duration::from_hours(24))),
            ("5µs", Some(Duration::from_micros(5))),
            ("", None),
            ("5", None),
            ("1.5s", None),
            ("-1s", None),
            ("s", None),
            ("1s 2", None),
            ("1week", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
        ];
        for (text, expected) in rows {
            assert_eq!(parse(text), expected, "{text:?}");
        }
    }

    #[test]
    fn longest_duration_round_trips() {
        for duration in [Duration::MAX, Duration::new(90_061, 1_002_003), Duration::from_nanos(1)] {
            assert_eq!(parse(&print(duration)), Some(duration));
        }
        assert_eq!(print(Duration::new(90_061, 1_002_003)), "1d 1h 1m 1s 1ms 2us 3ns");
    }
}
