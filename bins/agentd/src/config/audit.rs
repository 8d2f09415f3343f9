//! `[audit]`: whether and when the host is checked.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_supervise::Cron;

/// Whether and when the host is checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct AuditConfig {
    /// Whether the host is checked, as `auditctl host` does it.
    pub enabled: bool,
    /// When, as a line of cron in UTC. It is made up for once when agentd did not run then.
    pub at: String,
    /// By how much it is put off at most, by chance, so that hosts do not all begin at once.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub jitter: Duration,
    /// What is right on this host, in the form of `.auditctl.toml`: an absolute path; while empty, nothing special.
    pub settings: PathBuf,
    /// The folder that is the host's root: another one where agentd runs in a container.
    pub root: PathBuf,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            at: "45 3 * * *".to_owned(),
            jitter: Duration::from_mins(15),
            settings: PathBuf::new(),
            root: "/".into(),
        }
    }
}

impl AuditConfig {
    /// Returns every rule that a value breaks: `(key, reason)`.
    pub(super) fn violations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut refuse = |key: &str, reason: &str| {
            found.push((format!("audit.{key}"), reason.to_owned()));
        };
        if self.at.parse::<Cron>().is_err() {
            refuse("at", "must be five fields of cron, such as `45 3 * * *`");
        }
        if self.jitter > LONGEST_JITTER {
            refuse("jitter", "must be at most 24h");
        }
        if !self.settings.as_os_str().is_empty() && !self.settings.is_absolute() {
            refuse("settings", "must be an absolute path");
        }
        if !self.root.is_absolute() {
            refuse("root", "must be an absolute path");
        }
        found
    }
}

const LONGEST_JITTER: Duration = Duration::from_hours(24);
