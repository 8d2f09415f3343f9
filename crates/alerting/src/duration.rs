//! Durations as people write them in configuration: `250ms`, `1m 30s`.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize as _, Deserializer, Serializer};

/// Writes a duration as its text.
pub(crate) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&print(*value))
}

/// Reads a duration from its text.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = Cow::<'de, str>::deserialize(from)?;
    parse(&text).ok_or_else(|| {
        let reason = format_args!("not a duration such as 250ms or 1m 30s: {text:?}");
        serde::de::Error::custom(reason)
    })
}

/// Returns the text of a duration.
pub(crate) fn print(duration: Duration) -> String {
    let mut rest = duration.as_nanos();
    let mut words = Vec::new();
    for (name, nanos) in UNITS {
        if rest >= nanos {
            words.push(format!("{}{name}", rest / nanos));
            rest %= nanos;
        }
    }
    if words.is_empty() { "0s".to_owned() } else { words.join(" ") }
}

/// Whole numbers with units; no number without a unit, no fraction, no sign, nothing empty.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut nanos = 0_u128;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (count, after) = rest.split_at(digits);
        let after = after.trim_start();
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
        nanos = nanos.checked_add(u128::from(count.parse::<u64>().ok()?).checked_mul(*unit)?)?;
        rest = after.trim_start();
    }
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).ok()?;
    let below = u32::try_from(nanos % NANOS_PER_SECOND).ok()?;
    Some(Duration::new(seconds, below))
}

/// Reads a duration as Prometheus writes them: `1h30m`, each unit once and in order, without blanks; `0` alone.
pub(crate) fn prometheus(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut millis, mut units) = (text, 0_u64, PROMETHEUS_UNITS.iter());
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit())?;
        let (count, behind) = rest.split_at(digits);
        let letters = behind.find(|char: char| !char.is_ascii_alphabetic());
        let (name, behind) = behind.split_at(letters.unwrap_or(behind.len()));
        let (_, unit) = units.find(|(unit, _)| *unit == name)?;
        millis = millis.checked_add(count.parse::<u64>().ok()?.checked_mul(*unit)?)?;
        rest = behind;
    }
    // As there, where it is counted in nanoseconds.
    let fits = !text.is_empty() && millis <= u64::MAX / 2 / 1_000_000;
    fits.then(|| Duration::from_millis(millis))
}

/// In milliseconds.
const PROMETHEUS_UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

const NANOS_PER_SECOND: u128 = 1_000_000_000;

const UNITS: [(&str, u128); 8] = [
    ("w", 7 * 86_400 * NANOS_PER_SECOND),
    ("d", 86_400 * NANOS_PER_SECOND),
    ("h", 3600 * NANOS_PER_SECOND),
    ("m", 60 * NANOS_PER_SECOND),
    ("s", NANOS_PER_SECOND),
    ("ms", 1_000_000),
    ("us", 1000),
    ("ns", 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_and_printed() {
        for (text, printed) in [
            ("10s", "10s"),
            ("1m30s", "1m 30s"),
            ("90 s", "1m 30s"),
            ("1d 2h 3ms", "1d 2h 3ms"),
            ("8d", "1w 1d"),
            ("0s", "0s"),
        ] {
            assert_eq!(parse(text).map(print).as_deref(), Some(printed), "{text}");
        }
        for text in ["", "10", "s", "-1s", "1.5s", "1y", "99999999999999999999s", "1\u{b5}s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
