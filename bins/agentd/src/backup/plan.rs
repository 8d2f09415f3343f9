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
    /// Copies to replicas that do not have the newest backup.
    Copies,
    /// A drill.
    Drill,
    /// Removal of what is not to stay.
    Prune,
}

impl Work {
    /// What it is called in the part's health.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Copies => "copies",
            Self::Drill => "drill",
            Self::Prune => "prune",
        }
    }
}

/// When backups and drills are due.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    backup: Rhythm,
    replicas: Vec<String>,
    drill: Option<Rhythm>,
    prune: Option<Rhythm>,
    /// By how much all are put off on this host.
    put_off: Duration,
}

/// When one thing comes again.
#[derive(Clone, Debug)]
enum Rhythm {
    At(Cron),
    Every(Duration),
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
        let drill = config.drill.is_enabled().then(|| Rhythm::at(&config.drill.at));
        let prune = config.keep.is_enabled().then(|| Rhythm::at(&config.keep.at));
        let every = Some(config.every).filter(|every| !every.is_zero());
        Some(Self {
            backup: every.map(Rhythm::Every).or_else(|| Rhythm::at(&config.at))?,
            replicas: config.replica.iter().map(|replica| replica.name.clone()).collect(),
            drill: drill.map_or(Some(None), |drill| drill.map(Some))?,
            prune: prune.map_or(Some(None), |prune| prune.map(Some))?,
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
        // There is nothing to restore or to remove before.
        let after_first = |rhythm: &Option<Rhythm>, tried: Option<Timestamp>| {
            let rhythm = rhythm.as_ref().filter(|_| kept.backup_stored.is_some());
            let since = tried.or(kept.backup_stored);
            rhythm.zip(since).and_then(|(rhythm, since)| self.after(rhythm, since.min(now)))
        };
        let due = [
            (backup, Work::Backup),
            (self.copies(now, kept), Work::Copies),
            (after_first(&self.drill, kept.drill_tried), Work::Drill),
            (after_first(&self.prune, kept.prune_tried), Work::Prune),
        ];
        due.into_iter().filter_map(|(at, work)| Some((at?, work))).min_by_key(|(at, _)| *at)
    }

    /// A replica is brought up to date right after the backup, and where that failed, after an hour.
    fn copies(&self, now: Timestamp, kept: &Kept) -> Option<Timestamp> {
        let stored = kept.backup_stored?.min(now);
        let behind = self.replicas.iter().filter(|name| kept.is_behind(name));
        let due = behind.map(|name| {
            let tried = kept.replicas.get(name).and_then(|known| known.tried);
            let tried = tried.map(|tried| tried.min(now)).filter(|tried| *tried >= stored);
            tried.map_or(stored, |tried| tried.saturating_add(TRY_AGAIN))
        });
        due.min()
    }

    /// How long lies between two backups from `now` on, for the part of the verification that one is followed by.
    pub(crate) fn every(&self, now: Timestamp) -> Duration {
        let next = self.backup.next_after(now);
        let after = next.and_then(|next| self.backup.next_after(next));
        next.zip(after).and_then(|(next, after)| after.duration_since(next)).unwrap_or(DAY)
    }

    fn after(&self, rhythm: &Rhythm, last: Timestamp) -> Option<Timestamp> {
        // Put off or not, each time of the line comes once.
        let last = last.saturating_sub(self.put_off);
        rhythm.next_after(last).map(|at| at.saturating_add(self.put_off))
    }
}

impl Rhythm {
    fn at(line: &str) -> Option<Self> {
        line.parse().ok().map(Self::At)
    }

    fn next_after(&self, last: Timestamp) -> Option<Timestamp> {
        match self {
            Self::At(cron) => cron.next_after(last),
            Self::Every(every) => Some(last.saturating_add(*every)),
        }
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
        assert_eq!(every_six_hours(10).every(at("3:00")), Duration::from_hours(6));
    }

