//! Recoveries: what is done, step by step, before a service is started again.

use wardkit_core::Severity;

use super::Supervisor;
use super::unit::Phase;
use crate::{Action, Desired, Reason, Rest, Step};

impl Supervisor {
    /// Does what is still to be done to recover, and returns whether all of it is done.
    pub(super) fn is_recovered(&mut self, at: usize) -> bool {
        while let Some(step) = self.units[at].steps.front().cloned() {
            let is_first_look = !std::mem::replace(&mut self.units[at].is_step_sent, true);
            if is_first_look {
                self.tell(at, "supervise.recovery", Severity::Notice, step.to_string());
            }
            let is_over = match &step {
                Step::Restart => true,
                Step::RestartDependants => {
                    self.units[at].restarts_dependants = true;
                    true
                }
                Step::Task(name) => self.is_task_over(at, name, is_first_look),
                Step::Escalate | Step::Isolate | Step::Restore(_) => {
                    if is_first_look {
                        let service = self.units[at].name.clone();
                        self.out.push(Action::Recover { service, step: step.clone() });
                    }
                    !matches!(step, Step::Restore(_))
                }
            };
            if !is_over {
                return false;
            }
            self.next_step(at);
        }
        true
    }

    /// Takes note that a step is over that another part of the program does.
    pub(super) fn recovered(&mut self, at: usize, step: &Step, error: Option<String>) {
        if let Some(error) = &error {
            let message = format!("{step}: {error}");
            self.tell(at, "supervise.recovery_failed", Severity::Error, message);
        }
        let unit = &self.units[at];
        if unit.steps.front() != Some(step) || !unit.is_step_sent {
            return;
        }
        match error {
            None => self.next_step(at),
            Some(error) => {
                self.units[at].steps.clear();
                self.units[at].is_step_sent = false;
                self.fail(at, format!("{step}: {error}"));
                self.changed(at);
            }
        }
    }

    /// Has those started again that depend on a service.
    pub(super) fn restart_dependants(&mut self, at: usize) {
        for other in self.graph.nodes[at].needed_by.clone() {
            if matches!(self.units[other].phase, Phase::Alive(_)) {
                let on = self.units[at].name.to_string();
                self.end_for(other, Reason::Dependency { on });
            }
        }
    }

    fn next_step(&mut self, at: usize) {
        let unit = &mut self.units[at];
        unit.steps.pop_front();
        unit.is_step_sent = false;
        self.touch(at);
    }

    fn is_task_over(&mut self, at: usize, name: &str, is_first_look: bool) -> bool {
        let Some(task) = self.place(name) else { return true };
        if is_first_look {
            self.recovering.insert(at);
            let unit = &mut self.units[task];
            unit.desired = Desired::Up;
            if unit.phase.is_idle() {
                unit.rest = Rest::None;
                unit.is_asked = true;
                unit.forgive();
            }
            self.changed(task);
            return false;
        }
        let unit = &self.units[task];
        let is_at_rest =
            matches!(unit.rest, Rest::Finished | Rest::Failed { .. } | Rest::CrashLoop { .. });
        let is_over = unit.phase.is_idle() && (is_at_rest || !self.is_wanted(task));
        if is_over {
            self.recovering.remove(&at);
        }
        is_over
    }
}
