//! agentd's configuration: one section a part, each the part's own `Config`.

mod alerting;
mod audit;
mod backup;
mod defaults;
mod detect;
mod endpoint;
mod integrity;
mod keys;
mod load;
mod otlp;
mod plugins;
mod policy;
mod problem;
mod sandbox;
mod services;
mod telemetry;
mod watch;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_api::HttpConfig;
use wardkit_retry::{Jitter, RetryPolicy, Schedule};
use wardkit_supervise::{GroupConfig, ServiceSpec};

pub(crate) use alerting::{AlertingConfig, Durability, HeartbeatConfig, LOG as LOG_RECEIVER};
pub(crate) use audit::AuditConfig;
pub(crate) use backup::{
    AccessConfig, BackupConfig, CopyProof, DrillConfig, ReplicaConfig, StepConfig, StepKind,
};
pub(crate) use defaults::{default_text, schema};
pub(crate) use detect::DetectConfig;
pub(crate) use integrity::{IntegrityConfig, OnTimeout, TrustName, WatchMode};
pub(crate) use load::{Parsed, ServiceProblems, parse, profile, read};
pub(crate) use otlp::OtlpConfig;
pub(crate) use plugins::{PluginIsolation, PluginRunConfig, PluginsConfig};
pub(crate) use policy::policy;
pub(crate) use problem::{BadConfig, Problem};
pub(crate) use sandbox::folder_of;
pub(crate) use services::Profile;
pub(crate) use telemetry::{HistoryConfig, MetricsConfig};
pub(crate) use watch::{Watched, watch};

use crate::log::LogConfig;

/// The configuration of agentd. Every key has a default; an empty file is a valid configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Which parts agentd builds: all of them, or those that keep services up.
    pub profile: Profile,
    /// How many probes of services run at a time; the others wait for a place.
    #[serde(rename = "max_probes")]
    pub max_probes: usize,
    /// How much the logs of all services may take together; the oldest that were put aside go first, the present ones
    /// stay.
    #[serde(rename = "logs_budget")]
    pub logs_budget: wardkit_supervise::Amount,
    /// What is logged to standard error, and how.
    pub log: LogConfig,
    /// The HTTP listener: health, metrics and the status page. Plain, so on loopback only; who writes brings a token.
    pub listen: HttpConfig,
    /// What agentd measures, and what it takes in from programs that measure themselves.
    pub metrics: MetricsConfig,
    /// How long agentd keeps what it measured.
    pub history: HistoryConfig,
    /// What agentd watches for the unusual, and how far it looks ahead.
    pub detect: DetectConfig,
    /// Health checks of what runs beside agentd, as `[[probe.check]]`.
    pub probe: wardkit_probe::Config,
    /// Where agentd pushes its metrics to, in OpenTelemetry's protocol over HTTP.
    pub otlp: OtlpConfig,
    /// What makes alerts, who is told, and how.
    pub alerting: AlertingConfig,
    /// What agentd watches for changes, and how.
    pub integrity: IntegrityConfig,
    /// Whether and when the host is checked.
    pub audit: AuditConfig,
    /// What agentd removes from directories of temporary files, as `[[cleanup.rule]]`.
    pub cleanup: wardkit_cleanup::Config,
    /// What is backed up into which repository, when, and how it is proven.
    pub backup: BackupConfig,
    /// Which plugins are run, on what, and how much of the host they may use.
    pub plugins: PluginsConfig,
    /// How agentd restarts one of its own parts that failed.
    pub parts: PartsConfig,
    /// How agentd takes over a changed configuration file.
    pub reload: ReloadConfig,
    /// The services that agentd keeps up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service: Vec<ServiceSpec>,
    /// Services that are started again together.
    #[serde(rename = "service_group", skip_serializing_if = "Vec::is_empty")]
    pub service_group: Vec<GroupConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            max_probes: wardkit_supervise::Config::default().max_probes,
            logs_budget: wardkit_supervise::Config::default().logs_budget,
            log: LogConfig::default(),
            listen: HttpConfig::default(),
            metrics: MetricsConfig::default(),
            history: HistoryConfig::default(),
            detect: DetectConfig::default(),
            probe: wardkit_probe::Config::default(),
            otlp: OtlpConfig::default(),
            alerting: AlertingConfig::default(),
            integrity: IntegrityConfig::default(),
            audit: AuditConfig::default(),
            cleanup: wardkit_cleanup::Config::default(),
            backup: BackupConfig::default(),
            plugins: PluginsConfig::default(),
            parts: PartsConfig::default(),
            reload: ReloadConfig::default(),
            service: Vec::new(),
            service_group: Vec::new(),
        }
    }
}

