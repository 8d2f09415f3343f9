//! What a driver says of runs.

use std::sync::Arc;

use wardkit_core::Severity;

use super::Supervisor;
use super::unit::Phase;
use crate::{
    Ending, Exit, Input, Notice, ProbePhase, Process, Reason, SpawnError, SpawnErrorClass, Tree,
};

impl Supervisor {
    /// Takes in what is said of a run; nothing when it is not the present one.
    pub(super) fn heard(&mut self, input: Input) {
        match input {
            Input::Spawned { service, generation, process } => {
                let Some(at) = self.present(&service, generation) else { return };
                if matches!(self.units[at].phase, Phase::Spawning) {
                    self.spawned(at, process);
                }
            }
            Input::SpawnFailed { service, generation, error } => {
                let Some(at) = self.present(&service, generation) else { return };
                if matches!(self.units[at].phase, Phase::Spawning) {
                    self.spawn_failed(at, error);
                }
            }
            Input::Found { service, generation, process } => {
                let Some(at) = self.present(&service, generation) else { return };
                self.found(at, process);
            }
            Input::Missing { service, generation, stale } => {
                let Some(at) = self.present(&service, generation) else { return };
                self.missing(at, stale);
            }
            Input::NeverStarted { service, generation } => {
                let Some(at) = self.present(&service, generation) else { return };
                if matches!(self.units[at].phase, Phase::Finding { .. }) {
                    self.units[at].phase = Phase::Idle;
                    self.changed(at);
                }
            }
            Input::Exited { service, generation, ending } => {
                let Some(at) = self.present(&service, generation) else { return };
                self.exited(at, ending);
            }
            Input::TreeGone { service, generation } => {
                let Some(at) = self.present(&service, generation) else { return };
                self.tree_gone(at);
            }
            Input::Probed { service, generation, run, result } => {
                let Some(at) = self.present(&service, generation) else { return };
                self.probed(at, run, result);
            }
            Input::Notified { service, generation, notice } => {
                let Some(at) = self.present(&service, generation) else { return };
                self.notified(at, notice);
            }
            Input::LogMatched { service, generation, phase } => {
                let Some(at) = self.present(&service, generation) else { return };
                self.sign(at, phase);
            }
            Input::Measured { service, generation, measure, value } => {
                let Some(at) = self.present(&service, generation) else { return };
                self.measured(at, measure, value);
            }
            Input::Planned { service, generation, why } => {
                let Some(at) = self.present(&service, generation) else { return };
                self.planned(at, why);
            }
            _ => {}
        }
    }

    /// Returns the place of a service if this is its present run.
    fn present(&self, service: &Arc<str>, generation: u64) -> Option<usize> {
        self.index
            .get(service)
            .copied()
            .filter(|at| self.units[*at].generation == generation && generation > 0)
    }

    fn spawned(&mut self, at: usize, process: Process) {
        let pid = process.pid;
        self.alive(at, process, None);
        let mut event = self.event(at, "supervise.started", Severity::Info);
        if let Some(pid) = pid {
            event = event.with_detail("pid", pid);
        }
        self.out.push(crate::Action::Publish(event));
    }

    fn spawn_failed(&mut self, at: usize, error: SpawnError) {
        let helps = match error.class {
            SpawnErrorClass::Transient => true,
            SpawnErrorClass::Program => self.units[at].has_run,
            SpawnErrorClass::Configuration => false,
        };
        let reason = Reason::SpawnError { error: error.reason };
        self.end(at, &reason, None, Tree::Gone, helps);
    }

    fn found(&mut self, at: usize, process: Process) {
        let Phase::Finding { kept, .. } = &self.units[at].phase else { return };
        let kept = kept.clone();
        self.units[at].stale = None;
        self.alive(at, process, kept.as_ref());
        if let Some(kept) = kept.filter(|kept| kept.ready) {
            // It is what it was before: only who looks after it is new.
            let age = self.now.boot.saturating_sub(kept.started);
            let word = self.state(at).as_str();
            let unit = &mut self.units[at];
            (unit.word, unit.since) = (word, self.now.wall.saturating_sub(age));
        }
        let message = "runs already and is looked after again".to_owned();
        self.tell(at, "supervise.adopted", Severity::Info, message);
    }

    fn missing(&mut self, at: usize, stale: Option<String>) {
        let Phase::Finding { kept, .. } = &self.units[at].phase else { return };
        let is_kept = kept.is_some();
        if let Some(stale) = stale {
            self.units[at].stale = Some(stale.clone());
            self.tell(at, "supervise.stale", Severity::Warning, stale);
        }
        if is_kept {
            self.end(at, &Reason::Unknown, Some(Ending::new(Exit::Unknown)), Tree::Unknown, true);
        } else if self.is_wanted(at) && self.units[at].cut.is_none() {
            self.spawn(at);
        } else {
            self.units[at].phase = Phase::Idle;
            self.changed(at);
        }
    }

    fn exited(&mut self, at: usize, ending: Ending) {
        let reason = match &self.units[at].phase {
            Phase::Idle | Phase::Clearing { .. } => return,
            Phase::Stopping { why, .. } => why.clone(),
            _ => self.reason_of(at, &ending),
        };
        let tree = ending.tree;
        self.end(at, &reason, Some(ending), tree, true);
    }

    fn tree_gone(&mut self, at: usize) {
        match &self.units[at].phase {
            Phase::Clearing { .. } => {
                self.units[at].phase = Phase::Idle;
                self.units[at].is_cycling = false;
                self.changed(at);
            }
            // Nobody saw the main process end.
            Phase::Stopping { why, .. } => {
                let why = why.clone();
                self.end(at, &why, Some(Ending::new(Exit::Unknown)), Tree::Gone, true);
            }
            _ => {}
        }
    }

    fn notified(&mut self, at: usize, notice: Notice) {
        let boot = self.now.boot;
        let unit = &mut self.units[at];
        match notice {
            Notice::Ready => {
                self.sign_by_notify(at, ProbePhase::Startup);
                self.sign_by_notify(at, ProbePhase::Readiness);
            }
            Notice::Watchdog => self.sign_by_notify(at, ProbePhase::Liveness),
            Notice::WatchdogFailed => {
                if matches!(unit.phase, Phase::Alive(_)) && unit.maintenance.is_none() {
                    unit.stop = Some(Reason::Watchdog);
                    self.touch(at);
                }
            }
            Notice::Status(text) => unit.says = Some(text.chars().take(MOST_STATUS).collect()),
            Notice::ExtendTimeout(by) => {
                let until = boot.saturating_add(by.min(MOST_EXTENSION));
                match &mut unit.phase {
                    Phase::Alive(run) => {
                        run.deadline = run.deadline.map(|deadline| deadline.max(until));
                    }
                    Phase::Stopping { kill_at, is_killed: false, .. } => {
                        *kill_at = until.max(*kill_at);
                    }
                    _ => {}
                }
                self.touch(at);
            }
            Notice::MainProcess(process) => {
                if let Phase::Alive(run) | Phase::Stopping { run, .. } = &mut unit.phase {
                    run.process = process;
                    self.changed(at);
                }
            }
            Notice::Stopping => {}
        }
    }

    fn sign_by_notify(&mut self, at: usize, phase: ProbePhase) {
        if self.units[at].spec.probes.of(phase).is_some_and(|probe| probe.notify) {
            self.sign(at, phase);
        }
    }
}

/// As much as a line on a screen has.
const MOST_STATUS: usize = 200;
/// A service that asks for more is not one that starts or stops.
const MOST_EXTENSION: std::time::Duration = std::time::Duration::from_hours(1);
