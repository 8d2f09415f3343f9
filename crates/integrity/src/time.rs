//! The times of a file.

use std::fmt;

/// A time of a file, as exact as the file system keeps it. Prints as RFC 3339 in UTC with nanoseconds.
///
/// A file's time is whatever somebody set: unlike a [`Timestamp`](wardkit_core::Timestamp) it may lie in any century.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileTime {
    /// Seconds since the Unix epoch.
    pub seconds: i64,
    /// Nanoseconds of that second, below 1 000 000 000.
    pub nanos: u32,
}

impl fmt::Display for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.seconds.div_euclid(86_400), self.seconds.rem_euclid(86_400));
        // Counts in 400-year eras that begin on 1 March, so that the leap day is the last of its year.
        let days = i128::from(days) + 719_468;
        let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i128::from(month <= 2);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:09}Z",
            self.nanos
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_prints_in_utc_with_all_its_digits() {
        let cases = [
            (0, 0, "1970-01-01T00:00:00.000000000Z"),
            (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
            (951_782_400, 1, "2000-02-29T00:00:00.000000001Z"),
            (253_402_300_800, 0, "10000-01-01T00:00:00.000000000Z"),
        ];
        for (seconds, nanos, text) in cases {
            assert_eq!(FileTime { seconds, nanos }.to_string(), text);
        }
    }

    #[test]
    fn every_time_that_a_file_can_have_prints() {
        for seconds in [i64::MIN, i64::MAX] {
            assert!(FileTime { seconds, nanos: 0 }.to_string().ends_with('Z'));
        }
    }
}
