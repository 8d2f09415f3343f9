//! The texts of Alertmanager's `time_intervals`.

use std::ops::RangeInclusive;

use super::{DayOfMonth, InvalidInterval, TimeInterval, TimeRange};

impl TimeInterval {
    /// Reads a weekday or a range of them: `monday:friday`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInterval`] when it is none.
    pub fn parse_weekdays(text: &str) -> Result<RangeInclusive<u8>, InvalidInterval> {
        range(text, |name| {
            let day = WEEKDAYS.iter().position(|day| *day == name);
            day.and_then(|day| u8::try_from(day).ok()).ok_or("no day of the week")
        })
    }

    /// Reads a month or a range of them, by name or number: `january:march`, `11:12`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInterval`] when it is none.
    pub fn parse_months(text: &str) -> Result<RangeInclusive<i64>, InvalidInterval> {
        range(text, |name| match MONTHS.iter().position(|month| *month == name) {
            Some(month) => i64::try_from(month + 1).map_err(|_| "no month"),
            None => name.parse().map_err(|_| "no month"),
        })
    }

    /// Reads a year or a range of them: `2026:2028`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInterval`] when it is none.
    pub fn parse_years(text: &str) -> Result<RangeInclusive<i64>, InvalidInterval> {
        range(text, |year| year.parse().map_err(|_| "no year"))
    }

    /// Reads a day of the month or a range of them: `1:7`, `-3:-1`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInterval`] when it is none.
    pub fn parse_days_of_month(text: &str) -> Result<DayOfMonth, InvalidInterval> {
        let (first, last) = ends(text)?;
        let day = |text: &str| {
            text.parse().map_err(|_| InvalidInterval::new("a day of a month is no number"))
        };
        DayOfMonth::new(day(first)?, day(last)?)
    }
}

impl TimeRange {
    /// Reads both ends of a part of a day, as `HH:MM`; `24:00` ends the day.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidInterval`] when one is no time of a day, or the start is not before the end.
    pub fn parse(start: &str, end: &str) -> Result<Self, InvalidInterval> {
        Self::new(minute(start)?, minute(end)?)
    }
}

/// Reads `mon` or `mon-fri`, by short names or long ones, also around the end of the week. Monday is 0.
pub(crate) fn days_of(text: &str) -> Option<Vec<u8>> {
    let (first, last) = text.split_once(['-', ':']).unwrap_or((text, text));
    let (first, last) = (day_of(first)?, day_of(last)?);
    let mut days = vec![first];
    let mut day = first;
    while day != last {
        day = (day + 1) % 7;
        days.push(day);
    }
    Some(days)
}

fn day_of(name: &str) -> Option<u8> {
    let name = name.trim().to_ascii_lowercase();
    let is_it = |day: &&str| **day == name || day.get(..3) == Some(&name);
    let from_sunday = u8::try_from(WEEKDAYS.iter().position(is_it)?).ok()?;
    Some((from_sunday + 6) % 7)
}

fn minute(text: &str) -> Result<u16, InvalidInterval> {
    let invalid = || InvalidInterval::new("a time of a day is not 00:00 to 24:00");
    let (hour, minute) = text.split_once(':').ok_or_else(invalid)?;
    let number = |digits: &str| {
        let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u16>().ok()).flatten().ok_or_else(invalid)
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    if minute > 59 || hour > 24 || (hour == 24 && minute > 0) {
        return Err(invalid());
    }
    Ok(hour * 60 + minute)
}

fn range<T: PartialOrd>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<RangeInclusive<T>, InvalidInterval> {
    // Names may be in any case.
    let text = text.to_lowercase();
    let (first, last) = ends(&text)?;
    let first = parse(first).map_err(InvalidInterval::new)?;
    let last = parse(last).map_err(InvalidInterval::new)?;
    if first > last {
        return Err(InvalidInterval::new("a range ends before it starts"));
    }
    Ok(first..=last)
}

fn ends(text: &str) -> Result<(&str, &str), InvalidInterval> {
    match text.split_once(':') {
        Some((_, last)) if last.contains(':') => {
            Err(InvalidInterval::new("a range has more than two ends"))
        }
        Some(ends) => Ok(ends),
        None => Ok((text, text)),
    }
}

const WEEKDAYS: [&str; 7] =
    ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
