//! What an operator declares of times of the calendar.

use serde::{Deserialize, Serialize};

use super::{InvalidInterval, Location, TimeInterval, TimeRange, days_of};
use crate::Violation;

/// A time of the calendar that has a name: nights, weekends, the last day of a month. All that is said must hold; of
/// each list, one entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TimeConfig {
    /// Its name. Where several have it, any of them will do.
    pub name: String,
    /// Parts of a day, as `09:00-17:00`. A night is two of them: `22:00-24:00` and `00:00-06:00`.
    pub hours: Vec<String>,
    /// Days of the week: `sat`, or `mon-fri`.
    pub weekdays: Vec<String>,
    /// Days of the month, as `1:7`; negative ones count from its end: `-1` is the last.
    pub days_of_month: Vec<String>,
    /// Months, by name or number: `december`, or `6:8`.
    pub months: Vec<String>,
    /// Years, as `2026:2028`.
    pub years: Vec<String>,
    /// Whose clocks it goes by, as `Europe/Berlin`; empty is UTC, `Local` is the host's.
    pub time_zone: String,
}

impl TimeConfig {
    /// Returns the time that it declares.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with it.
    pub fn interval(&self) -> Result<TimeInterval, Vec<Violation>> {
        let mut found = Vec::new();
        if self.name.is_empty() {
            found.push(Violation::new("name", "is needed"));
        }
        let says = [&self.hours, &self.weekdays, &self.days_of_month, &self.months, &self.years];
        if says.iter().all(|list| list.is_empty()) {
            found.push(Violation::new("hours", "nothing is said of when it is"));
        }
        let mut interval = TimeInterval {
            times: each("hours", &self.hours, range, &mut found),
            days_of_month: each(
                "days-of-month",
                &self.days_of_month,
                TimeInterval::parse_days_of_month,
                &mut found,
            ),
            months: each("months", &self.months, TimeInterval::parse_months, &mut found),
            years: each("years", &self.years, TimeInterval::parse_years, &mut found),
            ..TimeInterval::default()
        };
        for days in each("weekdays", &self.weekdays, weekdays, &mut found) {
            interval.weekdays.extend(days.into_iter().map(|day| day..=day));
        }
        match Location::new(&self.time_zone) {
            Ok(location) => interval.location = location,
            Err(error) => found.push(Violation::new("time-zone", error.to_string())),
        }
        if found.is_empty() { Ok(interval) } else { Err(found) }
    }
}

fn range(text: &str) -> Result<TimeRange, InvalidInterval> {
    let (start, end) = text.split_once('-').ok_or_else(|| {
        InvalidInterval::new(format!("{text:?} is not a part of a day such as 09:00-17:00"))
    })?;
    TimeRange::parse(start.trim(), end.trim())
}

/// Returns days as intervals count them, from Sunday on.
fn weekdays(text: &str) -> Result<Vec<u8>, InvalidInterval> {
    let days = days_of(text).ok_or_else(|| {
        InvalidInterval::new(format!("{text:?} is not a day such as mon, or days such as mon-fri"))
    })?;
    Ok(days.into_iter().map(|day| (day + 1) % 7).collect())
}

fn each<T>(
    key: &str,
    texts: &[String],
    read: impl Fn(&str) -> Result<T, InvalidInterval>,
    found: &mut Vec<Violation>,
) -> Vec<T> {
    let mut all = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match read(text) {
            Ok(one) => all.push(one),
            Err(error) => {
                found.push(Violation::new(format!("{key}[{index}]"), error.to_string()));
            }
        }
    }
    all
}
