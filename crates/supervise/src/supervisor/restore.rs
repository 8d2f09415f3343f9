//! What is kept of services, and what is made of it after a restart of the program or of the host.

use std::time::Duration;

use super::Supervisor;
use super::unit::{Kept, Phase, Unit};
use crate::{Cron, Desired, Ended, Kind, Reason, Record, RecordPhase, Rest, ServiceSpec};

impl Supervisor {
    /// Returns what is to be kept of every service.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        (0..self.units.len()).filter_map(|at| self.record(at)).collect()
    }

    /// Returns what is to be kept of a service; nothing of one that is gone.
    pub(super) fn record(&self, at: usize) -> Option<Record> {
        let unit = &self.units[at];
        if unit.is_gone {
            return None;
        }
        let kept = match &unit.phase {
            Phase::Finding { kept, .. } => kept.clone(),
            phase => phase.run().map(|run| Kept {
                process: Some(run.process.clone()),
                started: run.started,
                ready: run.was_ready,
            }),
        };
        Some(Record {
            service: unit.name.to_string(),
            boot_id: self.host.boot_id.clone(),
            desired: unit.desired,
            generation: unit.generation,
            phase: match &unit.phase {
                // A watched service that is looked for has no run yet.
                Phase::Idle | Phase::Finding { kept: None, .. } => RecordPhase::Over,
                Phase::Clearing { .. } => RecordPhase::Clearing,
                _ => RecordPhase::Live,
            },
            started: kept.as_ref().map_or(Duration::ZERO, |kept| kept.started),
            ready: kept.as_ref().is_some_and(|kept| kept.ready),
            process: kept.and_then(|kept| kept.process),
            rest: unit.rest.clone(),
            failures: unit.failures,
            restarted: unit.restarted.iter().copied().collect(),
            looping: unit.is_looping,
            restarts: unit.restarts,
            maintenance: unit.maintenance.clone(),
            history: unit.history.iter().cloned().collect(),
        })
    }

    /// Takes up what was kept.
    pub(super) fn restore(&mut self, records: Vec<Record>) {
        for record in records {
            let at = match self.place(&record.service) {
                Some(at) => at,
                None => self.undeclared(&record.service),
            };
            let is_same_boot = record.boot_id == self.host.boot_id;
            self.restore_wishes(at, &record);
            self.catch_up(at, &record, is_same_boot);
            if is_same_boot {
                self.restore_run(at, record);
            } else if record.phase == RecordPhase::Live {
                self.units[at].remember(Ended {
                    generation: record.generation,
                    at: self.now.wall,
                    uptime: Duration::ZERO,
                    reason: Reason::Reboot,
                    exit: None,
                    memory_peak: None,
                });
            }
        }
        (0..self.units.len()).for_each(|at| self.changed(at));
    }

    /// Makes a place for a service that was kept and is no longer declared: what runs of it is to end.
    fn undeclared(&mut self, name: &str) -> usize {
        let mut unit = Unit::new(ServiceSpec::new(name, Vec::<String>::new()), self.now.wall);
        unit.is_removed = true;
        self.add(unit)
    }

    /// Takes up what outlives a reboot.
    fn restore_wishes(&mut self, at: usize, record: &Record) {
        let unit = &mut self.units[at];
        unit.desired = record.desired;
        if record.desired == Desired::Down {
            unit.down_by = Reason::Operator { by: "an operator".to_owned() };
        }
        unit.generation = unit.generation.max(record.generation);
        unit.restarts = record.restarts;
        unit.maintenance.clone_from(&record.maintenance);
        unit.has_run =
            record.history.iter().any(|ended| !matches!(ended.reason, Reason::SpawnError { .. }));
        for ended in &record.history {
            unit.remember(ended.clone());
        }
    }

    /// Has a task run once whose time came meanwhile, or that was cut off.
    fn catch_up(&mut self, at: usize, record: &Record, is_same_boot: bool) {
        let unit = &mut self.units[at];
        if unit.next_run.is_none() || !unit.spec.catch_up {
            return;
        }
        let is_cut_off = !is_same_boot && record.phase == RecordPhase::Live;
        let cron = unit.spec.schedule.as_deref().and_then(|line| line.parse::<Cron>().ok());
        let missed =
            cron.zip(record.history.last()).and_then(|(cron, last)| cron.next_after(last.at));
        if is_cut_off || missed.is_some_and(|missed| missed <= self.now.wall) {
            unit.next_run = Some(self.now.wall);
        }
    }

    /// Takes up what belongs to this run of the host.
    fn restore_run(&mut self, at: usize, record: Record) {
        let boot = self.now.boot;
        let unit = &mut self.units[at];
        unit.failures = record.failures;
        unit.restarted = record.restarted.into();
        unit.is_looping = record.looping;
        unit.rest = match record.rest {
            // Whoever restarts the program may have mended what was wrong: one try is cheap.
            Rest::Failed { .. } => Rest::None,
            rest => rest,
        };
        unit.phase = match record.phase {
            RecordPhase::Over => Phase::Idle,
            RecordPhase::Clearing => {
                Phase::Clearing { kill_at: boot, is_killed: false, is_stuck: false }
            }
            RecordPhase::Live => {
                unit.has_run = true;
                let kept = Kept {
                    process: record.process,
                    started: record.started.min(boot),
                    ready: record.ready,
                };
                Phase::Finding { kept: Some(kept), is_sent: false }
            }
        };
    }

    /// Has those run that were just declared and start by themselves, with all that they need.
    pub(super) fn first_wishes(&mut self, fresh: &[usize]) {
        let mut by_themselves = Vec::new();
        for &at in fresh {
            let unit = &mut self.units[at];
            let cron = unit.spec.schedule.as_deref().and_then(|line| line.parse::<Cron>().ok());
            if unit.spec.kind == Kind::Task
                && let Some(cron) = cron
            {
                unit.rest = Rest::Finished;
                unit.next_run = cron.next_after(self.now.wall);
            }
            if unit.spec.autostart {
                by_themselves.push(at);
            } else {
                unit.down_by = Reason::Operator { by: "autostart = false".to_owned() };
            }
        }
        for at in self.closure(&by_themselves) {
            self.units[at].desired = Desired::Up;
        }
    }
}
