//! All services as configuration.

use std::collections::BTreeSet;

use crate::{Amount, ServiceSpec, Violation, graph};

/// All services, and which of them belong together.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// The services.
    #[cfg_attr(feature = "serde", serde(rename = "service"))]
    pub services: Vec<ServiceSpec>,
    /// Services that are started again together.
    #[cfg_attr(feature = "serde", serde(rename = "service_group"))]
    pub groups: Vec<GroupConfig>,
    /// How many probes run at a time; the others wait for a place.
    pub max_probes: usize,
    /// How much the logs of all services may take together; the oldest that were put aside go first, the present ones
    /// stay.
    pub logs_budget: Amount,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            groups: Vec::new(),
            max_probes: 16,
            logs_budget: Amount::new(LOGS_BUDGET),
        }
    }
}

impl Config {
    /// Creates a configuration of these services.
    #[must_use]
    pub fn new(services: impl Into<Vec<ServiceSpec>>) -> Self {
        Self { services: services.into(), ..Self::default() }
    }

    /// Returns everything that is wrong with the configuration; empty when it is fit for use.
    ///
    /// `parts` are the parts of the program that recoveries may use: `alerting`, `backup`, `sandbox`.
    #[must_use]
    pub fn violations(&self, parts: &BTreeSet<&str>) -> Vec<Violation> {
        let mut found = Vec::new();
        if !(1..=MOST_PROBES).contains(&self.max_probes) {
            let reason = format!("{} is not between 1 and {MOST_PROBES}", self.max_probes);
            found.push(Violation::new("max_probes", reason));
        }
        if self.services.len() > MOST_SERVICES {
            found.push(Violation::new("service", format!("there are more than {MOST_SERVICES}")));
            return found;
        }
        for (index, service) in self.services.iter().enumerate() {
            let section = format!("service[{index}]");
            found.extend(service.violations(parts).into_iter().map(|one| one.below(&section)));
        }
        found.extend(graph::violations(self).into_iter().map(|(_, violation)| violation));
        found
    }
}

/// Services that are started again together when one of them fails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupConfig {
    /// Its name.
    pub name: String,
    /// Its services, in the order in which they start.
    pub services: Vec<String>,
    /// Who is started again with the one that failed: `one_for_one`, `rest_for_one` or `one_for_all`.
    pub strategy: Strategy,
}

impl GroupConfig {
    /// Creates a group.
    #[must_use]
    pub fn new<S: Into<String>>(
        name: impl Into<String>,
        strategy: Strategy,
        services: impl IntoIterator<Item = S>,
    ) -> Self {
        let services = services.into_iter().map(Into::into).collect();
        Self { name: name.into(), services, strategy }
    }
}

/// Who is started again with a service that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Strategy {
    /// Nobody.
    #[default]
    OneForOne,
    /// Those after it in the group.
    RestForOne,
    /// All of the group.
    OneForAll,
}

const MOST_PROBES: usize = 1_000;
/// A gibibyte.
const LOGS_BUDGET: f64 = 1024.0 * 1024.0 * 1024.0;
/// Beyond that, a mistake in a generated file is likelier than a machine with as many services.
const MOST_SERVICES: usize = 10_000;
