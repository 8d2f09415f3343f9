//! Durations as people write them in configuration: `250ms`, `1m 30s`.

use std::time::Duration;

use serde::Deserialize as _;

/// Writes a duration as its text.
pub(crate) fn serialize<S: serde::Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&print(*value))
}

/// Reads a duration from its text.
pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
    parse(&text).ok_or_else(|| {
        let reason = format_args!("not a duration such as 250ms or 1m 30s: {text:?}");
        serde::de::Error::custom(reason)
    })
}

fn print(duration: Duration) -> String {
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
fn parse(text: &str) -> Option<Duration> {
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

const NANOS_PER_SECOND: u128 = 1_000_000_000;

const UNITS: [(&str, u128); 7] = [
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
            ("0s", "0s"),
        ] {
            assert_eq!(parse(text).map(print).as_deref(), Some(printed), "{text}");
        }
        for text in ["", "10", "s", "-1s", "1.5s", "1w", "99999999999999999999s", "1\u{b5}s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
