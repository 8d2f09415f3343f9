//! What the clock and the calendar on a wall show.

use wardkit_core::Timestamp;

use super::InvalidInterval;

/// What is read off them at a moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Civil {
    /// Of the day.
    pub(super) minute: u16,
    /// Sunday is 0.
    pub(super) weekday: u8,
    pub(super) day: i8,
    pub(super) month_length: i8,
    pub(super) month: i64,
    pub(super) year: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Zone {
    #[default]
    Utc,
    #[cfg(feature = "schedules")]
    Named(jiff::tz::TimeZone),
}

impl Zone {
    pub(super) fn new(name: &str) -> Result<Self, InvalidInterval> {
        match name {
            "" | "UTC" => Ok(Self::Utc),
            #[cfg(feature = "schedules")]
            "Local" => Ok(Self::Named(jiff::tz::TimeZone::system())),
            #[cfg(feature = "schedules")]
            name => jiff::tz::TimeZone::get(name)
                .map(Self::Named)
                .map_err(|_| InvalidInterval::new("no such time zone")),
            #[cfg(not(feature = "schedules"))]
            _ => Err(InvalidInterval::new("only UTC is built in: the feature `schedules` is off")),
        }
    }

    pub(super) fn civil(&self, at: Timestamp) -> Civil {
        let seconds = at.as_unix_nanos().div_euclid(NANOS);
        // How far its clocks are ahead of UTC, in seconds.
        let ahead = match self {
            Self::Utc => 0,
            #[cfg(feature = "schedules")]
            Self::Named(zone) => jiff::Timestamp::from_second(seconds)
                .map_or(0, |at| i64::from(zone.to_offset(at).seconds())),
        };
        Civil::of(seconds.saturating_add(ahead))
    }
}

impl Civil {
    /// Proleptic Gregorian, by the 400 years after which the calendar repeats. The years start in March, so that a
    /// leap day is the last of its year.
    fn of(seconds: i64) -> Self {
        let days = seconds.div_euclid(86_400);
        let minute = seconds.rem_euclid(86_400) / 60;
        // Day 0 is 0000-03-01.
        let day = days + 719_468;
        let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let march = (5 * day + 2) / 153;
        let month = if march < 10 { march + 3 } else { march - 9 };
        let year = era * 400 + year + i64::from(month <= 2);
        Self {
            minute: u16::try_from(minute).unwrap_or_default(),
            // 1970-01-01 was a Thursday.
            weekday: u8::try_from((days + 4).rem_euclid(7)).unwrap_or_default(),
            day: i8::try_from(day - (153 * march + 2) / 5 + 1).unwrap_or_default(),
            month_length: length(month, year),
            month,
            year,
        }
    }
}

const fn length(month: i64, year: i64) -> i8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

const NANOS: i64 = 1_000_000_000;
