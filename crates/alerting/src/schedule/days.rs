//! A schedule as its own clocks and calendar show it.

use jiff::civil::Time;
use jiff::{Span, ToSpan as _};
use serde::{Deserialize, Serialize};
use wardkit_core::Timestamp;

use super::hours::{edge, short};
use super::{Schedule, to_jiff};

/// A day of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScheduleDay {
    /// The day, as `Mon 2026-11-23`.
    pub day: String,
    /// Who is on call when each hour begins; nobody in a gap.
    pub hours: Vec<Option<String>>,
}

impl Schedule {
    /// Returns days from the one on that a moment is in.
    #[must_use]
    pub fn days(&self, at: Timestamp, count: u16) -> Vec<ScheduleDay> {
        let first = self.zone.to_datetime(to_jiff(at)).date();
        let day = |offset: u16| {
            let date = first.checked_add(Span::new().days(i32::from(offset))).ok()?;
            let midnight = date.to_datetime(Time::midnight());
            let hour = |hour: i32| {
                let at = edge(&self.zone, midnight.checked_add(hour.hours()).ok()?);
                self.person(at).map(str::to_owned)
            };
            let day = format!("{} {date}", short(date.weekday()));
            Some(ScheduleDay { day, hours: (0..24).map(hour).collect() })
        };
        (0..count.min(MOST_DAYS)).filter_map(day).collect()
    }

    /// Returns a moment as the schedule's clocks show it: `Mon 2026-11-23 09:00`.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> String {
        let civil = self.zone.to_datetime(to_jiff(at));
        let (date, time) = (civil.date(), civil.time());
        format!("{} {date} {:02}:{:02}", short(date.weekday()), time.hour(), time.minute())
    }
}

const MOST_DAYS: u16 = 366;
