//! Probes: when they run, what is made of them, and whether a service is ready and lives.

use std::time::Duration;

use wardkit_core::Severity;

use super::Supervisor;
use super::unit::Phase;
use crate::{Action, ProbeAction, ProbePhase, ProbeResult, Reason, ServiceSpec};

/// How one probe of a run stands.
#[derive(Clone, Debug)]
pub(super) struct ProbeState {
    /// When it runs next; of one that is heard, when it must have been.
    pub(super) due: Duration,
    running: Option<Running>,
    passed: u32,
    failed: u32,
    /// What it says; nothing at first.
    good: Option<bool>,
}

/// A run of a probe.
#[derive(Clone, Copy, Debug)]
struct Running {
    number: u64,
    started: Duration,
    deadline: Duration,
}

impl ProbeState {
    pub(super) fn begin(
        spec: &ServiceSpec,
        phase: ProbePhase,
        boot: Duration,
        good: Option<bool>,
    ) -> Option<Self> {
        let probe = spec.probes.of(phase)?;
        let is_heard = probe.kind()?.is_heard();
        let first = if is_heard { probe.period } else { Duration::ZERO };
        let due = boot.saturating_add(probe.initial_delay).saturating_add(first);
        Some(Self { due, running: None, passed: 0, failed: 0, good })
    }

    /// Returns when it must be looked at.
    fn next(&self, is_heard: bool, phase: ProbePhase) -> Option<Duration> {
        match self.running {
            Some(running) => Some(running.deadline),
            // Nothing follows from not having heard that it is ready, but the deadline of the start.
            None if is_heard && phase != ProbePhase::Liveness => None,
            None => Some(self.due),
        }
    }
}

impl Supervisor {
    /// Looks after a run: its probes, its deadline, and whether it is stable.
    pub(super) fn look_after(&mut self, at: usize) {
        self.become_ready(at);
        let boot = self.now.boot;
        let is_left_alone = self.units[at].maintenance.is_some();
        if let Phase::Alive(run) = &self.units[at].phase
            && run.deadline.is_some_and(|deadline| deadline <= boot)
            && !is_left_alone
        {
            self.end_for(at, Reason::StartTimeout);
            return;
        }
        for phase in ProbePhase::ALL {
            self.run_probe(at, phase);
        }
        self.settle(at);
    }

    /// Takes in what a run of a probe found.
    pub(super) fn probed(&mut self, at: usize, number: u64, result: ProbeResult) {
        let Phase::Alive(run) = &mut self.units[at].phase else { return };
        for phase in ProbePhase::ALL {
            let Some(state) = &mut run.probes[slot(phase)] else { continue };
            let Some(running) = state.running.filter(|running| running.number == number) else {
                continue;
            };
            state.running = None;
            self.free_place();
            self.judge(at, phase, running.started, result);
            return;
        }
    }

    /// Takes note of a sign that is not asked for: a notice or a line of the log.
    pub(super) fn sign(&mut self, at: usize, phase: ProbePhase) {
        let boot = self.now.boot;
        let unit = &mut self.units[at];
        let Some(probe) = unit.spec.probes.of(phase) else { return };
        if !probe.kind().is_some_and(crate::ProbeKind::is_heard) {
            return;
        }
        let period = probe.period;
        let Phase::Alive(run) = &mut unit.phase else { return };
        // It is said once, perhaps before the startup probe has passed, and counts from then on.
        if phase == ProbePhase::Readiness && !run.has_started {
            run.probes[slot(phase)] = ProbeState::begin(&unit.spec, phase, boot, Some(true));
        }
        let Some(state) = &mut run.probes[slot(phase)] else { return };
        state.due = boot.saturating_add(period);
        (state.failed, state.good) = (0, Some(true));
        self.touch(at);
    }

