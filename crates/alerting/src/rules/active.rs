//! The alerts of one rule, and the states that they go through.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wardkit_core::{Labels, Timestamp};

use super::AlertState;
use super::view::AlertView;
use crate::{Annotations, Now};

/// A moment of the time since boot, in nanoseconds. It can be before the boot: an alert that lasted longer than the
/// host is up.
pub(super) type Boot = i64;

/// The alerts of one rule by their labels.
pub(super) type Alerts = BTreeMap<Labels, Active>;

/// When an evaluation takes place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub wall: Timestamp,
    pub boot: Boot,
}

impl Moment {
    pub(super) fn ms(self) -> i64 {
        self.wall.as_unix_nanos().div_euclid(1_000_000)
    }
}

impl From<Now> for Moment {
    fn from(now: Now) -> Self {
        Self { wall: now.wall, boot: nanos(now.boot) }
    }
}

/// An alert that a rule found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Active {
    pub state: AlertState,
    pub annotations: Annotations,
    pub value: Number,
    /// When it was found first, by the wall's clock, for people.
    pub since_wall: Timestamp,
    /// The same by the time since boot; its `for` counts from here. Time in which nothing was evaluated moves it on.
    pub since: Boot,
    /// When it fired; it stays when an alert has to wait for its `for` again after an outage.
    pub fired_at: Option<Timestamp>,
    /// Since when it is not found any more and fires on.
    pub kept: Option<Boot>,
    pub resolved_at: Option<Timestamp>,
    #[serde(skip)]
    pub resolved: Boot,
    #[serde(skip)]
    pub sent: Option<Boot>,
    /// Whether what is kept of it is not what it is.
    #[serde(skip)]
    pub is_changed: bool,
}

/// A number that JSON cannot always hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub(super) struct Number(pub f64);

impl From<u64> for Number {
    fn from(bits: u64) -> Self {
        Self(f64::from_bits(bits))
    }
}

impl From<Number> for u64 {
    fn from(number: Number) -> Self {
        number.0.to_bits()
    }
}

/// What an evaluation found for one alert.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub annotations: Annotations,
    pub value: f64,
}

/// How long a rule waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waits {
    pub hold: Duration,
    pub keep_firing_for: Duration,
}

impl Active {
    fn new(found: Found, at: Moment) -> Self {
        Self {
            state: AlertState::Pending,
            annotations: found.annotations,
            value: Number(found.value),
            since_wall: at.wall,
            since: at.boot,
            fired_at: None,
            kept: None,
            resolved_at: None,
            resolved: 0,
            sent: None,
            is_changed: true,
        }
    }

    /// Returns whether it is to be brought now.
    pub(super) fn is_due(&self, now: Boot, resend_delay: Duration) -> bool {
        match (self.state, self.sent) {
            (AlertState::Inactive, _) => false,
            // One that waits again after an outage was told of: left alone it would count as over.
            (AlertState::Pending, _) if self.fired_at.is_none() => false,
            (_, None) => true,
            (AlertState::Resolved, Some(sent)) if sent < self.resolved => true,
            (_, Some(sent)) => sent.saturating_add(nanos(resend_delay)) < now,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.state == AlertState::Resolved
    }

    fn turn(&mut self, state: AlertState) {
        if self.state != state {
            self.state = state;
            self.is_changed = true;
        }
    }

    pub(super) fn resolve(&mut self, at: Moment) {
        self.turn(AlertState::Resolved);
        self.kept = None;
        self.resolved_at = Some(at.wall);
        self.resolved = at.boot;
    }

    /// Makes it wait for its whole `for` again.
    pub(super) fn wait_again(&mut self) {
        self.turn(AlertState::Pending);
        self.kept = None;
    }

    /// Moves on what waits, for time that does not count.
    pub(super) fn pause(&mut self, by: Boot) {
        match self.state {
            AlertState::Pending => self.since = self.since.saturating_add(by),
            AlertState::Recovering => {
                self.kept = self.kept.map(|kept| kept.saturating_add(by));
            }
            _ => return,
        }
        self.is_changed = true;
    }

    pub(super) fn view(&self, labels: &Labels) -> AlertView {
        AlertView {
            labels: labels.clone(),
            annotations: self.annotations.clone(),
            state: self.state,
            active_at: self.since_wall,
            fired_at: self.fired_at,
            value: self.value.0,
        }
    }
}

/// Takes in what an evaluation found; returns the alerts that are gone for good.
pub(super) fn update(
    alerts: &mut Alerts,
    mut found: BTreeMap<Labels, Found>,
    waits: Waits,
    at: Moment,
) -> Vec<Labels> {
    let mut gone = Vec::new();
    for (labels, alert) in &mut *alerts {
        match found.remove(labels) {
            Some(found) if alert.is_over() => *alert = Active::new(found, at),
            Some(found) => {
                alert.value = Number(found.value);
                alert.annotations = found.annotations;
                alert.kept = None;
                if alert.state == AlertState::Recovering {
                    alert.turn(AlertState::Firing);
                }
            }
            None => {
                if lose(alert, waits.keep_firing_for, at) {
                    gone.push(labels.clone());
                }
                continue;
            }
        }
        ripen(alert, waits.hold, at);
    }
    for labels in &gone {
        alerts.remove(labels);
    }
    for (labels, found) in found {
        let mut alert = Active::new(found, at);
        ripen(&mut alert, waits.hold, at);
        alerts.insert(labels, alert);
    }
    gone
}

/// Lets an alert fire that was found for long enough.
fn ripen(alert: &mut Active, hold: Duration, at: Moment) {
    if alert.state == AlertState::Pending && at.boot.saturating_sub(alert.since) >= nanos(hold) {
        alert.turn(AlertState::Firing);
        // After an outage it is the same alert still.
        alert.fired_at.get_or_insert(at.wall);
    }
}

/// Does with an alert what is done when it is not found; returns whether it is gone for good.
fn lose(alert: &mut Active, keep_firing_for: Duration, at: Moment) -> bool {
    match alert.state {
        AlertState::Firing | AlertState::Recovering if !keep_firing_for.is_zero() => {
            let kept = *alert.kept.get_or_insert(at.boot);
            if at.boot.saturating_sub(kept) < nanos(keep_firing_for) {
                alert.turn(AlertState::Recovering);
            } else {
                alert.resolve(at);
            }
            false
        }
        AlertState::Firing | AlertState::Recovering => {
            alert.resolve(at);
            false
        }
        // It fired before an outage, and whoever was told must hear that it is over.
        AlertState::Pending if alert.fired_at.is_some() => {
            alert.resolve(at);
            false
        }
        AlertState::Pending | AlertState::Inactive => true,
        AlertState::Resolved => at.boot.saturating_sub(alert.resolved) > nanos(RESOLVED_RETENTION),
    }
}

pub(super) fn nanos(duration: Duration) -> Boot {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// How long an alert that is over is brought again and again, as Prometheus does it.
const RESOLVED_RETENTION: Duration = Duration::from_mins(15);
