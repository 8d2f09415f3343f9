//! One check: its runs, its state, and what it tells when that changes.

mod flaps;

use std::time::Duration;

use wardkit_core::{Event, Severity, Timestamp};

use flaps::{Flap, Flaps};

use crate::history::History;
use crate::outcome::Level;
use crate::thresholds::Thresholds;
use crate::{CheckConfig, CheckStatus, Latency, Moment, Outcome, Record, State};

#[derive(Clone, Debug)]
pub(crate) struct Check {
    pub(crate) config: CheckConfig,
    pub(crate) state: State,
    /// When the next run is due, in uptime.
    pub(crate) due: Duration,
    pub(crate) running: Option<Run>,
    pub(crate) thresholds: Thresholds,
    /// When the last run that counts began, in uptime.
    last_started: Option<Duration>,
    /// When the first run of the present row of failures began, in uptime.
    pub(crate) failing_since: Option<Duration>,
    grace_until: Option<Duration>,
    since: Timestamp,
    /// What was wrong last.
    reason: String,
    /// Whether the last thing told was trouble, whose end is worth telling.
    troubled: bool,
    flaps: Flaps,
    pub(crate) history: History,
    pub(crate) latency: Latency,
    runs: u64,
    failures: u64,
}

/// A run that has begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) number: u64,
    started: Duration,
    /// Not for what began before the check was blocked.
    counts: bool,
}

impl Check {
    pub(crate) fn new(config: CheckConfig, now: Moment, jitter: Duration) -> Self {
        Self {
            state: State::Starting,
            due: now.uptime.saturating_add(config.start_delay).saturating_add(jitter),
            running: None,
            thresholds: Thresholds::new(config.fall, config.rise),
            last_started: None,
            failing_since: None,
            grace_until: None,
            since: now.wall,
            reason: String::new(),
            troubled: false,
            flaps: Flaps::new(config.flap_changes, config.flap_within),
            history: History::new(config.history),
            latency: Latency::default(),
            runs: 0,
            failures: 0,
            config,
        }
    }

    pub(crate) fn start(&mut self, now: Moment, number: u64) {
        let grace = self.config.grace;
        self.grace_until.get_or_insert(now.uptime.saturating_add(grace));
        self.running = Some(Run { number, started: now.uptime, counts: true });
    }

    /// Ends a run that did not take place.
    pub(crate) fn put_off(&mut self, now: Moment) {
        let Some(run) = self.running.take() else { return };
        self.due = run.started.saturating_add(self.config.interval).max(now.uptime);
    }

    pub(crate) fn finish(
        &mut self,
        now: Moment,
        outcome: Outcome,
        took: Duration,
        jitter: Duration,
    ) {
        let Some(run) = self.running.take() else { return };
        let next = run.started.saturating_add(self.config.interval).saturating_add(jitter);
        self.due = next.max(now.uptime);
        let outcome = self.judge(outcome.bounded(), took);
        let level = outcome.level();
        self.runs = self.runs.saturating_add(1);
        self.failures = self.failures.saturating_add(u64::from(level == Level::Down));
        self.latency.observe(took);
        let reason = outcome.reason().map(str::to_owned);
        self.history.push(Record { at: now.wall, took, outcome });
        let in_grace = self.thresholds.level().is_none()
            && level == Level::Down
            && self.grace_until.is_some_and(|until| now.uptime < until);
        if !run.counts {
            // Whoever was unblocked meanwhile is waiting for a run that does.
            self.due = now.uptime;
            return;
        }
        if in_grace {
            return;
        }
        self.thresholds.observe(level);
        self.last_started = Some(run.started);
        match self.thresholds.failures() {
            0 => self.failing_since = None,
            1 => self.failing_since = Some(run.started),
            _ => {}
        }
        if let Some(reason) = reason {
            self.reason = reason;
            self.refresh(level);
        }
    }

    /// Takes the state that its runs ask for.
    pub(crate) fn take_level(&mut self, now: Moment, level: Level, events: &mut Vec<Event>) {
        self.thresholds.set(level);
        let reason = self.reason.clone();
        let state = match level {
            Level::Up => State::Up,
            Level::Degraded => State::Degraded { reason },
            Level::Down => State::Down { reason },
        };
        let flap = self.flaps.changed(now.uptime);
        self.enter(now, state, events);
        if flap == Flap::Begun {
            events.push(
                self.event(now, "probe.check.flapping", Severity::Warning)
                    .with_message("changes its state too often; single changes are not told")
                    .with_detail("changes", self.config.flap_changes),
            );
        }
    }

