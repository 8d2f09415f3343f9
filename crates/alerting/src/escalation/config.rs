//! What an operator declares of escalations.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{EscalationPolicy, EscalationStep, OnlyIf};
use crate::{GroupBy, Matcher, Matchers, Urgency, Violation};

/// Who is called about some alerts, in which order, until somebody takes care.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct EscalationConfig {
    /// Its name.
    pub name: String,
    /// What an alert must be like: `severity="critical"`; each must match. Routes do not see the alerts that it takes.
    pub matchers: Vec<String>,
    /// The labels whose values make an incident; `...` stands for all. Without it, what the first route says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_by: Option<Vec<String>>,
    /// Its steps, in order.
    pub steps: Vec<EscalationStepConfig>,
    /// How often all steps are gone through again.
    pub repeat: u32,
    /// How long after the last step the first one comes again.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub repeat_delay: Duration,
    /// Whether a step that reaches nobody, as in a gap of a schedule, gives way to the next one at once.
    pub skip_if_empty: bool,
}

impl Default for EscalationConfig {
    fn default() -> Self {
        let policy = EscalationPolicy::default();
        Self {
            name: String::new(),
            matchers: Vec::new(),
            group_by: None,
            steps: Vec::new(),
            repeat: policy.repeat,
            repeat_delay: policy.repeat_delay,
            skip_if_empty: policy.skip_if_empty,
        }
    }
}

/// A step of an escalation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct EscalationStepConfig {
    /// Who is called: receivers, `person:ann`, `schedule:primary` for who is on call, `next:primary` for who is next.
    pub to: Vec<String>,
    /// How long after the step before it; of the first one, after the incident was opened.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub delay: Duration,
    /// When it is taken. One that is not takes its time all the same.
    pub only_if: OnlyIfConfig,
}

/// When a step is taken: all that is said must hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OnlyIfConfig {
    /// One of these times is, by their names in `[[alerting.time]]` or in the configuration of Alertmanager.
    pub intervals: Vec<String>,
    /// The incident matters at least that much: `info`, `warning` or `critical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub severity: Option<Urgency>,
    /// At least so many alerts of the incident began within the time that `within` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<usize>,
    /// The time for `at-least`.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub within: Duration,
}

impl Default for OnlyIfConfig {
    fn default() -> Self {
        Self {
            intervals: Vec::new(),
            severity: None,
            at_least: None,
            within: Duration::from_mins(10),
        }
    }
}

/// A person who can be called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PersonConfig {
    /// Their name.
    pub name: String,
    /// The receivers that reach them.
    pub receivers: Vec<String>,
}

impl EscalationConfig {
    /// Returns the policy that it declares.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with its own values; whether those whom it names are there,
    /// [`Plan::escalate`](crate::Plan::escalate) says.
    pub fn policy(&self) -> Result<EscalationPolicy, Vec<Violation>> {
        let mut found = Vec::new();
        let read: Result<Vec<Matcher>, _> = self.matchers.iter().map(|text| text.parse()).collect();
        let read = read.map_err(|error| error.to_string());
        let matchers = read.and_then(|all| Matchers::try_from(all).map_err(|e| e.to_string()));
        let matchers = matchers.unwrap_or_else(|reason| {
            found.push(Violation::new("matchers", reason));
            Matchers::default()
        });
        if self.matchers.is_empty() {
            found.push(Violation::new("matchers", "must name at least one matcher"));
        }
        let mut long = |key: String, value: Duration| {
            if value > LONGEST {
                found.push(Violation::new(key, "must be 7 days at most"));
            }
        };
        long("repeat-delay".to_owned(), self.repeat_delay);
        for (number, step) in self.steps.iter().enumerate() {
            long(format!("steps[{number}].delay"), step.delay);
            long(format!("steps[{number}].only-if.within"), step.only_if.within);
        }
        if !found.is_empty() {
            return Err(found);
        }
        let group_by = self.group_by.as_ref().map(|labels| match labels.as_slice() {
            [all] if all == "..." => GroupBy::All,
            labels => GroupBy::Labels(labels.to_vec()),
        });
        Ok(EscalationPolicy {
            name: self.name.clone(),
            matchers,
            group_by,
            steps: self.steps.iter().map(EscalationStepConfig::step).collect(),
            repeat: self.repeat,
            repeat_delay: self.repeat_delay,
            skip_if_empty: self.skip_if_empty,
        })
    }
}

impl EscalationStepConfig {
    fn step(&self) -> EscalationStep {
        let OnlyIfConfig { intervals, severity, at_least, within } = &self.only_if;
        EscalationStep {
            to: self
                .to
                .iter()
                .map(|text| text.parse().unwrap_or_else(|never| match never {}))
                .collect(),
            delay: self.delay,
            only_if: OnlyIf {
                intervals: intervals.clone(),
                urgency: *severity,
                at_least: at_least.map(|count| (count, *within)),
            },
        }
    }
}

/// Whoever waits longer does not want to be called.
const LONGEST: Duration = Duration::from_hours(24 * 7);
