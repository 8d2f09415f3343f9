//! Rules: what makes an alert of metrics and events.

mod active;
mod config;
mod defaults;
mod effect;
mod event_defaults;
mod events;
#[cfg(feature = "yaml")]
mod file;
mod foreign;
mod group;
mod groups;
mod keep;
mod native;
mod overlay;
mod pattern;
mod problem;
mod rule;
mod state;
#[cfg(feature = "yaml")]
pub mod testing;
mod text;
mod view;

use serde::{Deserialize, Serialize};

pub use config::{EventRuleConfig, OnNoData, RuleConfig, RulesConfig};
pub use defaults::{DEFAULT_RULES, DefaultRule, Resolve};
pub use effect::RuleEffect;
pub use event_defaults::default_event_rules;
pub use events::EventRules;
#[cfg(feature = "yaml")]
pub use file::RuleFile;
pub use groups::RuleGroups;
pub use pattern::EventPattern;
pub use problem::RuleProblem;
pub use rule::Group;
pub use view::{AlertView, GroupView, RuleHealth, RuleKind, RuleView};

/// Where an alert of a rule is on its way, in the order in which it matters.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AlertState {
    /// Nothing is found.
    #[default]
    Inactive,
    /// It is over, and was brought as over.
    Resolved,
    /// It is found, but not for long enough.
    Pending,
    /// It is no longer found, but fires on for a while.
    Recovering,
    /// It fires.
    Firing,
}
