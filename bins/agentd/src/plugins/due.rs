//! When plugins are due. Pure.

use std::time::Duration;

use wardkit_core::Timestamp;
use wardkit_supervise::Cron;

use crate::config::PluginRunConfig;

/// The time of the day, and the time since the host booted, which nobody sets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub wall: Timestamp,
    pub up: Duration,
}

/// What is called on schedule, and when next.
#[derive(Debug, Default)]
pub(super) struct Due(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    run: PluginRunConfig,
    rhythm: Rhythm,
}

#[derive(Debug)]
enum Rhythm {
    Every { each: Duration, next: Duration },
    At { line: Cron, last: Timestamp },
}

impl Due {
    /// Takes over what is configured now. What is as it was is due when it would have been.
    pub(super) fn follow(&mut self, runs: &[PluginRunConfig], now: Now) {
        let mut before = std::mem::take(&mut self.0);
        for run in runs {
            let known = before.iter().position(|entry| entry.run == *run);
            let entry = known.map(|at| before.swap_remove(at));
            self.0.extend(entry.or_else(|| Entry::new(run, now)));
        }
    }

    /// Returns what is due now. What was due several times meanwhile is so once.
    pub(super) fn take(&mut self, now: Now) -> Vec<PluginRunConfig> {
        self.0.iter_mut().filter_map(|entry| entry.is_due(now).then(|| entry.run.clone())).collect()
    }

    /// Returns how long nothing is due.
    pub(super) fn wait(&self, now: Now) -> Option<Duration> {
        self.0.iter().filter_map(|entry| entry.wait(now)).min()
    }
}

impl Entry {
    fn new(run: &PluginRunConfig, now: Now) -> Option<Self> {
        let rhythm = if run.every.is_zero() {
            Rhythm::At { line: run.at.parse().ok()?, last: now.wall }
        } else {
            Rhythm::Every { each: run.every, next: now.up + run.every }
        };
        Some(Self { run: run.clone(), rhythm })
    }

    fn is_due(&mut self, now: Now) -> bool {
        if self.wait(now).is_none_or(|wait| !wait.is_zero()) {
            return false;
        }
        match &mut self.rhythm {
            Rhythm::Every { each, next } => *next = now.up + *each,
            Rhythm::At { last, .. } => *last = now.wall,
        }
        true
    }

    fn wait(&self, now: Now) -> Option<Duration> {
        match &self.rhythm {
            Rhythm::Every { next, .. } => Some(next.saturating_sub(now.up)),
            // A clock that was set back makes nothing wait for the time it showed before.
            Rhythm::At { line, last } => {
                let next = line.next_after((*last).min(now.wall))?;
                Some(next.duration_since(now.wall).unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Now {
        let wall = Timestamp::from_unix_seconds(1_700_000_000 + seconds.cast_signed());
        Now { wall, up: Duration::from_secs(seconds) }
    }

    fn run(every: u64, line: &str) -> PluginRunConfig {
        let (every, at) = (Duration::from_secs(every), line.to_owned());
        PluginRunConfig { plugin: "org.example.hello".to_owned(), every, at, ..Default::default() }
    }

    #[test]
    fn what_is_due_is_due_once_and_a_reload_does_not_put_it_off() {
        let (minute, hourly) = (run(60, ""), run(0, "0 * * * *"));
        let mut due = Due::default();
        due.follow(&[minute.clone(), hourly.clone()], at(0));
        assert_eq!(due.take(at(59)), []);
        assert_eq!(due.wait(at(59)), Some(Duration::from_secs(1)));
        due.follow(&[hourly.clone(), run(90, ""), minute.clone()], at(59));
        assert_eq!(due.take(at(60)), std::slice::from_ref(&minute));
        assert_eq!(due.take(at(61)), []);
        // 1 700 000 000 is 22:13:20, and the hour comes 46 minutes and 40 seconds later.
        assert_eq!(due.take(at(2799)), [run(90, ""), minute.clone()]);
        assert_eq!(due.take(at(2800)), [hourly]);
        assert_eq!(due.take(at(2801)), []);
        due.follow(&[], at(2801));
        assert_eq!(due.wait(at(2801)), None);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nothing_wait() {
        let hourly = run(0, "0 * * * *");
        let mut due = Due::default();
        due.follow(std::slice::from_ref(&hourly), at(100_000));
        let back = Now { wall: at(0).wall, up: Duration::from_secs(100_001) };
        assert_eq!(due.wait(back), Some(Duration::from_secs(2800)));
    }
}
