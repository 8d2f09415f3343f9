//! `auditctl alerts schedule`: who is on call, when, and when nobody is.

use std::time::Duration;

use serde_json::{Value, json};
use wardkit_alerting::{OnCall as _, Schedule, Shift};
use wardkit_api::Answer;
use wardkit_api::alerts::Refused;
use wardkit_core::{Clock as _, SystemClock, Timestamp};

use super::gaps;
use crate::app::App;

impl App {
    /// Lists the schedules.
    pub(super) fn schedules(&self) -> Answer {
        let now = SystemClock.now();
        let prepared = self.alerting.prepared();
        let all = prepared.schedules.iter().map(|(name, schedule)| head(name, schedule, now));
        Answer::new(&all.collect::<Vec<_>>())
    }

    /// Shows a schedule, or returns it as a calendar.
    pub(super) fn schedule(
        &self,
        name: &str,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        calendar: bool,
    ) -> Result<Answer, Refused> {
        let prepared = self.alerting.prepared();
        let schedule = prepared.schedules.get(name).ok_or_else(|| {
            let known: Vec<_> = prepared.schedules.keys().map(String::as_str).collect();
            let known = known.join(", ");
            Refused::NotFound(format!("there is no schedule {name:?}; there are: {known}"))
        })?;
        let now = SystemClock.now();
        let from = from.unwrap_or(now);
        let to = to.unwrap_or_else(|| from.saturating_add(if calendar { QUARTER } else { WEEK }));
        match to.duration_since(from) {
            Some(span) if !span.is_zero() && span <= LONGEST => {}
            _ => {
                let reason = "`to` must be after `from`, by 366 days at most";
                return Err(Refused::Bad(reason.to_owned()));
            }
        }
        if calendar {
            return Ok(Answer::new(&schedule.calendar(name, from, to, now)));
        }
        let mut shown = head(name, schedule, now);
        let shifts = schedule.shifts(from, to);
        let gaps = shifts.iter().filter(|shift| shift.person.is_none());
        shown["gaps"] = gaps.map(|shift| shown_shift(schedule, shift)).collect();
        shown["shifts"] = shifts.iter().map(|shift| shown_shift(schedule, shift)).collect();
        let last = to.saturating_sub(Duration::from_secs(1));
        let days = last.duration_since(from).unwrap_or_default().as_secs() / 86_400 + 2;
        let days = schedule.days(from, u16::try_from(days).unwrap_or(u16::MAX));
        // Days of 23 hours and begins late in a day make it one more, or not.
        let until = schedule.local(last);
        let is_within = |day: &&wardkit_alerting::ScheduleDay| day.day.get(4..) <= until.get(4..);
        shown["days"] = json!(days.iter().filter(is_within).collect::<Vec<_>>());
        Ok(Answer::new(&shown))
    }
}

/// Returns who is on call now, and what is known of the weeks to come.
fn head(name: &str, schedule: &Schedule, now: Timestamp) -> Value {
    let shift = schedule.shift(now);
    json!({
        "name": name,
        "on_call": shift.person,
        "until": shift.until,
        "local_until": schedule.local(shift.until),
        "next": schedule.next(now).into_iter().next(),
        "warning": gaps::warning(name, schedule, now),
    })
}

fn shown_shift(schedule: &Schedule, shift: &Shift) -> Value {
    json!({
        "person": shift.person,
        "from": shift.from,
        "until": shift.until,
        "local_from": schedule.local(shift.from),
        "local_until": schedule.local(shift.until),
    })
}

const WEEK: Duration = Duration::from_hours(24 * 7);
/// What a calendar shows, unless it is told otherwise: a program reads it again before that is over.
const QUARTER: Duration = Duration::from_hours(24 * 90);
const LONGEST: Duration = Duration::from_hours(24 * 366);
