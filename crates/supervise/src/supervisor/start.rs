//! From a service that does not run to one that does.

use wardkit_core::Severity;

use super::Supervisor;
use super::probing::ProbeState;
use super::unit::{Kept, Phase, Run};
use crate::{Action, Cron, Desired, Kind, ProbePhase, Process, Reason, Rest, WaitFor};

impl Supervisor {
    /// Starts a service if it is to run and waits for nothing.
    pub(super) fn consider_start(&mut self, at: usize) {
        if self.units[at].is_removed {
            return self.forget(at);
        }
        let old = std::mem::take(&mut self.units[at].waits);
        self.run_by_schedule(at);
        if !self.is_wanted(at) || !self.is_recovered(at) {
            return;
        }
        let unit = &self.units[at];
        let is_left_alone = unit.maintenance.is_some() && !unit.is_asked;
        let is_over = matches!(unit.rest, Rest::Failed { .. } | Rest::Finished);
        if is_over || is_left_alone || self.is_resting(at) {
            return;
        }
        let waits = self.gate(at);
        let conflicts = &self.graph.nodes[at].conflicts;
        if waits.iter().all(|(other, _)| conflicts.contains(other)) {
            self.put_down_conflicts(at);
        }
        if waits.is_empty() {
            return self.start(at);
        }
        self.units[at].waits = waits;
        if old.is_empty() && self.units[at].is_restart {
            self.tell_held(at);
        }
    }

    /// Looks for a run that was kept, or for a watched service that may run already.
    pub(super) fn find(&mut self, at: usize) {
        let unit = &mut self.units[at];
        let Phase::Finding { kept, is_sent } = &mut unit.phase else { return };
        *is_sent = true;
        let process = kept.as_ref().and_then(|kept| kept.process.clone());
        let (service, generation) = (unit.name.clone(), unit.generation);
        self.out.push(Action::Find { service, generation, process });
    }

    /// Has a service started, of which it is certain that no other run is there.
    pub(super) fn spawn(&mut self, at: usize) {
        let unit = &mut self.units[at];
        unit.phase = Phase::Spawning;
        let (service, generation) = (unit.name.clone(), unit.generation);
        self.out.push(Action::Spawn { service, generation });
        self.changed(at);
    }

    /// Takes note that the present run runs.
    pub(super) fn alive(&mut self, at: usize, process: Process, kept: Option<&Kept>) {
        let boot = self.now.boot;
        let spec = self.units[at].spec.clone();
        let was_ready = kept.is_some_and(|kept| kept.ready);
        let started = kept.map_or(boot, |kept| kept.started);
        let mut run = Run {
            process,
            started,
            has_started: was_ready,
            is_ready: was_ready,
            was_ready,
            // After a restart of the program it gets the whole time once more: nobody listened meanwhile.
            deadline: (spec.tells_when_ready() && !was_ready)
                .then(|| boot.saturating_add(spec.start_timeout)),
            probes: [None, None, None],
        };
        let first = if was_ready { ProbePhase::Readiness } else { ProbePhase::Startup };
        if spec.probes.startup.is_some() && first == ProbePhase::Startup {
            run.probes[0] = ProbeState::begin(&spec, ProbePhase::Startup, boot, None);
        } else {
            run.has_started = true;
            for (slot, phase) in [(1, ProbePhase::Readiness), (2, ProbePhase::Liveness)] {
                let good = (was_ready && phase == ProbePhase::Readiness).then_some(true);
                run.probes[slot] = ProbeState::begin(&spec, phase, boot, good);
            }
        }
        let unit = &mut self.units[at];
        unit.has_run = true;
        unit.says = None;
        unit.rules.fill_with(Default::default);
        unit.phase = Phase::Alive(Box::new(run));
        self.changed(at);
    }

    /// Puts those down that cannot run beside a service that is about to start.
    fn put_down_conflicts(&mut self, at: usize) {
        for place in 0..self.graph.nodes[at].conflicts.len() {
            let other = self.graph.nodes[at].conflicts[place];
            let name = self.units[at].name.to_string();
            let unit = &mut self.units[other];
            if unit.desired == Desired::Up {
                unit.desired = Desired::Down;
                unit.down_by = Reason::Conflict { with: name };
                unit.rest = Rest::None;
                self.changed(other);
            }
        }
    }

    fn start(&mut self, at: usize) {
        let unit = &mut self.units[at];
        unit.generation = unit.generation.saturating_add(1);
        unit.restarts += u64::from(unit.is_restart);
        unit.is_restart = false;
        unit.is_asked = false;
        unit.stop = None;
        unit.rest = Rest::None;
        if unit.spec.kind == Kind::Watched {
            unit.phase = Phase::Finding { kept: None, is_sent: false };
            self.find(at);
            self.changed(at);
        } else {
            self.spawn(at);
        }
    }

    /// Goes on to the next time of a task's schedule, and returns whether one has come.
    pub(super) fn advance_schedule(&mut self, at: usize) -> bool {
        let unit = &mut self.units[at];
        let has_come = unit.next_run.is_some_and(|next| next <= self.now.wall);
        if has_come {
            let cron = unit.spec.schedule.as_deref().and_then(|line| line.parse::<Cron>().ok());
            unit.next_run = cron.and_then(|cron| cron.next_after(self.now.wall));
        }
        has_come
    }

    /// Has a task run whose time has come.
    fn run_by_schedule(&mut self, at: usize) {
        if self.advance_schedule(at) && self.units[at].desired == Desired::Up {
            let unit = &mut self.units[at];
            unit.rest = Rest::None;
            unit.forgive();
            self.changed(at);
        }
    }

    /// Drops a service that is no longer declared.
    fn forget(&mut self, at: usize) {
        if !self.units[at].is_gone {
            let name = self.units[at].name.clone();
            self.units[at].is_gone = true;
            self.units[at].is_changed = false;
            if self.index.get(&name) == Some(&at) {
                self.index.remove(&name);
            }
            self.out.push(Action::Forget(name));
        }
    }

    /// Tells that a service does not start because of another, when it ran before.
    pub(super) fn tell_held(&mut self, at: usize) {
        let Some((on, WaitFor::Readiness)) = self.units[at].waits.first().copied() else { return };
        let message = format!("waits for {} to be ready", self.units[on].name);
        self.tell(at, "supervise.held", Severity::Info, message);
    }
}