    fn every_six_hours(jitter: u64) -> Plan {
        let (every, jitter) = (Duration::from_hours(6), Duration::from_mins(jitter));
        Plan::new(&BackupConfig { every, jitter, ..BackupConfig::default() }, 1.0).unwrap()
    }

    #[test]
    fn interval_counts_from_the_begin_of_the_last_one_and_is_made_up_for_once() {
        let plan = every_six_hours(10);
        assert_eq!(plan.next(at("12:00"), &Kept::default()), Some((at("12:00"), Work::Backup)));
        let stored = kept("12:00", Some("12:00"), Some("12:00"));
        assert_eq!(plan.next(at("12:01"), &stored), Some((at("18:00"), Work::Backup)));
        // Long off: due at once, and then not before the interval is over.
        assert_eq!(plan.next(at("27:00"), &stored), Some((at("18:00"), Work::Backup)));
        let again = kept("27:00", Some("27:00"), Some("27:00"));
        let drill = Some((at("28:40"), Work::Drill));
        assert_eq!(plan.next(at("27:01"), &again), drill);
        let drilled = kept("27:00", Some("27:00"), Some("28:40"));
        assert_eq!(plan.next(at("28:41"), &drilled), Some((at("33:00"), Work::Backup)));
    }

    #[test]
    fn jitter_is_never_longer_than_it_may_be() {
        let config = BackupConfig { jitter: Duration::from_mins(15), ..BackupConfig::default() };
        let stored = kept("2:50", Some("2:50"), Some("4:50"));
        for (chance, expected) in [(0.0, "26:30"), (0.4, "26:36"), (1.0, "26:45"), (7.0, "26:45")] {
            let plan = Plan::new(&config, chance).unwrap();
            assert_eq!(plan.next(at("5:00"), &stored), Some((at(expected), Work::Backup)));
        }
    }

    #[test]
    fn replicas_follow_the_backup_and_those_that_failed_come_again_after_an_hour() {
        let mut config = BackupConfig { jitter: Duration::ZERO, ..BackupConfig::default() };
        let replica = r#"{"name": "away", "repository": "/mnt/away"}"#;
        config.replica = vec![serde_json::from_str(replica).unwrap()];
        let plan = Plan::new(&config, 0.0).unwrap();
        let mut kept = kept("2:30", Some("2:30"), Some("4:30"));
        assert_eq!(plan.next(at("2:40"), &kept), Some((at("2:30"), Work::Copies)));
        kept.replicas.entry("away".to_owned()).or_default().tried = Some(at("2:40"));
        assert_eq!(plan.next(at("2:41"), &kept), Some((at("3:40"), Work::Copies)));
        kept.replicas.entry("away".to_owned()).or_default().holds = Some(at("2:30"));
        assert_eq!(plan.next(at("4:41"), &kept), Some((at("26:30"), Work::Backup)));
        kept.backup_tried = Some(at("26:30"));
        kept.stored(at("26:30"));
        assert_eq!(kept.replicas["away"].behind_since, Some(at("26:30")));
        assert_eq!(plan.next(at("26:31"), &kept), Some((at("26:30"), Work::Copies)));
    }

    #[test]
    fn nothing_is_removed_without_a_rule_and_never_before_a_backup() {
        let mut config = BackupConfig { jitter: Duration::ZERO, ..BackupConfig::default() };
        config.drill.at = String::new();
        (config.keep.at, config.keep.daily) = ("0 12 * * *".to_owned(), 7);
        let plan = Plan::new(&config, 0.0).unwrap();
        let stored = kept("2:30", Some("2:30"), None);
        assert_eq!(plan.next(at("3:00"), &stored), Some((at("12:00"), Work::Prune)));
        assert_eq!(plan.next(at("3:00"), &Kept::default()), Some((at("3:00"), Work::Backup)));
        config.keep.daily = 0;
        let plan = Plan::new(&config, 0.0).unwrap();
        assert_eq!(plan.next(at("3:00"), &stored), Some((at("26:30"), Work::Backup)));
    }
}
