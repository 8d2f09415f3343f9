use std::fmt;
use std::str::FromStr;

use crate::format::Timestamp;

use super::calendar;

/// A length of time in years, months, days and hours: `1y5m7d2h`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    years: u32,
    months: u32,
    days: u32,
    hours: u32,
}

/// A text that is no span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a span of time: `1y5m7d2h` is one, with each of the units at most once")]
pub struct ParseSpanError;

impl Span {
    /// Whether it has no length; a rule with it keeps nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        matches!(self, Self { years: 0, months: 0, days: 0, hours: 0 })
    }

    /// The instant that lies so long before. Years, months and days are those of the calendar where `time` was told; a
    /// day that its month does not have is one of the next month.
    pub(super) fn before(self, time: Timestamp) -> (i64, u32) {
        let (year, month, day) = time.local_date();
        let months = year * 12 + i64::from(month) - 1 - i64::from(self.months);
        let months = months - i64::from(self.years) * 12;
        let first = calendar::day_of_month(months);
        let days = first + i64::from(day) - 1 - i64::from(self.days);
        let today = calendar::day_of_month(year * 12 + i64::from(month) - 1) + i64::from(day) - 1;
        let seconds = (days - today) * 86_400 - i64::from(self.hours) * 3_600;
        (time.seconds() + seconds, time.nanoseconds())
    }
}

impl FromStr for Span {
    type Err = ParseSpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut span = Self::default();
        let mut seen = [false; 4];
        let mut rest = text.trim();
        while !rest.is_empty() {
            let end = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or(ParseSpanError)?;
            let (digits, unit) = rest.split_at(end);
            let mut units = unit.chars();
            let (place, part) = match units.next() {
                Some('y') => (0, &mut span.years),
                Some('m') => (1, &mut span.months),
                Some('d') => (2, &mut span.days),
                Some('h') => (3, &mut span.hours),
                _ => return Err(ParseSpanError),
            };
            if std::mem::replace(&mut seen[place], true) {
                return Err(ParseSpanError);
            }
            *part = digits.parse().map_err(|_| ParseSpanError)?;
            rest = units.as_str();
        }
        Ok(span)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.years, 'y'), (self.months, 'm'), (self.days, 'd'), (self.hours, 'h')];
        let mut parts = parts.into_iter().filter(|(number, _)| *number > 0);
        parts.try_for_each(|(number, unit)| write!(f, "{number}{unit}"))
    }
}
