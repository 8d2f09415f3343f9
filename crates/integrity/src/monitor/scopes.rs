//! What must be scanned again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The scans that were asked for.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    of: BTreeMap<PathBuf, Scan>,
}

#[derive(Debug)]
struct Scan {
    state: State,
    failures: u32,
}

#[derive(Debug)]
enum State {
    /// It runs. Something may have been lost since it began.
    Running {
        again: bool,
    },
    Waiting {
        until: Duration,
    },
}

impl Scopes {
    /// Takes in that a scope must be scanned; tells whether to begin now.
    pub(super) fn lose(&mut self, scope: &Path) -> bool {
        let covering = scope.ancestors().find(|above| self.of.contains_key(*above));
        let covering = covering.map(Path::to_owned).and_then(|above| self.of.get_mut(&above));
        let is_new = covering.is_none();
        if let Some(scan) = covering {
            if let State::Running { again } = &mut scan.state {
                *again = true;
            }
        } else {
            let scan = Scan { state: State::Running { again: false }, failures: 0 };
            self.of.insert(scope.to_owned(), scan);
        }
        is_new
    }

    pub(super) fn finished(&mut self, now: Duration, scope: &Path) {
        let Some(scan) = self.of.get_mut(scope) else { return };
        match scan.state {
            State::Running { again: true } => {
                let until = now.saturating_add(PAUSE);
                *scan = Scan { state: State::Waiting { until }, failures: 0 };
            }
            State::Running { again: false } => {
                self.of.remove(scope);
            }
            // Another scan of the same scope, which began before this one was asked for.
            State::Waiting { .. } => {}
        }
    }

    pub(super) fn failed(&mut self, now: Duration, scope: &Path) {
        let new = || Scan { state: State::Running { again: false }, failures: 0 };
        let scan = self.of.entry(scope.to_owned()).or_insert_with(new);
        scan.failures = scan.failures.saturating_add(1);
        let pause =
            RETRY.saturating_mul(2_u32.saturating_pow(scan.failures - 1)).min(LONGEST_RETRY);
        scan.state = State::Waiting { until: now.saturating_add(pause) };
    }

    /// Returns the scans that are due.
    pub(super) fn pass(&mut self, now: Duration) -> Vec<PathBuf> {
        let mut due = Vec::new();
        for (scope, scan) in &mut self.of {
            if matches!(scan.state, State::Waiting { until } if until <= now) {
                scan.state = State::Running { again: false };
                due.push(scope.clone());
            }
        }
        due
    }

    pub(super) fn due(&self) -> Option<Duration> {
        let waiting = self.of.values().filter_map(|scan| match scan.state {
            State::Waiting { until } => Some(until),
            State::Running { .. } => None,
        });
        waiting.min()
    }
}

/// Between two scans of one scope, so that a flood does not make one endless scan.
const PAUSE: Duration = Duration::from_secs(2);
/// After a scan that failed; twice as long after each further one.
const RETRY: Duration = Duration::from_secs(10);
const LONGEST_RETRY: Duration = Duration::from_mins(10);
