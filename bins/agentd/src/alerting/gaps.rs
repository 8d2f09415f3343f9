//! Times in which nobody is on call: told once, before they come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use wardkit_alerting::{Schedule, Shift};
use wardkit_core::{Event, Severity, Timestamp};

type Schedules = BTreeMap<String, Arc<Schedule>>;

/// What was told of schedules.
#[derive(Debug, Default)]
pub(crate) struct Gaps(BTreeMap<String, Arc<Schedule>>);

impl Gaps {
    /// Looks at the weeks to come, and returns what was not told yet: once for each schedule, as long as it is the
    /// same one or has no gap in between.
    pub(crate) fn look(&mut self, now: Timestamp, schedules: &Schedules) -> Vec<Event> {
        self.0.retain(|name, _| schedules.contains_key(name));
        let mut events = Vec::new();
        for (name, schedule) in schedules {
            let Some(warning) = warning(name, schedule, now) else {
                self.0.remove(name);
                continue;
            };
            let told = self.0.insert(name.clone(), Arc::clone(schedule));
            if !told.is_some_and(|told| Arc::ptr_eq(&told, schedule)) {
                let event = Event::new(now, "alerting.schedule.gap", Severity::Warning, "alerting");
                events.push(event.with_subject(name).with_message(warning));
            }
        }
        events
    }
}

/// Returns the times in which nobody is on call, unless that is meant.
pub(crate) fn gaps(schedule: &Schedule, now: Timestamp) -> Vec<Shift> {
    if schedule.allows_gaps() {
        return Vec::new();
    }
    schedule.gaps(now, now.saturating_add(AHEAD))
}

/// Says when nobody is on call.
pub(crate) fn warning(name: &str, schedule: &Schedule, now: Timestamp) -> Option<String> {
    let gaps = gaps(schedule, now);
    let shown = |gap: &Shift| {
        let (from, until) = (schedule.local(gap.from), schedule.local(gap.until));
        // On one day, the day is said once.
        match (from.rsplit_once(' '), until.rsplit_once(' ')) {
            (Some((day, _)), Some((end, time))) if day == end => format!("{from} to {time}"),
            _ => format!("{from} to {until}"),
        }
    };
    let first: Vec<String> = gaps.iter().take(MOST_SHOWN).map(shown).collect();
    let more = gaps.len().saturating_sub(MOST_SHOWN);
    let more = if more > 0 { format!(", and {more} times more") } else { String::new() };
    (!first.is_empty())
        .then(|| format!("{name}: nobody is on call {}{more} within four weeks", first.join(", ")))
}

/// Four weeks: whoever is to fill a gap wants to know before their holidays.
const AHEAD: Duration = Duration::from_hours(24 * 28);
/// The first ones say what is missing.
const MOST_SHOWN: usize = 3;

#[cfg(test)]
mod tests {
    use wardkit_alerting::ScheduleConfig;

    use super::*;

    fn schedule(text: &str) -> Arc<Schedule> {
        let config: ScheduleConfig = toml::from_str(text).unwrap();
        Arc::new(Schedule::new(&config).unwrap())
    }

    const BUSINESS: &str = "name = 'primary'\ntime-zone = 'Europe/Berlin'\n[[layers]]\n\
                            people = ['ann']\nstart = '2026-01-05T00:00'\nhours = '08:00-02:00'\n";

    #[test]
    fn a_schedule_with_gaps_is_told_of_once_until_it_changes() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let first: Schedules = [("primary".to_owned(), schedule(BUSINESS))].into();
        let mut gaps = Gaps::default();
        let told = gaps.look(now, &first);
        assert_eq!(told.len(), 1);
        assert_eq!(
            told[0].message,
            "primary: nobody is on call Mon 2026-11-23 02:00 to 08:00, Tue 2026-11-24 02:00 to 08:00, \
             Wed 2026-11-25 02:00 to 08:00, and 25 times more within four weeks"
        );
        let later = now.saturating_add(Duration::from_hours(36));
        assert!(gaps.look(later, &first).is_empty());
        let changed: Schedules = [("primary".to_owned(), schedule(BUSINESS))].into();
        assert_eq!(gaps.look(later, &changed).len(), 1);
        let filled = [("primary".to_owned(), schedule(&BUSINESS.replace("08:00-02:00", "")))];
        assert!(gaps.look(later, &filled.into()).is_empty());
        assert_eq!(gaps.look(later, &changed).len(), 1);
    }

    #[test]
    fn gaps_that_are_meant_are_none() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let meant = schedule(&format!("allow-gaps = true\n{BUSINESS}"));
        assert_eq!(warning("primary", &meant, now), None);
    }
}