impl Config {
    /// Returns what tells one configuration from another on the audit trail, without showing it.
    pub(crate) fn digest(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        wardkit_tlog::Hash::leaf(&text).to_string()
    }

    /// Returns every rule that a value breaks: `(key, reason)`.
    fn violations(&self) -> Vec<(String, String)> {
        let listen =
            self.listen.validate().into_iter().map(|found| ("listen", found.path, found.reason));
        let retried = |section, policy: &RetryPolicy| {
            policy.validate().into_iter().map(move |found| (section, found.path, found.reason))
        };
        let mut found: Vec<_> = listen
            .chain(retried("parts", &self.parts.policy()))
            .chain(retried("reload.retry", &self.reload.retry))
            .map(|(section, key, reason)| (format!("{section}.{key}"), reason))
            .collect();
        found.extend(self.metrics.violations());
        found.extend(self.history.violations());
        found.extend(self.detect.violations());
        found.extend(endpoint::probe_violations(&self.probe));
        found.extend(self.otlp.violations());
        found.extend(self.alerting.violations());
        found.extend(self.integrity.violations());
        found.extend(self.audit.violations());
        let cleanup = self.cleanup.violations(&[]).into_iter();
        found.extend(cleanup.map(|one| (format!("cleanup.{}", one.path), one.reason)));
        found.extend(self.backup.violations());
        found.extend(self.plugins.violations());
        if self.reload.settle > LONGEST_SETTLE {
            found.push(("reload.settle".to_owned(), "must be at most 1m".to_owned()));
        }
        if self.reload.retry.budget.is_some() {
            found.push((
                "reload.retry.budget".to_owned(),
                "there is no budget to share; write none".to_owned(),
            ));
        }
        found
    }
}

/// How agentd restarts one of its own parts that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct PartsConfig {
    /// A part that ran for this long without failing starts over with the first delay.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub stable_after: Duration,
    /// How far each delay is spread, so that parts that failed together do not restart together.
    pub jitter: Jitter,
    /// The delays before the first, second, ... restart in a row. agentd never gives a part up.
    pub schedule: Schedule,
}

impl Default for PartsConfig {
    fn default() -> Self {
        Self {
            stable_after: Duration::from_mins(1),
            jitter: Jitter::Equal,
            schedule: Schedule::Exponential {
                base: Duration::from_millis(100),
                factor: 2.0,
                cap: Duration::from_secs(30),
            },
        }
    }
}

impl PartsConfig {
    /// Returns the policy that the delays are drawn from.
    pub(crate) fn policy(&self) -> RetryPolicy {
        let mut policy = RetryPolicy::default();
        policy.schedule = self.schedule.clone();
        policy.jitter = self.jitter;
        policy.attempt_timeout = None;
        policy.total_deadline = None;
        policy
    }
}

/// How agentd takes over a changed configuration file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct ReloadConfig {
    /// Whether a change of the file is noticed without SIGHUP or `agentd reload`.
    pub watch: bool,
    /// How long the file must have been left alone before it is read: editors write in several steps. One that
    /// keeps changing is read after ten times as long.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub settle: Duration,
    /// How reading the file is retried when the system says that it may succeed a moment later.
    pub retry: RetryPolicy,
}

impl Default for ReloadConfig {
    fn default() -> Self {
        Self { watch: true, settle: Duration::from_millis(100), retry: RetryPolicy::local_io() }
    }
}

/// A file that is written to for longer than this would never be taken over.
const LONGEST_SETTLE: Duration = Duration::from_mins(1);
