//! Lines of cron: when a task runs.

use std::fmt;
use std::str::FromStr;

use wardkit_core::Timestamp;

/// When a task runs: minute, hour, day of the month, month and day of the week, in UTC.
///
/// Numbers, ranges, lists, steps and `*`: `*/15 8-18 * * 1-5`. As in cron, a day is taken when it fits either of the
/// two day fields, unless one of them begins with `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    either_day: bool,
}

impl Cron {
    /// Returns the first time after `at`, or `None` when there is none within eight years, as on 30 February.
    #[must_use]
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let first = at.as_unix_seconds().div_euclid(60).checked_add(1)?;
        let today = first.div_euclid(MINUTES_PER_DAY);
        let of_day = first.rem_euclid(MINUTES_PER_DAY);
        for day in today..today.checked_add(MOST_DAYS)? {
            if !self.has_day(day) {
                continue;
            }
            let from = if day == today { of_day } else { 0 };
            let fits =
                |minute: &i64| has(self.hours, minute / 60) && has(self.minutes, minute % 60);
            if let Some(minute) = (from..MINUTES_PER_DAY).find(fits) {
                let seconds =
                    day.checked_mul(MINUTES_PER_DAY)?.checked_add(minute)?.checked_mul(60)?;
                return Some(Timestamp::from_unix_seconds(seconds));
            }
        }
        None
    }

    fn has_day(&self, day: i64) -> bool {
        let (month, of_month) = month_and_day(day);
        // 1970-01-01 was a Thursday.
        let weekday = (day + 4).rem_euclid(7);
        let (by_month, by_week) = (has(self.days, of_month), has(self.weekdays, weekday));
        let fits = if self.either_day { by_month || by_week } else { by_month && by_week };
        fits && has(self.months, month)
    }
}

impl FromStr for Cron {
    type Err = NotCron;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            text => text,
        };
        let fields: Vec<&str> = text.split_ascii_whitespace().take(6).collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else { return Err(NotCron) };
        let mut cron = Self {
            minutes: field(minutes, 0, 59)?,
            hours: field(hours, 0, 23)?,
            days: field(days, 1, 31)?,
            months: field(months, 1, 12)?,
            weekdays: field(weekdays, 0, 7)?,
            either_day: !days.starts_with('*') && !weekdays.starts_with('*'),
        };
        // 7 is Sunday, as 0 is.
        cron.weekdays |= cron.weekdays >> 7 & 1;
        Ok(cron)
    }
}

/// A text that is no line of cron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotCron;

impl fmt::Display for NotCron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is no line of cron such as `15 3 * * *`: minute, hour, day, month, weekday")
    }
}

impl std::error::Error for NotCron {}

fn has(set: u64, number: i64) -> bool {
    u32::try_from(number).is_ok_and(|number| number < 64 && set >> number & 1 == 1)
}

/// Reads one field into a set of bits.
fn field(text: &str, least: u32, most: u32) -> Result<u64, NotCron> {
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, number(step, 1, most)?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (number(from, least, most)?, number(to, least, most)?),
            None if part.contains('/') => (number(range, least, most)?, most),
            None => (number(range, least, most)?, number(range, least, most)?),
        };
        if from > to {
            return Err(NotCron);
        }
        for number in (from..=to).step_by(usize::try_from(step).unwrap_or(1)) {
            set |= 1 << number;
        }
    }
    Ok(set)
}

fn number(text: &str, least: u32, most: u32) -> Result<u32, NotCron> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|number| is_number && (least..=most).contains(number));
    number.ok_or(NotCron)
}

/// Month and day of a day since 1970-01-01, in eras of 400 years that begin on 1 March.
const fn month_and_day(day: i64) -> (i64, i64) {
    let of_era = (day + 719_468).rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    (if from_march < 10 { from_march + 3 } else { from_march - 9 }, day)
}

const MINUTES_PER_DAY: i64 = 24 * 60;
/// A 29 February is eight years away at most.
const MOST_DAYS: i64 = 8 * 366 + 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_time_fits_the_line() {
        for (line, after, next) in [
            ("* * * * *", "2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z"),
            ("15 3 * * *", "2024-01-01T03:15:00Z", "2024-01-02T03:15:00Z"),
            ("*/20 * * * *", "2024-01-01T00:41:10Z", "2024-01-01T01:00:00Z"),
            ("0 9-17/4 * * 1-5", "2024-01-05T17:30:00Z", "2024-01-08T09:00:00Z"),
            ("0 0 29 2 *", "2024-03-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 13 * 5", "2024-01-05T00:00:00Z", "2024-01-12T00:00:00Z"),
            ("0 0 * * 7", "2024-01-01T00:00:00Z", "2024-01-07T00:00:00Z"),
            ("@monthly", "2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z"),
        ] {
            let cron: Cron = line.parse().unwrap();
            let after: Timestamp = after.parse().unwrap();
            assert_eq!(cron.next_after(after).unwrap().to_string(), next, "{line}");
        }
        let never: Cron = "0 0 30 2 *".parse().unwrap();
        assert_eq!(never.next_after(Timestamp::UNIX_EPOCH), None);
        assert_eq!(never.next_after(Timestamp::MAX), None);
    }

    #[test]
    fn what_is_no_line_is_refused() {
        for line in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "5-1 * * * *",
            "*/0 * * * *",
            "+1 * * * *",
            "@reboot",
            "1,,2 * * * *",
        ] {
            assert_eq!(line.parse::<Cron>(), Err(NotCron), "{line}");
        }
    }
}
