//! `[[service]]` and what belongs to it: which parts agentd builds, and which services it keeps up.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Config;

/// Which parts agentd builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Profile {
    /// All of them.
    #[default]
    Full,
    /// Those that keep services up: no listener, no metrics, no alerts, no watch over files.
    Supervise,
}

impl Config {
    /// Returns the services, as who keeps them up takes them.
    pub(crate) fn supervise(&self) -> wardkit_supervise::Config {
        let mut config = wardkit_supervise::Config::new(self.service.clone());
        config.groups.clone_from(&self.service_group);
        config.max_probes = self.max_probes;
        config.logs_budget = self.logs_budget;
        config
    }

    /// Returns the parts of agentd that recoveries may use.
    pub(crate) fn recovery_parts(&self) -> BTreeSet<&'static str> {
        let has_alerting = self.profile == Profile::Full && self.alerting.enabled;
        has_alerting.then_some("alerting").into_iter().collect()
    }

    /// Returns what is wrong with the services: `(key, reason)`. One that is wrong keeps no other from running.
    pub(super) fn service_violations(&self) -> Vec<(String, String)> {
        let found = self.supervise().violations(&self.recovery_parts());
        found.into_iter().map(|found| (found.path, found.reason)).collect()
    }

    /// Returns the variables of agentd's environment that hold its own secrets: those that the configuration refers to as
    /// `env:NAME`.
    pub(crate) fn secret_variables(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        if let Ok(Value::Object(mut sections)) = serde_json::to_value(self) {
            // What stands there is the services' own.
            sections.remove("service");
            sections.values().for_each(|section| collect(section, &mut names));
        }
        names
    }

    /// Returns the sections of the file that this profile has no use for.
    pub(crate) fn unused_sections(&self) -> Vec<&'static str> {
        if self.profile == Profile::Full {
            return Vec::new();
        }
        let usual = Self::default();
        let unused = [
            ("listen", self.listen != usual.listen),
            ("metrics", self.metrics != usual.metrics),
            ("history", self.history != usual.history),
            ("detect", self.detect != usual.detect),
            ("probe", self.probe != usual.probe),
            ("otlp", self.otlp != usual.otlp),
            ("alerting", self.alerting != usual.alerting),
            ("integrity", self.integrity != usual.integrity),
            ("audit", self.audit != usual.audit),
            ("backup", self.backup != usual.backup),
            ("plugins", self.plugins != usual.plugins),
        ];
        unused.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
    }
}

fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            names.extend(
                text.strip_prefix("env:").filter(|name| !name.is_empty()).map(str::to_owned),
            );
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(map) => map.values().for_each(|item| collect(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
