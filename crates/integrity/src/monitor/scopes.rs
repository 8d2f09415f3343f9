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

#[derive(Clone, Copy, Debug)]
enum State {
    /// It runs. Something may have been lost since it began.
    Running {
        again: bool,
    },
    Waiting {
        until: Duration,
    },
    /// It ended a moment ago: what is lost meanwhile waits.
    Resting {
        until: Duration,
    },
}

impl Scopes {
    /// Takes in that a scope must be scanned; tells whether to begin now.
    pub(super) fn lose(&mut self, scope: &Path) -> bool {
        // A scan that has ended covers no other scope.
        let covers = |above: &&Path| {
            let scan = self.of.get(*above);
            scan.is_some_and(|one| *above == scope || !matches!(one.state, State::Resting { .. }))
        };
        let covering = scope.ancestors().find(covers);
        let covering = covering.map(Path::to_owned).and_then(|above| self.of.get_mut(&above));
        let is_new = covering.is_none();
        if let Some(scan) = covering {
            match &mut scan.state {
                State::Running { again } => *again = true,
                State::Resting { until } => scan.state = State::Waiting { until: *until },
                State::Waiting { .. } => {}
            }
        } else {
            let scan = Scan { state: State::Running { again: false }, failures: 0 };
            self.of.insert(scope.to_owned(), scan);
        }
        is_new
    }

    pub(super) fn finished(&mut self, now: Duration, scope: &Path, started: Duration) {
        // Else another scan of the same scope, which began before this one was asked for.
        let Some(State::Running { again }) = self.of.get(scope).map(|scan| scan.state) else {
            return;
        };
        if !again && self.of.len() > MOST_RESTING {
            self.of.remove(scope);
            return;
        }
        let until = now.saturating_add(PAUSE.max(now.saturating_sub(started)));
        let state = if again { State::Waiting { until } } else { State::Resting { until } };
        self.of.insert(scope.to_owned(), Scan { state, failures: 0 });
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
        self.of.retain(|_, one| !matches!(one.state, State::Resting { until } if until <= now));
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
            State::Running { .. } | State::Resting { .. } => None,
        });
        waiting.min()
    }
}

/// Between two scans of one scope, and no less than the first took: a flood does not make one endless scan.
const PAUSE: Duration = Duration::from_secs(1);
/// Whoever moves directories about makes as many scopes as he likes.
const MOST_RESTING: usize = 256;
/// After a scan that failed; twice as long after each further one.
const RETRY: Duration = Duration::from_secs(10);
const LONGEST_RETRY: Duration = Duration::from_mins(10);
