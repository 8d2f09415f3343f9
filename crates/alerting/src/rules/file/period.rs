//! Durations as Prometheus writes them: `1h30m`.

use std::time::Duration;

/// Reads a duration: units from the longest to the shortest, each once at most.
pub(in crate::rules) fn parse(text: &str) -> Result<Duration, String> {
    match text {
        "" => return Err("a duration is wanted here, such as 1h30m".to_owned()),
        // The one number that needs no unit.
        "0" => return Ok(Duration::ZERO),
        _ => {}
    }
    let wrong = || format!("{text:?} is not a duration such as 1h30m");
    let (mut rest, mut units, mut millis) = (text, UNITS.as_slice(), 0_u128);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (count, after) = rest.split_at(digits);
        let letters = after.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let at = units.iter().position(|(name, _)| *name == unit).ok_or_else(wrong)?;
        if count.is_empty() {
            return Err(wrong());
        }
        let count = count.parse::<u64>().map_err(|_| too_long(text))?;
        millis = millis.saturating_add(u128::from(count) * u128::from(units[at].1));
        (rest, units) = (after, &units[at + 1..]);
    }
    // Go counts nanoseconds in 63 bits.
    if millis > u128::from(i64::MAX.unsigned_abs() / 1_000_000) {
        return Err(too_long(text));
    }
    u64::try_from(millis).map(Duration::from_millis).map_err(|_| too_long(text))
}

/// Writes a duration as Prometheus does.
pub(in crate::rules) fn print(duration: Duration) -> String {
    let mut millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (name, unit) in UNITS {
        // Years and weeks only where nothing is left: 366d is no 1y1d.
        if matches!(name, "y" | "w" | "d") && millis % unit != 0 && name != "d" {
            continue;
        }
        if millis >= unit {
            text += &(millis / unit).to_string();
            text += name;
            millis %= unit;
        }
    }
    text
}

fn too_long(text: &str) -> String {
    format!("{text:?} is longer than a duration can be")
}

const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_prometheus_reads_them() {
        for (text, millis) in [
            ("0", 0),
            ("0s", 0),
            ("1h30m", 5_400_000),
            ("1y2w3d4h5m6s7ms", 33_019_506_007),
            ("90m", 5_400_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "1.5m", "-1m", "1m1h", "1m 1s", "m", "1M", "1m1m", "300y", "\u{665}s"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("99999999999999999999s").is_err());
    }

    #[test]
    fn durations_are_printed_as_prometheus_prints_them() {
        for (seconds, text) in
            [(0, "0s"), (5400, "1h30m"), (604_800, "1w"), (691_200, "8d"), (31_536_000, "1y")]
        {
            assert_eq!(print(Duration::from_secs(seconds)), text);
        }
    }
}
