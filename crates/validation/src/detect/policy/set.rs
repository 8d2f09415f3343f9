//! The policies of all sinks, as configuration.

use std::collections::BTreeMap;

use super::Policy;
use crate::detect::Sink;

/// A policy for each sink and one for messages, as a section of a configuration file.
///
/// ```toml
/// [message]
/// strictness = 1
///
/// [sinks.sql]
/// strictness = 3
/// exceptions = [{ rule = "unicode.mixed-script", until = "2027-01-31T00:00:00Z", owner = "ann", reason = "Greek names" }]
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[non_exhaustive]
pub struct Policies {
    /// For messages, of which nobody knows where they go.
    pub message: Policy,
    /// For texts that go to a sink; a sink that is not named has the default.
    pub sinks: BTreeMap<Sink, Policy>,
}

impl Policies {
    /// Returns the policy for texts that go to a sink, or for messages.
    #[must_use]
    pub fn of(&self, sink: Option<Sink>) -> Policy {
        let set = match sink {
            None => Some(&self.message),
            Some(sink) => self.sinks.get(&sink),
        };
        Policy { sink, ..set.cloned().unwrap_or_default() }
    }
}
