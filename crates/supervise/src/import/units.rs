//! Times and sizes as other supervisors write them.

use std::time::Duration;

use crate::Amount;

/// A time of systemd or of compose: `90`, `1min 30s`, `1m30s`, `500ms`. `None` for `infinity` and what is no time.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut sum = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let seconds = match &rest[..letters] {
            "" | "s" | "sec" | "second" | "seconds" => 1.0,
            "us" | "usec" => 1e-6,
            "ms" | "msec" => 1e-3,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hr" | "hour" | "hours" => 3600.0,
            "d" | "day" | "days" => 86_400.0,
            "w" | "week" | "weeks" => 604_800.0,
            _ => return None,
        };
        sum += number * seconds;
        rest = rest[letters..].trim_start();
    }
    Duration::try_from_secs_f64(sum).ok()
}

/// A size of systemd, compose or pm2: `512M`, `1g`, `300MB`, all of them powers of 1024.
pub(super) fn size(text: &str) -> Option<Amount> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let unit = text[digits..].trim().trim_end_matches("ib").trim_end_matches('b');
    let scale = match unit {
        "" => 1.0,
        "k" => 1024.0,
        "m" => 1024.0 * 1024.0,
        "g" => 1024.0 * 1024.0 * 1024.0,
        "t" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let value = number * scale;
    value.is_finite().then(|| Amount::new(value))
}

/// A signal by its name, with or without `SIG`.
pub(super) fn signal(text: &str) -> String {
    let name = text.trim().to_ascii_uppercase();
    name.strip_prefix("SIG").map_or(name.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_read() {
        for (text, seconds) in
            [("90", 90.0), ("1min 30s", 90.0), ("1m30s", 90.0), ("500ms", 0.5), ("1.5h", 5400.0)]
        {
            assert_eq!(duration(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "infinity", "soon", "1 fortnight", "-1", "1e400"] {
            assert_eq!(duration(text), None, "{text}");
        }
        for (text, bytes) in
            [("512M", 536_870_912.0), ("1g", 1_073_741_824.0), ("300MB", 314_572_800.0), ("7", 7.0)]
        {
            assert_eq!(size(text), Some(Amount::new(bytes)), "{text}");
        }
        assert_eq!((size("infinity"), size("5%"), size("")), (None, None, None));
        assert_eq!((signal("SIGINT"), signal("quit")), ("INT".to_owned(), "QUIT".to_owned()));
    }
}
