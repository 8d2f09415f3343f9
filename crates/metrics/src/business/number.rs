//! Numbers with units.

use super::Unit;

impl Unit {
    /// Returns the unit that a log line names: `ms`, `s`, `KiB`.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Some(match text {
            "" | "s" | "sec" | "seconds" | "B" | "bytes" => Self::None,
            "ns" => Self::Nanoseconds,
            "us" | "\u{b5}s" | "\u{3bc}s" => Self::Microseconds,
            "ms" => Self::Milliseconds,
            "m" | "min" => Self::Minutes,
            "h" => Self::Hours,
            "%" => Self::Percent,
            "kB" | "KB" => Self::Kilobytes,
            "MB" => Self::Megabytes,
            "GB" => Self::Gigabytes,
            "KiB" => Self::Kibibytes,
            "MiB" => Self::Mebibytes,
            "GiB" => Self::Gibibytes,
            _ => return None,
        })
    }

    /// Returns a number told in this unit in seconds, bytes, or as a share of one.
    #[must_use]
    pub fn convert(self, value: f64) -> f64 {
        // Dividing by a whole number keeps 17 ms at 0.017, which multiplying by 0.001 does not always.
        match self {
            Self::None => value,
            Self::Nanoseconds => value / 1e9,
            Self::Microseconds => value / 1e6,
            Self::Milliseconds => value / 1e3,
            Self::Minutes => value * 60.0,
            Self::Hours => value * 3600.0,
            Self::Percent => value / 100.0,
            Self::Kilobytes => value * 1e3,
            Self::Megabytes => value * 1e6,
            Self::Gigabytes => value * 1e9,
            Self::Kibibytes => value * 1024.0,
            Self::Mebibytes => value * 1_048_576.0,
            Self::Gibibytes => value * 1_073_741_824.0,
        }
    }
}