    pub(crate) fn block(&mut self, now: Moment, by: Vec<String>, events: &mut Vec<Event>) {
        if let State::Blocked { by: before } = &mut self.state {
            *before = by;
            return;
        }
        self.forget();
        self.enter(now, State::Blocked { by }, events);
    }

    /// Ends a block: nothing is known until the next run, which is due at once.
    pub(crate) fn unblock(&mut self, now: Moment, events: &mut Vec<Event>) {
        self.forget();
        self.grace_until = None;
        self.due = now.uptime;
        self.enter(now, State::Starting, events);
    }

    /// Ends flapping when there have been few changes of late.
    pub(crate) fn settle(&mut self, now: Moment, events: &mut Vec<Event>) {
        if self.flaps.look(now.uptime) == Flap::Ended {
            let severity = if self.state.is_ready() { Severity::Notice } else { Severity::Warning };
            events.push(
                self.event(now, "probe.check.settled", severity)
                    .with_message(format!("does not change its state any more: {}", self.state)),
            );
        }
    }

    /// Returns whether the check passed in a run that began no earlier.
    pub(crate) fn has_passed_since(&self, uptime: Duration) -> bool {
        self.has_looked_since(uptime) && self.thresholds.failures() == 0
    }

    pub(crate) fn has_looked_since(&self, uptime: Duration) -> bool {
        self.last_started.is_some_and(|started| started >= uptime)
    }

    pub(crate) fn runs(&self) -> u64 {
        self.runs
    }

    pub(crate) fn status(&self) -> CheckStatus {
        CheckStatus {
            name: self.config.name.clone(),
            kind: self.config.target.kind(),
            critical: self.config.critical,
            state: self.state.clone(),
            since: self.since,
            flapping: self.flaps.is_flapping(),
            runs: self.runs,
            failures: self.failures,
            last: self.history.last().cloned(),
        }
    }

    fn judge(&self, outcome: Outcome, took: Duration) -> Outcome {
        match self.config.slow_after {
            Some(limit) if outcome == Outcome::Passed && took > limit => {
                let took =
                    Duration::from_millis(u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
                Outcome::degraded(format!("took {took:?}, which is more than {limit:?}"))
            }
            _ => outcome,
        }
    }

    /// Keeps the reason that is shown that of the last run of this kind.
    fn refresh(&mut self, level: Level) {
        match (&mut self.state, level) {
            (State::Down { reason }, Level::Down)
            | (State::Degraded { reason }, Level::Degraded) => {
                reason.clone_from(&self.reason);
            }
            _ => {}
        }
    }

    fn forget(&mut self) {
        self.thresholds.reset();
        self.failing_since = None;
        self.last_started = None;
        if let Some(run) = &mut self.running {
            run.counts = false;
        }
    }

    fn enter(&mut self, now: Moment, state: State, events: &mut Vec<Event>) {
        let from = std::mem::replace(&mut self.state, state);
        self.since = now.wall;
        let down = if self.config.critical { Severity::Error } else { Severity::Warning };
        let (kind, severity) = match &self.state {
            State::Starting => return,
            State::Up if self.troubled => ("probe.check.recovered", Severity::Notice),
            State::Up => ("probe.check.passed", Severity::Info),
            State::Degraded { .. } => ("probe.check.degraded", Severity::Warning),
            State::Down { .. } => ("probe.check.failed", down),
            State::Blocked { .. } => ("probe.check.blocked", Severity::Warning),
        };
        self.troubled = !matches!(self.state, State::Up);
        // The change that makes it flap is told by that event, and those after it not at all.
        if self.flaps.is_flapping() {
            return;
        }
        let message = match &self.state {
            State::Degraded { reason } | State::Down { reason } => reason.clone(),
            State::Blocked { .. } => self.state.to_string(),
            State::Starting | State::Up => String::new(),
        };
        let mut event = self.event(now, kind, severity).with_detail("from", from.as_str());
        if let State::Blocked { by } = &self.state {
            event = event.with_detail("by", by.clone());
        }
        events.push(event.with_message(message));
    }

    fn event(&self, now: Moment, kind: &'static str, severity: Severity) -> Event {
        Event::new(now.wall, kind, severity, "probe")
            .with_subject(self.config.name.as_str())
            .with_detail("state", self.state.as_str())
            .with_detail("kind", self.config.target.kind())
            .with_detail("critical", self.config.critical)
    }
}
