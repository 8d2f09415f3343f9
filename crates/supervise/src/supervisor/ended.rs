//! What a run's end means, and what comes after it.

use std::time::Duration;

use wardkit_core::{Event, Severity};

use super::Supervisor;
use super::unit::Phase;
use crate::{
    Action, Ended, Ending, Exit, Kind, Reason, ReasonKind, Rest, RestartPolicy, Step, Tree,
};

impl Supervisor {
    /// Returns why a run ended that nobody asked to end.
    pub(super) fn reason_of(&self, at: usize, ending: &Ending) -> Reason {
        if ending.out_of_memory {
            return Reason::Oom { limit: ending.memory_limit, peak: ending.memory_peak };
        }
        let spec = &self.units[at].spec;
        match &ending.exit {
            Exit::Code(code) if spec.config_error_exit_codes.contains(code) => {
                Reason::ConfigError { code: *code }
            }
            Exit::Code(code) => Reason::Code(*code),
            Exit::Signal { signal, core } => Reason::Signal { signal: *signal, core: *core },
            Exit::Error(error) => Reason::Error(error.clone()),
            Exit::Unknown => Reason::Unknown,
        }
    }

    /// Ends the present run. `helps` says whether another one could go better.
    pub(super) fn end(
        &mut self,
        at: usize,
        reason: &Reason,
        ending: Option<Ending>,
        tree: Tree,
        helps: bool,
    ) {
        self.cancel_probes(at);
        // A time of its schedule that came while it ran is left out.
        self.advance_schedule(at);
        let boot = self.now.boot;
        let unit = &mut self.units[at];
        let started = match &unit.phase {
            Phase::Finding { kept: Some(kept), .. } => kept.started,
            phase => phase.run().map_or(boot, |run| run.started),
        };
        let uptime = boot.saturating_sub(started);
        let peak = ending.as_ref().and_then(|ending| ending.memory_peak);
        unit.remember(Ended {
            generation: unit.generation,
            at: self.now.wall,
            uptime,
            reason: reason.clone(),
            exit: ending.map(|ending| ending.exit),
            memory_peak: peak,
        });
        unit.stop = None;
        unit.phase = Phase::Idle;
        if tree == Tree::Gone {
            unit.is_cycling = false;
        }
        if uptime >= unit.spec.backoff.stable_after(unit.failures) {
            unit.forgive();
        }
        let (event, place) = (self.end_event(at, reason, uptime), self.out.len());
        self.decide(at, reason, helps);
        let event = match self.units[at].rest {
            Rest::Backoff { until } | Rest::CrashLoop { until } => {
                event.with_detail("restart_in_seconds", until.saturating_sub(boot).as_secs_f64())
            }
            _ => event,
        };
        // What follows from the end is told after it.
        self.out.insert(place, Action::Publish(event));
        if tree == Tree::Unknown {
            self.clear(at);
        }
        self.changed(at);
    }

    /// Decides what comes after an end.
    fn decide(&mut self, at: usize, reason: &Reason, helps: bool) {
        let kind = reason.kind();
        if !self.is_wanted(at) {
            self.units[at].rest = Rest::None;
            return;
        }
        if !kind.is_failure() {
            // It goes on as soon as it may.
            self.units[at].rest = Rest::None;
            self.units[at].is_restart = true;
            return;
        }
        let spec = self.units[at].spec.clone();
        let is_success = match reason {
            Reason::Code(code) => spec.success_exit_codes.contains(code),
            _ => false,
        };
        let always = matches!(spec.restart, RestartPolicy::Always | RestartPolicy::UnlessStopped);
        if is_success && (spec.kind == Kind::Task || !always) {
            self.units[at].rest = Rest::Finished;
            self.units[at].forgive();
            return;
        }
        let helps = helps && kind != ReasonKind::ConfigError;
        if helps && self.graph.nodes[at].needs.iter().any(|need| !self.units[*need].is_ready()) {
            // It is not to blame: it goes on when what it needs is there again.
            self.units[at].rest = Rest::None;
            self.units[at].is_restart = true;
            return;
        }
        let is_abnormal = !matches!(kind, ReasonKind::Code | ReasonKind::Error);
        let by_policy = match spec.restart {
            RestartPolicy::Never => false,
            RestartPolicy::OnAbnormal => is_abnormal,
            _ => true,
        };
        let recovery = spec.recoveries.iter().find(|one| one.on.contains(&kind) && !is_success);
        let restarts = match recovery {
            Some(recovery) => recovery.steps.contains(&Step::Restart),
            None => by_policy && helps,
        };
        if let Some(recovery) = recovery {
            self.units[at].steps = recovery.steps.iter().cloned().collect();
            self.units[at].is_step_sent = false;
        }
        if restarts {
            self.rest(at, reason);
        } else {
            self.fail(at, reason.to_string());
        }
    }

