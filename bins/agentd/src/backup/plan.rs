//! When something is due. Pure.

use std::time::Duration;

use rustix::rand::{GetRandomFlags, getrandom};
use wardkit_core::Timestamp;
use wardkit_supervise::Cron;

use super::Kept;
use crate::config::BackupConfig;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A backup, and after it a part of the verification.
    Backup,
    /// A drill.
    Drill,
}

/// When backups and drills are due.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    backup: Cron,
    drill: Option<Cron>,
    /// By how much both are put off on this host.
    put_off: Duration,
}

impl Plan {
    /// The plan of a configuration that was checked, put off by chance.
    pub(crate) fn drawn(config: &BackupConfig) -> Option<Self> {
        let mut byte = [0];
        // Whoever has no random numbers puts off for as long as possible.
        let drawn = getrandom(&mut byte, GetRandomFlags::empty()).map_or(u8::MAX, |_| byte[0]);
        Self::new(config, f64::from(drawn) / f64::from(u8::MAX))
    }

    /// The same, put off by this part of what may be, from 0 to 1.
    fn new(config: &BackupConfig, chance: f64) -> Option<Self> {
        let drill = config.drill.is_enabled().then(|| config.drill.at.parse());
        Some(Self {
            backup: config.at.parse().ok()?,
            drill: drill.transpose().ok()?,
            put_off: config.jitter.mul_f64(chance.clamp(0.0, 1.0)),
        })
    }

    /// Returns what is next, and when. The first backup is due at once, and whatever came while agentd did not run is made
    /// up for once. A clock that was set back makes nothing wait for the time it showed before.
    pub(crate) fn next(&self, now: Timestamp, kept: &Kept) -> Option<(Timestamp, Work)> {
        let backup = match kept.backup_tried {
            None => Some(now),
            Some(last) => {
                let next = self.after(&self.backup, last.min(now));
                // Whoever repairs what was wrong is not to wait for the next night.
                let failed = kept.backup_stored.is_none_or(|stored| stored < last);
                let again = failed.then(|| last.min(now).saturating_add(TRY_AGAIN));
                next.into_iter().chain(again).min()
            }
        };
        // There is nothing to restore before.
        let drill = self.drill.as_ref().filter(|_| kept.backup_stored.is_some());
        let since = kept.drill_tried.or(kept.backup_stored);
        let drill = drill.zip(since).and_then(|(cron, since)| self.after(cron, since.min(now)));
        let due = [(backup, Work::Backup), (drill, Work::Drill)];
        due.into_iter().filter_map(|(at, work)| Some((at?, work))).min_by_key(|(at, _)| *at)
    }

    /// How long lies between two backups from `now` on, for the part of the verification that one is followed by.
    pub(crate) fn every(&self, now: Timestamp) -> Duration {
        let next = self.backup.next_after(now);
        let after = next.and_then(|next| self.backup.next_after(next));
        next.zip(after).and_then(|(next, after)| after.duration_since(next)).unwrap_or(DAY)
    }

    fn after(&self, cron: &Cron, last: Timestamp) -> Option<Timestamp> {
        // Put off or not, each time of the line comes once.
        let last = last.saturating_sub(self.put_off);
        cron.next_after(last).map(|at| at.saturating_add(self.put_off))
    }
}

const TRY_AGAIN: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let (hour, minute) = text.split_once(':').unwrap();
        let minutes = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
        Timestamp::from_unix_seconds(1_799_971_200 + minutes * 60)
    }

    fn plan(jitter: u64) -> Plan {
        let jitter = Duration::from_mins(jitter);
        Plan::new(&BackupConfig { jitter, ..BackupConfig::default() }, 1.0).unwrap()
    }

    fn kept(tried: &str, stored: Option<&str>, drill: Option<&str>) -> Kept {
        Kept {
            backup_tried: Some(at(tried)),
            backup_stored: stored.map(at),
            drill_tried: drill.map(at),
            ..Kept::default()
        }
    }

    #[test]
    fn midnight_is_midnight() {
        assert_eq!(at("0:00").to_string(), "2027-01-15T00:00:00Z");
    }

    #[test]
    fn first_backup_is_due_at_once_and_no_drill_is_before_it() {
        assert_eq!(plan(0).next(at("12:00"), &Kept::default()), Some((at("12:00"), Work::Backup)));
        let failed = kept("12:00", None, None);
        assert_eq!(plan(0).next(at("12:01"), &failed), Some((at("13:00"), Work::Backup)));
    }

    #[test]
    fn what_failed_is_tried_again_after_an_hour_and_when_it_is_time() {
        let failed = kept("2:40", Some("0:30"), Some("4:30"));
        assert_eq!(plan(0).next(at("2:41"), &failed), Some((at("3:40"), Work::Backup)));
        let before = kept("2:00", Some("0:30"), Some("4:30"));
        assert_eq!(plan(0).next(at("2:01"), &before), Some((at("2:30"), Work::Backup)));
    }

    #[test]
    fn drill_follows_the_backup_and_both_come_once_a_day() {
        let stored = kept("2:30", Some("2:30"), None);
        assert_eq!(plan(0).next(at("2:31"), &stored), Some((at("4:30"), Work::Drill)));
        let drilled = kept("2:30", Some("2:30"), Some("4:30"));
        assert_eq!(plan(0).next(at("4:31"), &drilled), Some((at("26:30"), Work::Backup)));
        // Jitter puts both off and doubles neither.
        let drilled = kept("2:40", Some("2:40"), Some("4:40"));
        assert_eq!(plan(10).next(at("4:41"), &drilled), Some((at("26:40"), Work::Backup)));
    }

    #[test]
    fn what_came_while_nothing_ran_is_made_up_for_once() {
        let long_ago = kept("2:30", Some("2:30"), Some("4:30"));
        let now = at("99:00");
        let (due, work) = plan(0).next(now, &long_ago).unwrap();
        assert!(due < now && work == Work::Backup, "{due}");
        let (due, _) = plan(0).next(now, &kept("99:00", Some("99:00"), Some("99:00"))).unwrap();
        assert!(due > now, "{due}");
    }

    #[test]
    fn clock_that_was_set_back_delays_nothing_by_more_than_a_day() {
        let ahead = kept("9000:00", Some("9000:00"), Some("9000:00"));
        assert_eq!(plan(0).next(at("3:00"), &ahead), Some((at("4:30"), Work::Drill)));
    }

    #[test]
    fn verification_reckons_with_the_time_between_backups() {
        assert_eq!(plan(0).every(at("3:00")), DAY);
    }
}
