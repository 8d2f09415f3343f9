//! Why a service is as it is, and what comes next.

use std::time::Duration;

use wardkit_core::Timestamp;

use super::Supervisor;
use super::unit::Phase;
use crate::{Desired, Explanation, Rest, State, WaitFor};

impl Supervisor {
    /// Returns what a service is, why, and what comes next.
    #[must_use]
    pub fn explain(&self, service: &str) -> Option<Explanation> {
        let at = self.place(service)?;
        let unit = &self.units[at];
        let status = self.status_at(at);
        let gives_up_at = self.gives_up_at(at);
        let mut next = self.next(at, &status.state);
        if let Some(gives_up_at) = gives_up_at {
            next.push(format!("gives up at {gives_up_at} if it goes on like this"));
        }
        let needed_by = self.graph.nodes[at].needed_by.iter();
        Some(Explanation {
            why: self.why(at, &status.state),
            next,
            gives_up_at,
            needed_by: needed_by.map(|other| self.units[*other].name.to_string()).collect(),
            maintenance: unit.maintenance.clone(),
            exits: unit.history.iter().cloned().collect(),
            uptime: match &unit.phase {
                Phase::Alive(run) => Some(self.now.boot.saturating_sub(run.started)),
                _ => None,
            },
            status,
        })
    }

    fn why(&self, at: usize, state: &State) -> Vec<String> {
        let unit = &self.units[at];
        let mut why = Vec::new();
        match state {
            State::Stopped if self.is_shutdown => why.push("all services are being stopped".into()),
            State::Stopped if unit.desired == Desired::Down => why.push(unit.down_by.to_string()),
            State::Held { by } => why.extend(by.iter().map(ToString::to_string)),
            State::Failed { why: reason } => why.push(reason.clone()),
            State::Starting if matches!(unit.phase, Phase::Alive(_)) => {
                why.push("it has not been ready yet".into());
            }
            State::Running { ready: false } => why.push("its readiness probe fails".into()),
            State::Stopping => match &unit.phase {
                Phase::Stopping { why: reason, .. } => why.push(reason.to_string()),
                _ => why.push("what is left of its last run is being killed".into()),
            },
            State::Unkillable => {
                why.push(
                    "it was killed and is still there; the kernel has not let go of it".into(),
                );
            }
            State::Recovering { step } => why.push(format!("recovers: {step}")),
            _ => {}
        }
        if let Some(maintenance) = &unit.maintenance {
            let (by, comment) = (&maintenance.by, &maintenance.comment);
            why.push(format!("in maintenance by {by} since {}: {comment}", maintenance.since));
        }
        if let Some(says) = &unit.says {
            why.push(format!("says: {says}"));
        }
        why.extend(unit.stale.clone());
        why.extend(unit.remarks.values().flatten().cloned());
        if let Some(last) = unit.history.back() {
            let uptime = wardkit_retry::duration::print(millis(last.uptime));
            why.push(format!("its last run ended after {uptime}: {}", last.reason));
        }
        why
    }

    fn next(&self, at: usize, state: &State) -> Vec<String> {
        let unit = &self.units[at];
        let mut next = Vec::new();
        match state {
            State::Backoff { until } => next.push(format!("is started again at {until}")),
            State::CrashLoop { until } => next.push(format!("is tried once more at {until}")),
            State::Held { by } if by.is_empty() => next.push("is started at once".into()),
            State::Held { .. } => next.push("is started when that is over".into()),
            State::Failed { .. } if unit.broken.is_empty() => {
                next.push("is started when somebody starts it".into());
            }
            State::Failed { .. } => next.push("is started when its configuration is mended".into()),
            _ => {}
        }
        match &unit.phase {
            Phase::Alive(run) => {
                if let Some(deadline) = run.deadline {
                    let at = self.wall_at(deadline);
                    next.push(format!("is stopped at {at} if it is not ready by then"));
                }
                if unit.failures > 0 || unit.is_looping {
                    let stable = unit.spec.backoff.stable_after(unit.failures);
                    let at = self.wall_at(run.started.saturating_add(stable));
                    next.push(format!("counts as stable at {at} if it still runs then"));
                }
            }
            Phase::Stopping { kill_at, is_killed: false, .. } => {
                next.push(format!("is killed at {}", self.wall_at(*kill_at)));
            }
            _ => {}
        }
        if let Some(run) = unit.next_run {
            next.push(format!("runs by its schedule at {run}"));
        }
        let conflict = unit.waits.iter().any(|(_, until)| *until == WaitFor::End);
        if conflict {
            next.push("those that it waits for are being stopped".into());
        }
        next
    }

    /// Returns when the restarts of a service would be too many, if each run ended as fast as the last one and each
    /// wait were as long as it can be.
    fn gives_up_at(&self, at: usize) -> Option<Timestamp> {
        let unit = &self.units[at];
        let intensity = &unit.spec.intensity;
        let most = usize::try_from(intensity.max_restarts).ok().filter(|most| *most > 0)?;
        let lasting = unit.history.back()?.uptime;
        if unit.failures == 0 || unit.is_looping {
            return None;
        }
        let mut at = match (&unit.phase, &unit.rest) {
            (Phase::Idle | Phase::Clearing { .. }, Rest::Backoff { until }) => {
                (*until).max(self.now.boot)
            }
            (Phase::Alive(run), _) => run.started,
            _ => self.now.boot,
        };
        let mut restarted = unit.restarted.clone();
        let mut failures = unit.failures;
        for _ in 0..=most {
            at = at.saturating_add(lasting).max(self.now.boot);
            if lasting >= unit.spec.backoff.stable_after(failures) {
                return None;
            }
            let window = at.saturating_sub(intensity.window);
            while restarted.front().is_some_and(|restarted| *restarted < window) {
                restarted.pop_front();
            }
            if restarted.len() >= most {
                return Some(self.wall_at(at));
            }
            restarted.push_back(at);
            failures = failures.saturating_add(1);
            at = at.saturating_add(unit.spec.backoff.longest_wait(failures));
        }
        None
    }
}

fn millis(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
