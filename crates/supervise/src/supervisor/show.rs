//! How services are, and when something is due of them.

use std::time::Duration;

use wardkit_core::Timestamp;

use super::Supervisor;
use super::unit::Phase;
use crate::{Desired, Kind, Rest, ServiceStatus, State, Wait};

impl Supervisor {
    /// Returns how each service is, in the order of the configuration.
    #[must_use]
    pub fn status(&self) -> Vec<ServiceStatus> {
        let there = (0..self.units.len()).filter(|at| !self.units[*at].is_gone);
        there.map(|at| self.status_at(at)).collect()
    }

    /// Returns how a service is.
    #[must_use]
    pub fn status_of(&self, service: &str) -> Option<ServiceStatus> {
        self.place(service).map(|at| self.status_at(at))
    }

    pub(super) fn status_at(&self, at: usize) -> ServiceStatus {
        let unit = &self.units[at];
        ServiceStatus {
            name: unit.name.to_string(),
            state: self.state(at),
            since: unit.since,
            pid: unit.phase.run().and_then(|run| run.process.pid),
            generation: unit.generation,
            restarts: unit.restarts,
            says: unit.says.clone(),
        }
    }

    pub(super) fn state(&self, at: usize) -> State {
        let unit = &self.units[at];
        match &unit.phase {
            Phase::Stopping { is_stuck: true, .. } | Phase::Clearing { is_stuck: true, .. } => {
                State::Unkillable
            }
            Phase::Stopping { .. } | Phase::Clearing { .. } => State::Stopping,
            Phase::Finding { .. } | Phase::Spawning => State::Starting,
            Phase::Alive(run) if !run.was_ready && unit.spec.tells_when_ready() => State::Starting,
            Phase::Alive(run) => State::Running { ready: run.is_ready },
            Phase::Idle => self.idle_state(at),
        }
    }

    fn idle_state(&self, at: usize) -> State {
        let unit = &self.units[at];
        if !unit.broken.is_empty() {
            return State::Failed { why: unit.broken.join("; ") };
        }
        if unit.desired == Desired::Down || !self.is_wanted(at) {
            return State::Stopped;
        }
        if let Some(step) = unit.steps.front() {
            return State::Recovering { step: step.to_string() };
        }
        match &unit.rest {
            Rest::Failed { why } => State::Failed { why: why.clone() },
            Rest::Finished if unit.spec.kind == Kind::Task => State::Finished,
            Rest::Finished => State::Stopped,
            _ if unit.maintenance.is_some() && !unit.is_asked => State::Maintenance,
            Rest::Backoff { until } if self.is_resting(at) => {
                State::Backoff { until: self.wall_at(*until) }
            }
            Rest::CrashLoop { until } if self.is_resting(at) => {
                State::CrashLoop { until: self.wall_at(*until) }
            }
            _ => State::Held { by: self.waits(at) },
        }
    }

    pub(super) fn waits(&self, at: usize) -> Vec<Wait> {
        let wait = |(other, until): &(usize, crate::WaitFor)| Wait {
            on: self.units[*other].name.to_string(),
            until: *until,
            is: self.units[*other].word,
        };
        self.units[at].waits.iter().map(wait).collect()
    }

    /// Returns the wall time at a time since the boot, as far as one can know.
    pub(super) fn wall_at(&self, boot: Duration) -> Timestamp {
        match boot.checked_sub(self.now.boot) {
            Some(later) => self.now.wall.saturating_add(later),
            None => self.now.wall.saturating_sub(self.now.boot.saturating_sub(boot)),
        }
    }

    /// Returns when a service must be looked at again.
    pub(super) fn next_due(&self, at: usize) -> Option<Duration> {
        let unit = &self.units[at];
        let by_schedule = unit.next_run.map(|next| {
            let left = next.duration_since(self.now.wall).unwrap_or_default();
            // The wall's clock may be set meanwhile.
            self.now.boot.saturating_add(left.min(SCHEDULE_CHECK))
        });
        let own = match &unit.phase {
            Phase::Idle if self.is_wanted(at) && self.is_resting(at) => match unit.rest {
                Rest::Backoff { until } | Rest::CrashLoop { until } => Some(until),
                _ => None,
            },
            // One that must end waits for those that must end before it.
            Phase::Alive(_) if self.must_stop(at).is_none() => self.next_look(at),
            Phase::Stopping { kill_at, .. } | Phase::Clearing { kill_at, .. } => Some(*kill_at),
            _ => None,
        };
        let by_schedule = by_schedule.filter(|_| unit.phase.is_idle() && self.is_wanted(at));
        own.into_iter().chain(by_schedule).min()
    }
}

/// How late a task may be when the wall's clock is set forward.
const SCHEDULE_CHECK: Duration = Duration::from_mins(1);
