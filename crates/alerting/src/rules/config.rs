//! What an operator declares of rules.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wardkit_core::Severity;

/// The rules of a program's own configuration, and how all rules are evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RulesConfig {
    /// How often rules are evaluated that do not say it themselves.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub interval: Duration,
    /// After how long an alert that lasts is brought again.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub resend_delay: Duration,
    /// After how long without evaluation, because the program did not run, an alert waits for its whole `for` again.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub outage_tolerance: Duration,
    /// Labels that every alert gets that does not have them.
    pub external_labels: BTreeMap<String, String>,
    /// Whether the rules that come with the program are evaluated.
    pub default_rules: bool,
    /// Those of them that are not, by name.
    pub default_rules_off: Vec<String>,
    /// Rules on metrics.
    pub rule: Vec<RuleConfig>,
    /// Rules on events.
    pub event_rule: Vec<EventRuleConfig>,
}

impl Default for RulesConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_mins(1),
            resend_delay: Duration::from_mins(1),
            outage_tolerance: Duration::from_hours(1),
            external_labels: BTreeMap::new(),
            default_rules: true,
            default_rules_off: Vec::new(),
            rule: Vec::new(),
            event_rule: Vec::new(),
        }
    }
}

/// A rule on a metric: it fires for each series that the expression finds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RuleConfig {
    /// The alert's name.
    pub name: String,
    /// When it fires, in PromQL: `node_load1 > 4`. With a threshold to resolve at, it ends in a comparison with a
    /// number.
    pub expr: String,
    /// How long it must be so before it fires.
    #[serde(rename = "for", with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub hold: Duration,
    /// How long it fires on when it is no longer so.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub keep_firing_for: Duration,
    /// It resolves when the value is below this, for an expression that ends in `> N` or `>= N`.
    pub resolve_below: Option<f64>,
    /// It resolves when the value is above this, for an expression that ends in `< N` or `<= N`.
    pub resolve_above: Option<f64>,
    /// What becomes of an alert when there is no data any more.
    pub no_data: OnNoData,
    /// Labels of the alert; `{{ $labels.mountpoint }}` and `{{ $value }}` stand for what was found.
    pub labels: BTreeMap<String, String>,
    /// What is said of it, such as `summary`; templates as in labels.
    pub annotations: BTreeMap<String, String>,
}

/// What becomes of an alert that lasts when the series that its rule asks for have no samples any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum OnNoData {
    /// It lasts: nobody knows that it is over.
    #[default]
    Keep,
    /// It resolves, as it does in Prometheus.
    Resolve,
}

/// A rule on events: an event brings the alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct EventRuleConfig {
    /// The alert's name.
    pub name: String,
    /// The kinds of events that bring it: `integrity.file.changed`, or `integrity.*` for all that begin like this.
    pub kind: Vec<String>,
    /// The least severity that brings it.
    #[serde(with = "severity")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub min_severity: Severity,
    /// The kinds of events that end it, for the same subject.
    pub resolved_by: Vec<String>,
    /// How long it lasts after the last event when none ends it.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub lasts: Duration,
    /// Labels of the alert, beside `alertname`, `kind`, `source`, `subject`, `severity` and those of the event.
    pub labels: BTreeMap<String, String>,
    /// What is said of it. `summary` is the event's message where nothing else is given.
    pub annotations: BTreeMap<String, String>,
}

impl Default for EventRuleConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: Vec::new(),
            min_severity: Severity::Info,
            resolved_by: Vec::new(),
            lasts: Duration::from_hours(1),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        }
    }
}

/// Severities by name.
mod severity {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use wardkit_core::Severity;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    pub(super) fn serialize<S: Serializer>(value: &Severity, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(value.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Severity, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
