//! Rules as they are shown.

use std::collections::BTreeMap;

use serde::Serialize;
use wardkit_core::{Labels, Timestamp};

use super::AlertState;
use crate::Annotations;

/// A group of rules as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct GroupView {
    /// The file that it stands in; empty for rules of the program's own configuration.
    pub file: String,
    /// Its name.
    pub name: String,
    /// How often it is evaluated, in seconds.
    pub interval: f64,
    /// When it was evaluated last.
    pub last_evaluation: Option<Timestamp>,
    /// Its rules in order.
    pub rules: Vec<RuleView>,
}

/// A rule as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RuleView {
    /// The name of the alert or of the recorded metric.
    pub name: String,
    /// Which of them it is.
    pub kind: RuleKind,
    /// The expression.
    pub expr: String,
    /// How long it must be so before the alert fires, in seconds.
    pub hold: f64,
    /// How long it fires on when it is no longer so, in seconds.
    pub keep_firing_for: f64,
    /// The labels as they are written.
    pub labels: BTreeMap<String, String>,
    /// The annotations as they are written.
    pub annotations: BTreeMap<String, String>,
    /// The most that any of its alerts is.
    pub state: AlertState,
    /// How the last evaluation went.
    pub health: RuleHealth,
    /// Whether none of the series that it asks for had a sample.
    pub no_data: bool,
    /// When it was evaluated last.
    pub last_evaluation: Option<Timestamp>,
    /// Its alerts, but those that are over.
    pub alerts: Vec<AlertView>,
}

/// What a rule makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RuleKind {
    /// Alerts.
    Alerting,
    /// Samples of a new metric.
    Recording,
}

/// How the last evaluation of a rule went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum RuleHealth {
    /// It was not evaluated yet.
    #[default]
    Unknown,
    /// It went well.
    Ok,
    /// It failed, for this reason; its alerts stay as they were.
    Error(String),
}

/// An alert of a rule as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AlertView {
    /// What it is.
    pub labels: Labels,
    /// What is said of it.
    pub annotations: Annotations,
    /// Where it is on its way.
    pub state: AlertState,
    /// Since when the expression finds it.
    pub active_at: Timestamp,
    /// Since when it fires.
    pub fired_at: Option<Timestamp>,
    /// What the expression gave last.
    pub value: f64,
}
