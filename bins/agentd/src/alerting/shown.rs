//! Alerts and incidents as people see them.

use serde::Serialize;
use wardkit_alerting::service::{Handle, ServiceMetrics};
use wardkit_alerting::{
    AlertState, AlertView, Annotations, Engine, IncidentState, IncidentView, Outbox, Suppressor,
};
use wardkit_api::OpenIncident;
use wardkit_api::alerts::{self, AlertStatus};
use wardkit_core::{Health, Labels, Timestamp};

/// What was seen of alerting a moment ago: what asks often and must not wait is told this.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    /// What it measured of itself; none while it does not run.
    pub metrics: Option<ServiceMetrics>,
    /// Incidents that are not over, those that nobody takes care of first.
    pub incidents: Vec<OpenIncident>,
    pub health: Option<Health>,
}

/// Looks at what runs.
pub(crate) async fn look(handle: &Handle) -> Look {
    let health = Some(handle.health().await);
    let metrics = handle.metrics().await.ok();
    let incidents = handle.read(open_incidents).await.unwrap_or_default();
    Look { metrics, incidents, health }
}

fn open_incidents(engine: &Engine, _: &Outbox) -> Vec<OpenIncident> {
    let shown = |one: IncidentView| OpenIncident {
        id: one.id,
        state: state_name(one.state).to_owned(),
        labels: one.labels,
        alerts: one.alerts.len(),
        since: one.opened_at,
        by: one.by,
    };
    engine.open_incidents(MOST_SHOWN).into_iter().map(shown).collect()
}

/// Returns the name of a state, as its JSON has it.
pub(super) const fn state_name(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Acked => "acked",
        IncidentState::Snoozed => "snoozed",
        IncidentState::Resolved => "resolved",
        IncidentState::Reopened => "reopened",
        _ => "triggered",
    }
}

/// Returns what Alertmanager's API says is done about an alert. It knows of silences and of other alerts; what depends
/// on something that is down is held back by that.
pub(super) fn status(view: &AlertView) -> AlertStatus {
    let (mut inhibited_by, mut silenced_by) = (Vec::new(), Vec::new());
    for by in &view.suppressed_by {
        match by {
            Suppressor::Silence(id) => silenced_by.push(id.clone()),
            Suppressor::Inhibition(source) => inhibited_by.push(source.to_string()),
            Suppressor::Parent(name) => inhibited_by.push(name.clone()),
            _ => {}
        }
    }
    let is_held = !inhibited_by.is_empty() || !silenced_by.is_empty();
    let state = if is_held { alerts::AlertState::Suppressed } else { alerts::AlertState::Active };
    AlertStatus { inhibited_by, silenced_by, state }
}

/// An alert as `auditctl alerts list` shows it.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    /// Its fingerprint: what `ack` takes.
    id: String,
    /// `firing`, `acked`, `snoozed`, `suppressed` or `resolved`.
    state: &'static str,
    labels: Labels,
    annotations: Annotations,
    since: Timestamp,
    updated: Timestamp,
    incidents: Vec<String>,
    receivers: Vec<String>,
    /// Who takes care.
    #[serde(skip_serializing_if = "String::is_empty")]
    by: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressed_by: Vec<String>,
    #[serde(rename = "generatorURL", skip_serializing_if = "String::is_empty")]
    generator_url: String,
}

impl Line {
    pub(super) fn new(view: AlertView, engine: &Engine) -> Self {
        let incidents: Vec<_> =
            view.incidents.iter().filter_map(|id| engine.incident(id)).collect();
        let all = |state| !incidents.is_empty() && incidents.iter().all(|one| one.state == state);
        let state = match view.state {
            AlertState::Resolved => "resolved",
            _ if all(IncidentState::Acked) => "acked",
            _ if all(IncidentState::Snoozed) => "snoozed",
            AlertState::Suppressed => "suppressed",
            _ => "firing",
        };
        let by = incidents.into_iter().map(|one| one.by).find(|by| !by.is_empty());
        Self {
            id: view.fingerprint.to_string(),
            state,
            labels: view.alert.labels,
            annotations: view.alert.annotations,
            since: view.alert.starts_at,
            updated: view.updated_at,
            incidents: view.incidents,
            receivers: view.receivers,
            by: by.unwrap_or_default(),
            suppressed_by: view.suppressed_by.iter().map(ToString::to_string).collect(),
            generator_url: view.alert.generator_url,
        }
    }
}

/// As many as fit a page.
const MOST_SHOWN: usize = 50;