    /// Returns when the present run must be looked at.
    pub(super) fn next_look(&self, at: usize) -> Option<Duration> {
        let unit = &self.units[at];
        let Phase::Alive(run) = &unit.phase else { return None };
        let deadline = run.deadline.filter(|_| unit.maintenance.is_none());
        let stable = (run.is_ready && (unit.failures > 0 || unit.is_looping))
            .then(|| run.started.saturating_add(unit.spec.backoff.stable_after(unit.failures)));
        let is_full = self.probes.running >= self.config.max_probes;
        let probes = ProbePhase::ALL.into_iter().filter_map(|phase| {
            let state = run.probes[slot(phase)].as_ref()?;
            let is_heard = unit.spec.probes.of(phase)?.kind()?.is_heard();
            // One that waits for a place is looked at when there is one.
            let waits = is_full && !is_heard && state.running.is_none();
            state.next(is_heard, phase).filter(|due| !waits || *due > self.now.boot)
        });
        probes.chain(deadline).chain(stable).min()
    }

    /// Has all running probes of a service killed.
    pub(super) fn cancel_probes(&mut self, at: usize) {
        self.probes.starved.remove(&at);
        let Phase::Alive(run) = &mut self.units[at].phase else { return };
        let running: Vec<Running> =
            run.probes.iter_mut().flatten().filter_map(|state| state.running.take()).collect();
        for running in running {
            self.cancel(at, running.number);
        }
    }

    /// Runs a probe that is due, and gives up one that is late.
    fn run_probe(&mut self, at: usize, phase: ProbePhase) {
        let boot = self.now.boot;
        let spec = self.units[at].spec.clone();
        let Some(probe) = spec.probes.of(phase) else { return };
        let Phase::Alive(run) = &mut self.units[at].phase else { return };
        let Some(state) = &mut run.probes[slot(phase)] else { return };
        let is_heard = probe.kind().is_some_and(crate::ProbeKind::is_heard);
        if let Some(running) = state.running {
            if running.deadline <= boot {
                state.running = None;
                self.cancel(at, running.number);
                let within = wardkit_retry::duration::print(probe.timeout);
                let late = ProbeResult::Failed(format!("no answer within {within}"));
                self.judge(at, phase, running.started, late);
            }
            return;
        }
        if state.due > boot {
            return;
        }
        if is_heard {
            if phase == ProbePhase::Liveness {
                let within = wardkit_retry::duration::print(probe.period);
                let silent = ProbeResult::Failed(format!("no sign of life within {within}"));
                self.judge(at, phase, boot, silent);
            }
        } else if self.probes.running < self.config.max_probes {
            self.probes.running += 1;
            self.probes.last_run += 1;
            let number = self.probes.last_run;
            state.running = Some(Running {
                number,
                started: boot,
                deadline: boot.saturating_add(probe.timeout),
            });
            let (service, generation) = (self.units[at].name.clone(), self.units[at].generation);
            self.out.push(Action::Probe { service, generation, phase, run: number });
        } else {
            self.probes.starved.insert(at);
        }
    }

    /// Counts a run of a probe and draws its consequences.
    fn judge(&mut self, at: usize, phase: ProbePhase, started: Duration, result: ProbeResult) {
        self.touch(at);
        let spec = self.units[at].spec.clone();
        let Some(probe) = spec.probes.of(phase) else { return };
        let jitter = scale(self.draw(at, self.probes.last_run), probe.jitter);
        let boot = self.now.boot;
        let Phase::Alive(run) = &mut self.units[at].phase else { return };
        let Some(state) = &mut run.probes[slot(phase)] else { return };
        state.due = started.saturating_add(probe.period).max(boot).saturating_add(jitter);
        let before = state.good;
        let found = match result {
            ProbeResult::Passed => {
                (state.passed, state.failed) = (state.passed.saturating_add(1), 0);
                if state.passed >= probe.successes {
                    state.good = Some(true);
                }
                return;
            }
            ProbeResult::Failed(found) => found,
        };
        (state.failed, state.passed) = (state.failed.saturating_add(1), 0);
        if state.failed < probe.failures {
            return;
        }
        state.good = Some(false);
        // A readiness probe that has never passed is the business of the deadline.
        let is_news = match phase {
            ProbePhase::Readiness => before == Some(true),
            _ => before != Some(false),
        };
        let found: String = found.chars().take(MOST_FOUND).collect();
        if is_news {
            let message = format!("{} probe: {found}", phase.as_str());
            self.tell(at, "supervise.probe_failed", Severity::Warning, message);
        }
        let is_left_alone = self.units[at].maintenance.is_some();
        if phase != ProbePhase::Readiness && probe.action == ProbeAction::Restart && !is_left_alone
        {
            let is_watchdog = phase == ProbePhase::Liveness && probe.notify;
            let reason =
                if is_watchdog { Reason::Watchdog } else { Reason::Probe { phase, found } };
            self.end_for(at, reason);
        }
    }

