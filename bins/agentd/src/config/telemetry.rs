//! `[metrics]`, `[history]`: what is measured, and how long it is kept.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_channels::endpoint_policy;
use wardkit_logs::{Pattern, Patterns};
use wardkit_metrics::business::{
    AggregateConfig, BusinessConfig, HttpMetricConfig, LogMetricConfig,
};
use wardkit_metrics::history;
use wardkit_metrics::host::HostConfig;
use wardkit_metrics::ingest::IngestConfig;

use crate::reload::error_chain;

/// What agentd measures, and what it takes in from programs that measure themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct MetricsConfig {
    /// Whether the host is measured. Without, there is no history either.
    pub enabled: bool,
    /// How often everything is measured. What is shown of the host is as old as that at most.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub interval: Duration,
    /// What is measured of the host.
    pub host: HostConfig,
    /// What programs may bring to `/api/v1/ingest`.
    pub ingest: IngestConfig,
    /// Metrics from the lines of log files, as `[[metrics.log]]`.
    pub log: Vec<LogMetricConfig>,
    /// Metrics from numbers in JSON that services tell over HTTP, as `[[metrics.http]]`.
    pub http: Vec<HttpMetricConfig>,
    /// Metrics worked out from other metrics at each interval, as `[[metrics.aggregate]]`.
    pub aggregate: Vec<AggregateConfig>,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            interval: Duration::from_secs(10),
            host: HostConfig::default(),
            ingest: IngestConfig::default(),
            log: Vec::new(),
            http: Vec::new(),
            aggregate: Vec::new(),
        }
    }
}

impl MetricsConfig {
    /// Returns every rule that a value breaks: `(key, reason)`.
    pub(crate) fn violations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        if !(SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(&self.interval) {
            found.push(("metrics.interval".to_owned(), "must be between 1s and 1h".to_owned()));
        }
        for (section, violations) in [
            ("metrics.host.", self.host.validate()),
            ("metrics.ingest.", self.ingest.violations()),
            ("metrics.", self.declared().violations()),
        ] {
            let told =
                |one: wardkit_metrics::Violation| (format!("{section}{}", one.path), one.reason);
            found.extend(violations.into_iter().map(told));
        }
        if let Err(error) = Patterns::compile(&self.patterns()) {
            found.push(("metrics.log".to_owned(), error_chain(&error)));
        }
        let urls = self.http.iter().map(|declared| declared.url.as_str());
        if let Err(error) = endpoint_policy(urls) {
            found.push(("metrics.http".to_owned(), error.to_string()));
        }
        found
    }

    /// Returns what is looked for in the lines of logs, in the order of the declarations.
    pub(crate) fn patterns(&self) -> Vec<Pattern> {
        let pattern = |declared: &LogMetricConfig| Pattern {
            file: declared.file.clone(),
            regex: declared.pattern.clone(),
        };
        self.log.iter().map(pattern).collect()
    }

    fn declared(&self) -> BusinessConfig {
        let mut declared = BusinessConfig::default();
        declared.log.clone_from(&self.log);
        declared.http.clone_from(&self.http);
        declared.aggregate.clone_from(&self.aggregate);
        declared
    }
}

/// How long agentd keeps what it measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct HistoryConfig {
    /// Whether anything is kept.
    pub enabled: bool,
    /// The directory of the history. While empty, `history` in the data directory.
    pub dir: PathBuf,
    /// How much is kept, and how safely.
    pub keep: history::Config,
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self { enabled: true, dir: PathBuf::new(), keep: history::Config::default() }
    }
}

impl HistoryConfig {
    /// Returns every rule that a value breaks: `(key, reason)`.
    pub(crate) fn violations(&self) -> Vec<(String, String)> {
        let mut found: Vec<_> = self
            .keep
            .violations()
            .into_iter()
            .map(|one| (format!("history.keep.{}", one.path), one.reason))
            .collect();
        if !self.dir.as_os_str().is_empty() && !self.dir.is_absolute() {
            let reason = "must be an absolute path, or empty".to_owned();
            found.push(("history.dir".to_owned(), reason));
        }
        found
    }
}

/// Half of the pressure that the kernel tells is of ten seconds; below one there is nothing new to see.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
const LONGEST_INTERVAL: Duration = Duration::from_hours(1);
