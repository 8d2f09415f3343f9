//! `[backup.keep]`: which snapshots stay.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_backup::engine::{KeepPolicy, Span};
use wardkit_supervise::Cron;

use super::{NOT_CRON, found};

/// Which of this host's snapshots by agentd stay, under restic's names and with their meaning. Without a rule all stay,
/// and nothing is ever removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct KeepConfig {
    /// When the others go and the repository is pruned, as a line of cron in UTC.
    pub at: String,
    /// The newest so many.
    pub last: u32,
    /// The newest of each of so many hours that have one.
    pub hourly: u32,
    /// The newest of each of so many days that have one.
    pub daily: u32,
    /// The newest of each of so many weeks that have one.
    pub weekly: u32,
    /// The newest of each of so many months that have one.
    pub monthly: u32,
    /// The newest of each of so many years that have one.
    pub yearly: u32,
    /// All of the time before the newest one, such as `1y5m7d2h`.
    pub within: String,
    /// How long data stays that no snapshot needs any more: backups that cannot lock have to end within it.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub grace: Duration,
}

impl Default for KeepConfig {
    fn default() -> Self {
        Self {
            at: "30 5 * * 0".to_owned(),
            last: 0,
            hourly: 0,
            daily: 0,
            weekly: 0,
            monthly: 0,
            yearly: 0,
            within: String::new(),
            grace: Duration::from_hours(24),
        }
    }
}

impl KeepConfig {
    /// Whether anything is ever to go.
    pub(crate) fn is_enabled(&self) -> bool {
        self.policy().is_none_or(|policy| !policy.is_empty())
    }

    /// The policy; none where a span cannot be read.
    pub(crate) fn policy(&self) -> Option<KeepPolicy> {
        let mut policy = KeepPolicy::default();
        policy.last = self.last;
        policy.hourly = self.hourly;
        policy.daily = self.daily;
        policy.weekly = self.weekly;
        policy.monthly = self.monthly;
        policy.yearly = self.yearly;
        policy.within = match self.within.as_str() {
            "" => Span::default(),
            text => text.parse().ok()?,
        };
        Some(policy)
    }

    pub(super) fn violations(&self, is_put_only: bool) -> Vec<(String, String)> {
        let mut all = Vec::new();
        if self.policy().is_none() {
            all.push(found("keep.within", "must be a span of time such as `1y5m7d2h`"));
        }
        if self.at.parse::<Cron>().is_err() {
            all.push(found("keep.at", NOT_CRON));
        }
        if is_put_only && self.is_enabled() {
            all.push(found("keep", "nothing is removed from a repository that is only put into"));
        }
        all
    }
}
