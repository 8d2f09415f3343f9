//! Times of the calendar: nights, weekends, the last day of a month.

mod civil;
mod config;
mod parse;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use wardkit_core::Timestamp;

use civil::Civil;

pub use config::TimeConfig;
pub(crate) use parse::days_of;

/// A time of the calendar, as Alertmanager's `time_intervals` describe it. Of each field that says anything, one entry
/// must hold; a field that is empty says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeInterval {
    /// Parts of a day.
    pub times: Vec<TimeRange>,
    /// Days of a week; Sunday is 0.
    pub weekdays: Vec<RangeInclusive<u8>>,
    /// Days of a month.
    pub days_of_month: Vec<DayOfMonth>,
    /// Months; January is 1.
    pub months: Vec<RangeInclusive<i64>>,
    /// Years.
    pub years: Vec<RangeInclusive<i64>>,
    /// Whose clocks it goes by.
    pub location: Location,
}

impl TimeInterval {
    /// Returns whether a moment is in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        let civil = self.location.civil(at);
        (self.times.is_empty() || self.times.iter().any(|range| range.contains(civil.minute)))
            && holds(&self.weekdays, &civil.weekday)
            && (self.days_of_month.is_empty()
                || self.days_of_month.iter().any(|days| days.contains(&civil)))
            && holds(&self.months, &civil.month)
            && holds(&self.years, &civil.year)
    }
}

/// A part of a day, in minutes; the end is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    start: u16,
    end: u16,
}

impl TimeRange {
    /// Creates a part of a day from minutes since its start.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInterval`] when it ends before it starts, or after the day.
    pub fn new(start: u16, end: u16) -> Result<Self, InvalidInterval> {
        if start >= end || end > DAY {
            return Err(InvalidInterval::new("the start is not before the end of the day's part"));
        }
        Ok(Self { start, end })
    }

    const fn contains(self, minute: u16) -> bool {
        self.start <= minute && minute < self.end
    }
}

/// Days of a month; negative ones count from its end, where -1 is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayOfMonth {
    first: i8,
    last: i8,
}

impl DayOfMonth {
    /// Creates days from the first to the last.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInterval`] when one is no day of any month, or the last is before the first in every month.
    pub fn new(first: i8, last: i8) -> Result<Self, InvalidInterval> {
        let is_day = |day: i8| day != 0 && (-31..=31).contains(&day);
        if !is_day(first) || !is_day(last) {
            return Err(InvalidInterval::new("a day of a month is 1 to 31, or -1 to -31"));
        }
        if first < 0 && last > 0 {
            return Err(InvalidInterval::new("the last day counts from the start, the first not"));
        }
        // Every month has 28 days; for longer ones it is known only then.
        let counted = |day: i8| if day < 0 { 28 + day } else { day };
        if counted(first) > counted(last) {
            return Err(InvalidInterval::new("the last day is before the first"));
        }
        Ok(Self { first, last })
    }

    fn contains(self, civil: &Civil) -> bool {
        let length = civil.month_length;
        let counted = |day: i8| if day < 0 { length + day + 1 } else { day };
        (counted(self.first)..=counted(self.last)).contains(&civil.day)
    }
}

/// Whose clocks an interval goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location(civil::Zone);

impl Location {
    /// Finds a place by its name in the time zone database, as `Europe/Berlin`; `UTC` and nothing are UTC, `Local` is
    /// the host's.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInterval`] when there is none of this name, or without the feature `schedules` when it is not
    /// UTC.
    pub fn new(name: &str) -> Result<Self, InvalidInterval> {
        civil::Zone::new(name).map(Self)
    }

    fn civil(&self, at: Timestamp) -> Civil {
        self.0.civil(at)
    }
}

/// Why something is no time of the calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct InvalidInterval {
    /// What is wrong.
    pub reason: String,
}

impl InvalidInterval {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

fn holds<T: PartialOrd>(ranges: &[RangeInclusive<T>], value: &T) -> bool {
    ranges.is_empty() || ranges.iter().any(|range| range.contains(value))
}

/// Minutes.
const DAY: u16 = 24 * 60;
