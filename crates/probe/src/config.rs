//! Checks as configuration.

use std::fmt;
use std::time::Duration;

use crate::{Target, TcpTarget, graph};

/// The checks and how many of them run at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// How many checks run at a time; those that are due wait for a place, the one that is due longest first.
    pub max_parallel: usize,
    /// The checks.
    #[cfg_attr(feature = "serde", serde(rename = "check"))]
    pub checks: Vec<CheckConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_parallel: 8, checks: Vec::new() }
    }
}

impl Config {
    /// Returns everything that is wrong with the configuration; empty when it is fit for use.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if !(1..=MOST_PARALLEL).contains(&self.max_parallel) {
            found.push(Violation::new(
                "max-parallel",
                format!("{} is not between 1 and {MOST_PARALLEL}", self.max_parallel),
            ));
        }
        if self.checks.len() > MOST_CHECKS {
            found.push(Violation::new("check", format!("there are more than {MOST_CHECKS}")));
            return found;
        }
        for (index, check) in self.checks.iter().enumerate() {
            let below = |violation: Violation| Violation {
                path: format!("check[{index}].{}", violation.path),
                ..violation
            };
            found.extend(check.violations().into_iter().map(below));
        }
        found.extend(graph::violations(&self.checks));
        found
    }
}

/// One check: what is asked, how often, and what is made of the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(rename_all = "kebab-case", default = "CheckConfig::unset", deny_unknown_fields)
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckConfig {
    /// The name, by which other checks, events and metrics know it: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// What is asked: `target.exec`, `target.http`, `target.tcp`, `target.unix`, `target.file`, `target.redis`,
    /// `target.postgres` or `target.sqlite`, with the keys of its kind.
    pub target: Target,
    /// Whether the whole is not ready while this check is down or blocked. Otherwise the whole is degraded.
    pub critical: bool,
    /// How much time lies between the starts of two runs.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub interval: Duration,
    /// By how much a start is put off at most, by chance, so that checks do not all start together.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub jitter: Duration,
    /// How long a run may take before it counts as failed.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub timeout: Duration,
    /// How long a run may take before it counts as degraded; unset for as long as it may take.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration::optional"))]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub slow_after: Option<Duration>,
    /// How long after the program's start the first run begins.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub start_delay: Duration,
    /// For how long from the first run on failures do not count, as long as no run has passed.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub grace: Duration,
    /// How many runs in a row make the state worse.
    pub fall: u32,
    /// How many runs in a row make the state better.
    pub rise: u32,
    /// The checks without which this one makes no sense. While one of them is down, this one is not asked: it is
    /// blocked.
    pub depends_on: Vec<String>,
    /// How many changes of state within `flap-within` make the check flap, which is told once instead of each
    /// change; 0 for never.
    pub flap_changes: u32,
    /// The time in which changes of state are counted.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub flap_within: Duration,
    /// How many runs are remembered.
    pub history: usize,
}

impl CheckConfig {
    /// Creates a critical check that runs every 30 seconds, falls after three failures and rises after two passes.
    #[must_use]
    pub fn new(name: impl Into<String>, target: impl Into<Target>) -> Self {
        Self {
            name: name.into(),
            target: target.into(),
            critical: true,
            interval: Duration::from_secs(30),
            jitter: Duration::from_secs(1),
            timeout: Duration::from_secs(5),
            slow_after: None,
            start_delay: Duration::ZERO,
            grace: Duration::ZERO,
            fall: 3,
            rise: 2,
            depends_on: Vec::new(),
            flap_changes: 6,
            flap_within: Duration::from_mins(10),
            history: 60,
        }
    }

    /// What configuration leaves out: all but the name and the target, which are then found missing.
    fn unset() -> Self {
        Self::new("", TcpTarget::default())
    }

    /// Returns everything that is wrong with the check itself.
    fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if !is_name(&self.name) {
            let reason = "is not 1 to 64 letters, digits, `-`, `_` and `.`";
            found.push(Violation::new("name", reason));
        }
        if self.target == Self::unset().target {
            found.push(Violation::new("target", "is missing: give target.http.url or its like"));
        } else {
            found.extend(self.target.violations().into_iter().map(|violation| Violation {
                path: format!("target.{}.{}", self.target.kind(), violation.path),
                ..violation
            }));
        }
        let slow_after = self.slow_after.unwrap_or(LEAST_TIME);
        for (path, value, least) in [
            ("interval", self.interval, LEAST_INTERVAL),
            ("jitter", self.jitter, Duration::ZERO),
            ("timeout", self.timeout, LEAST_TIME),
            ("slow-after", slow_after, LEAST_TIME),
            ("start-delay", self.start_delay, Duration::ZERO),
            ("grace", self.grace, Duration::ZERO),
            ("flap-within", self.flap_within, LEAST_TIME),
        ] {
            if !(least..=MOST_TIME).contains(&value) {
                let reason = format!("{value:?} is not between {least:?} and 24 hours");
                found.push(Violation::new(path, reason));
            }
        }
        for (path, value, least, most) in [
            ("fall", u64::from(self.fall), 1, MOST_IN_A_ROW),
            ("rise", u64::from(self.rise), 1, MOST_IN_A_ROW),
            ("flap-changes", u64::from(self.flap_changes), 0, MOST_IN_A_ROW),
            ("history", u64::try_from(self.history).unwrap_or(u64::MAX), 1, MOST_HISTORY),
        ] {
            if !(least..=most).contains(&value) {
                let reason = format!("{value} is not between {least} and {most}");
                found.push(Violation::new(path, reason));
            }
        }
        if self.flap_changes == 1 {
            found.push(Violation::new(
                "flap-changes",
                "one change is no flapping: 0, or 2 at least",
            ));
        }
        if slow_after >= self.timeout && self.slow_after.is_some() {
            found.push(Violation::new("slow-after", "is not below timeout"));
        }
        found
    }
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The key, dotted where it is nested: `check[2].interval`.
    pub path: String,
    /// Why its value is refused.
    pub reason: String,
}

impl Violation {
    pub(crate) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), reason: reason.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Each has a history, and each change walks all of them.
const MOST_CHECKS: usize = 1_000;
const MOST_PARALLEL: usize = 256;
const MOST_IN_A_ROW: u64 = 100;
const MOST_HISTORY: u64 = 1_000;
const LEAST_INTERVAL: Duration = Duration::from_millis(100);
const LEAST_TIME: Duration = Duration::from_millis(1);
const MOST_TIME: Duration = Duration::from_hours(24);