    /// Lets a service rest before it is started again, for long when that was done too often.
    fn rest(&mut self, at: usize, reason: &Reason) {
        let boot = self.now.boot;
        let seed = self.draw(at, self.units[at].generation);
        let unit = &mut self.units[at];
        let spec = unit.spec.clone();
        unit.is_restart = true;
        unit.failures = unit.failures.saturating_add(1);
        let window = boot.saturating_sub(spec.intensity.window);
        while unit.restarted.front().is_some_and(|restarted| *restarted < window) {
            unit.restarted.pop_front();
        }
        let most = usize::try_from(spec.intensity.max_restarts).unwrap_or(usize::MAX);
        if unit.is_looping || most > 0 && unit.restarted.len() >= most {
            let until = boot.saturating_add(spec.intensity.cool_down);
            unit.rest = Rest::CrashLoop { until };
            if !std::mem::replace(&mut unit.is_looping, true) {
                self.tell_loop(at, reason);
            }
            return;
        }
        if most > 0 {
            unit.restarted.push_back(boot);
        }
        let wait = spec.backoff.wait(unit.failures, seed);
        unit.rest = Rest::Backoff { until: boot.saturating_add(wait) };
        for other in self.graph.nodes[at].restarts_with.clone() {
            let member = self.units[at].name.to_string();
            let unit = &mut self.units[other];
            let runs =
                matches!(unit.phase, Phase::Alive(_) | Phase::Spawning | Phase::Finding { .. });
            if runs && unit.stop.is_none() {
                unit.stop = Some(Reason::Group { member });
                unit.is_cycling = true;
                self.touch(other);
            }
        }
    }

    /// Leaves a service down until somebody does something.
    pub(super) fn fail(&mut self, at: usize, why: String) {
        let message = format!("is not started again: {why}");
        self.units[at].rest = Rest::Failed { why };
        self.tell(at, "supervise.failed", Severity::Error, message);
    }

    fn tell_loop(&mut self, at: usize, reason: &Reason) {
        let unit = &mut self.units[at];
        let spec = unit.spec.clone();
        let steps = spec.recoveries.iter().find(|one| one.on.contains(&ReasonKind::CrashLoop));
        if let Some(recovery) = steps {
            // The one start after the cool-down is the restart.
            let steps = recovery.steps.iter().filter(|step| **step != Step::Restart);
            unit.steps.extend(steps.cloned());
        }
        let restarts = unit.restarted.len();
        let window = wardkit_retry::duration::print(spec.intensity.window);
        let cool_down = wardkit_retry::duration::print(spec.intensity.cool_down);
        let message = format!(
            "was started again {restarts} times within {window} and ended again: {reason}; is tried once more in \
             {cool_down}"
        );
        let event = (self.event(at, "supervise.crash_loop", Severity::Error).with_message(message))
            .with_detail("reason", reason.kind().as_str())
            .with_detail("cool_down_seconds", spec.intensity.cool_down.as_secs_f64());
        self.out.push(Action::Publish(event));
    }

    fn end_event(&self, at: usize, reason: &Reason, uptime: Duration) -> Event {
        let unit = &self.units[at];
        let is_success =
            matches!(reason, Reason::Code(code) if unit.spec.success_exit_codes.contains(code));
        let is_failure = reason.kind().is_failure() && !is_success;
        // What runs in a crash loop, or beside something that is down, is told by the event about that.
        let parent = self.graph.nodes[at].needs.iter().find(|need| !self.units[**need].is_ready());
        // Where no crash loop is counted, this alone keeps the same failure from being told for ever.
        let is_known = unit.spec.intensity.max_restarts == 0
            && unit.failures > 0
            && unit.history.iter().rev().nth(1).is_some_and(|last| last.reason == *reason);
        let is_news = !unit.is_looping && !is_known && parent.is_none();
        let severity = if is_failure && is_news { Severity::Warning } else { Severity::Info };
        let mut event = (self.event(at, "supervise.exited", severity))
            .with_message(reason.to_string())
            .with_detail("reason", reason.kind().as_str())
            .with_detail("uptime_seconds", uptime.as_secs_f64());
        if let Some(parent) = parent {
            event = event.with_detail("waits_for", &*self.units[*parent].name);
        }
        event
    }

    /// Draws 64 bits, the same for the same service and number: `SplitMix64` over both and the seed.
    pub(super) fn draw(&self, at: usize, number: u64) -> u64 {
        let name = self.units[at].name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut bits =
            (self.host.seed ^ name).wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}