    /// Goes on from startup to readiness, and from readiness to those that wait for it.
    fn become_ready(&mut self, at: usize) {
        let boot = self.now.boot;
        let spec = self.units[at].spec.clone();
        let Phase::Alive(run) = &mut self.units[at].phase else { return };
        if !run.has_started && says(run.probes[0].as_ref()) {
            run.has_started = true;
            run.probes[0] = None;
            for phase in [ProbePhase::Readiness, ProbePhase::Liveness] {
                if run.probes[slot(phase)].is_none() {
                    run.probes[slot(phase)] = ProbeState::begin(&spec, phase, boot, None);
                }
            }
        }
        let is_ready =
            run.has_started && (spec.probes.readiness.is_none() || says(run.probes[1].as_ref()));
        let was_ready = std::mem::replace(&mut run.is_ready, is_ready);
        let is_first = is_ready && !run.was_ready;
        run.was_ready |= is_ready;
        if is_first {
            run.deadline = None;
            self.changed(at);
        }
        match (was_ready, is_ready) {
            (false, true) if spec.tells_when_ready() => {
                self.tell(at, "supervise.ready", Severity::Info, String::new());
            }
            (true, false) => {
                let message = "runs, but is no longer ready".to_owned();
                self.tell(at, "supervise.not_ready", Severity::Warning, message);
            }
            _ => {}
        }
        if is_ready && std::mem::take(&mut self.units[at].restarts_dependants) {
            self.restart_dependants(at);
        }
    }

    /// Forgives a service its failures when it has run for long enough.
    fn settle(&mut self, at: usize) {
        let unit = &mut self.units[at];
        let Phase::Alive(run) = &unit.phase else { return };
        let uptime = self.now.boot.saturating_sub(run.started);
        let is_stable = run.is_ready && uptime >= unit.spec.backoff.stable_after(unit.failures);
        if !is_stable || unit.failures == 0 && !unit.is_looping {
            return;
        }
        let was_looping = unit.is_looping;
        unit.forgive();
        if was_looping {
            let message = "runs again, and no longer counts as a crash loop".to_owned();
            self.tell(at, "supervise.recovered", Severity::Notice, message);
        }
        self.changed(at);
    }

    /// Has the present run end for a reason, unless it must for another one already.
    pub(super) fn end_for(&mut self, at: usize, reason: Reason) {
        self.units[at].stop.get_or_insert(reason);
        self.touch(at);
    }

    fn cancel(&mut self, at: usize, run: u64) {
        self.free_place();
        let service = self.units[at].name.clone();
        self.out.push(Action::CancelProbe { service, run });
    }

    fn free_place(&mut self) {
        self.probes.running = self.probes.running.saturating_sub(1);
        if let Some(waiting) = self.probes.starved.pop_first() {
            self.touch(waiting);
        }
    }
}

fn says(state: Option<&ProbeState>) -> bool {
    state.is_some_and(|state| state.good == Some(true))
}

const fn slot(phase: ProbePhase) -> usize {
    match phase {
        ProbePhase::Startup => 0,
        ProbePhase::Readiness => 1,
        ProbePhase::Liveness => 2,
    }
}

/// Scales a draw to a span of time.
fn scale(draw: u64, most: Duration) -> Duration {
    let nanos = (u128::from(draw) * most.as_nanos()) >> 64;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// What a probe found is told and kept; a program may print anything.
const MOST_FOUND: usize = 256;
