//! `[integrity]`: what is watched for changes, and how.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What agentd watches for changes, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct IntegrityConfig {
    /// The files and directories that are watched, with everything below. While empty, those of the policy; without
    /// any the part is off.
    pub roots: Vec<PathBuf>,
    /// The file with the rules about what matters (see `auditctl integrity explain`). While empty everything does.
    pub policy: PathBuf,
    /// The directory of the baselines. While empty, `baseline` in the data directory.
    pub baseline: PathBuf,
    /// How changes are noticed between scans.
    pub watch: WatchMode,
    /// How often everything is looked at again, and what has changed metadata is read.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub scan_every: Duration,
    /// Within how much time every file is read again, whatever its metadata say. The work is spread over the scans.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub full_every: Duration,
    /// How many threads scan.
    pub threads: u16,
    /// The most bytes a second that a scan reads; 0 is no limit.
    pub byte_rate: u64,
    /// How long there must be no further change before what changed together is reported.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub settle: Duration,
    /// How long a report waits at most for changes to cease.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub settle_limit: Duration,
    /// Whose records may explain a change, and make of an upgrade one finding of little weight.
    pub trust: Vec<TrustName>,
    /// Python environments whose own records may explain a change: directories with `site-packages`.
    pub site_packages: Vec<PathBuf>,
    /// Projects of Node.js whose upgrades are told as one, which makes them no less severe: directories with
    /// `node_modules`.
    pub node_projects: Vec<PathBuf>,
    /// Directories below the roots in which no file may be opened whose content is not the baseline's; also none that is
    /// new there, until it is accepted. Needs root.
    pub enforce: Vec<PathBuf>,
    /// What happens to who opens a file in one of them when its check takes longer than two seconds.
    pub enforce_timeout: OnTimeout,
}

/// How changes are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WatchMode {
    /// The best that the system allows: fanotify as root, else inotify, else scans alone.
    Auto,
    /// By scans alone.
    Poll,
}

/// Whose records may explain a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TrustName {
    /// Debian's package database.
    Dpkg,
    /// The package database of Fedora, Red Hat and SUSE, where there is one.
    Rpm,
}

/// What happens to who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnTimeout {
    /// The file is opened.
    Allow,
    /// The file is not opened.
    Deny,
}

impl Default for IntegrityConfig {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            policy: PathBuf::new(),
            baseline: PathBuf::new(),
            watch: WatchMode::Auto,
            scan_every: Duration::from_hours(1),
            full_every: Duration::from_hours(24),
            threads: 1,
            byte_rate: 0,
            settle: Duration::from_secs(2),
            settle_limit: Duration::from_secs(30),
            trust: vec![TrustName::Dpkg, TrustName::Rpm],
            site_packages: Vec::new(),
            node_projects: Vec::new(),
            enforce: Vec::new(),
            enforce_timeout: OnTimeout::Allow,
        }
    }
}

impl IntegrityConfig {
    /// Tells whether there is nothing to watch.
    pub(crate) fn is_off(&self) -> bool {
        self.roots.is_empty() && self.policy.as_os_str().is_empty()
    }

    /// Returns every rule that a value breaks: `(key, reason)`.
    pub(crate) fn violations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut check = |holds: bool, key: &str, reason: &str| {
            if !holds {
                found.push((format!("integrity.{key}"), reason.to_owned()));
            }
        };
        for (key, paths) in [
            ("roots", &self.roots),
            ("site-packages", &self.site_packages),
            ("node-projects", &self.node_projects),
            ("enforce", &self.enforce),
        ] {
            check(
                paths.iter().all(|path| path.is_absolute()),
                key,
                "each must be an absolute path",
            );
        }
        // Whatever is not in the baseline cannot be opened there: nothing could.
        let is_watched = |path: &PathBuf| self.roots.iter().any(|root| path.starts_with(root));
        check(
            self.roots.is_empty() || self.enforce.iter().all(is_watched),
            "enforce",
            "each must lie below one of `roots`",
        );
        for (key, path) in [("policy", &self.policy), ("baseline", &self.baseline)] {
            let is_usable = path.as_os_str().is_empty() || path.is_absolute();
            check(is_usable, key, "must be an absolute path, or empty");
        }
        check((1..=256).contains(&self.threads), "threads", "must be from 1 to 256");
        check(self.scan_every >= SHORTEST_SCAN, "scan-every", "must be at least 1s");
        check(self.full_every >= self.scan_every, "full-every", "must be at least `scan-every`");
        check(self.settle_limit >= self.settle, "settle-limit", "must be at least `settle`");
        found
    }
}

/// Scans that follow one another without a pause would be one that never ends.
const SHORTEST_SCAN: Duration = Duration::from_secs(1);
