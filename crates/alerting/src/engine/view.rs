//! What the engine shows of its state.

use std::fmt;

use serde::{Deserialize, Serialize};
use wardkit_core::{Labels, Timestamp};

use super::IncidentTotals;
use crate::{Alert, Fingerprint, Matchers, Urgency};

/// An alert and what is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AlertView {
    /// What tells it from others.
    pub fingerprint: Fingerprint,
    /// The alert; its end is when it will count as over unless it is brought again.
    #[serde(flatten)]
    pub alert: Alert,
    /// When it was last brought.
    pub updated_at: Timestamp,
    /// Whether people are told of it.
    pub state: AlertState,
    /// What holds it back.
    pub suppressed_by: Vec<Suppressor>,
    /// The receivers that it is routed to.
    pub receivers: Vec<String>,
    /// The incidents that it belongs to.
    pub incidents: Vec<String>,
}

/// Whether people are told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AlertState {
    /// They are, or will be once its group has waited.
    Active,
    /// Something holds it back.
    Suppressed,
    /// It is over.
    Resolved,
}

/// What holds an alert back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Suppressor {
    /// A silence, by its name.
    Silence(String),
    /// Another alert, by an inhibition rule.
    Inhibition(Fingerprint),
    /// Something that it depends on is down.
    Parent(String),
    /// The hours in which its route tells nothing, by their names.
    Hours(String),
    /// It comes and goes.
    Flapping,
    /// Its incident is snoozed.
    Snooze(String),
}

impl fmt::Display for Suppressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence(id) => write!(f, "silence {id}"),
            Self::Inhibition(source) => write!(f, "alert {source}"),
            Self::Parent(name) => write!(f, "parent {name}"),
            Self::Hours(names) => write!(f, "hours {names}"),
            Self::Flapping => f.write_str("flapping"),
            Self::Snooze(incident) => write!(f, "snooze of incident {incident}"),
        }
    }
}

/// A group of alerts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GroupView {
    /// Its name, as Alertmanager has it: `{}:{alertname="Down"}`.
    pub key: String,
    /// The labels that it was made by.
    pub labels: Labels,
    /// The receiver of its route.
    pub receiver: String,
    /// Its alerts, in order.
    pub alerts: Vec<Fingerprint>,
}

/// An incident: a group of alerts from the first one on until all are over.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct IncidentView {
    /// Its name.
    pub id: String,
    /// Who takes care, if anybody does.
    pub state: IncidentState,
    /// The group, as Alertmanager names it.
    pub group_key: String,
    /// The labels that the group was made by.
    pub labels: Labels,
    /// The receiver of its route.
    pub receiver: String,
    /// How much it matters: the most that any of its alerts has.
    pub urgency: Urgency,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// Who acknowledged or snoozed it; empty when nobody.
    pub by: String,
    /// Until when that holds.
    pub until: Option<Timestamp>,
    /// Its alerts, in order.
    pub alerts: Vec<Fingerprint>,
    /// How far its escalation is, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalation: Option<EscalationView>,
}

/// How far the escalation of an incident is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EscalationView {
    /// Its policy.
    pub policy: String,
    /// How many steps it has.
    pub steps: usize,
    /// The step that comes next, from 1 on; one more than there are after the last one.
    pub next_step: usize,
    /// How often all steps were gone through.
    pub round: u32,
    /// When it comes, unless somebody takes care first; none when nothing comes any more or somebody does.
    pub next_at: Option<Timestamp>,
    /// The receivers that were called.
    pub called: Vec<String>,
}

/// Who takes care of an incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum IncidentState {
    /// Nobody yet.
    #[default]
    Triggered,
    /// Somebody does.
    Acked,
    /// Nobody wants to hear of it for a while.
    Snoozed,
    /// It is over.
    Resolved,
    /// It came back, and nobody takes care yet.
    Reopened,
}

/// A silence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Silence {
    /// Its name.
    pub id: String,
    /// Which alerts it silences.
    pub matchers: Matchers,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Whether it ends early, once none of the alerts that it silences lasts.
    pub until_resolved: bool,
    /// How long before its end those who would hear of its alerts are told that it ends, in seconds.
    pub remind_before_seconds: Option<u64>,
    /// Who set it.
    pub created_by: String,
    /// Why.
    pub comment: String,
}

impl Silence {
    /// Returns what it is at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> SilenceState {
        if now >= self.ends_at {
            SilenceState::Expired
        } else if now < self.starts_at {
            SilenceState::Pending
        } else {
            SilenceState::Active
        }
    }
}

/// What a [`Silence`] is. There are no others in Alertmanager's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilenceState {
    /// It has not started.
    Pending,
    /// It silences.
    Active,
    /// It has ended.
    Expired,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EngineStats {
    /// Alerts that last.
    pub firing: usize,
    /// Alerts that are over and not forgotten yet.
    pub resolved: usize,
    /// Groups of alerts.
    pub groups: usize,
    /// Incidents that are not resolved.
    pub open_incidents: usize,
    /// Silences, ended ones included.
    pub silences: usize,
    /// Alerts that come and go.
    pub flapping: usize,
    /// Alerts that were taken since the start.
    pub accepted_total: u64,
    /// Alerts that were refused since the start.
    pub refused_total: u64,
    /// Incidents since the start.
    pub incidents: IncidentTotals,
    /// Whether a storm lasts.
    pub storm: bool,
}
