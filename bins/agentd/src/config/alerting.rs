//! `[alerting]`: what makes alerts, who is told, and how.

mod native;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_alerting::receiver::ReceiverConfig;
use wardkit_alerting::rules::{EventRuleConfig, RuleConfig, RulesConfig};
use wardkit_alerting::{
    EngineConfig, EscalationConfig, PersonConfig, Schedule, ScheduleConfig, TimeConfig,
};

pub(crate) use native::{InhibitConfig, LOG, RouteConfig};

/// What makes alerts, who is told, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct AlertingConfig {
    /// Whether there is alerting.
    pub enabled: bool,
    /// A configuration of Alertmanager: its routes, receivers, inhibition and times. Relative to this file. While
    /// empty, `receiver` and `[[alerting.route]]` decide.
    pub config: PathBuf,
    /// Rule files of Prometheus; `*` and `?` stand for what they stand for in a shell. Relative to this file.
    pub rules: Vec<String>,
    /// The address under which people reach agentd, for links: `https://alerts.example.org`. While empty, the listener's.
    pub external_url: String,
    /// Whether what is accepted survives a loss of power (`full`), or the death of agentd alone (`relaxed`).
    pub durability: Durability,
    /// How long history is kept.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub keep_history: Duration,
    /// How often rules are evaluated that do not say it themselves.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub interval: Duration,
    /// After how long without evaluation, because agentd did not run, an alert waits for its whole `for` again.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub outage_tolerance: Duration,
    /// Labels that every alert of a rule gets that does not have them.
    pub external_labels: BTreeMap<String, String>,
    /// Whether the rules that come with agentd are evaluated.
    pub default_rules: bool,
    /// Those of them that are not, by name.
    pub default_rules_off: Vec<String>,
    /// Who is told of what no route takes. While empty, agentd's log.
    pub receiver: String,
    /// The labels whose values make a group; `...` stands for all.
    pub group_by: Vec<String>,
    /// How long a new group waits for more of its alerts.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub group_wait: Duration,
    /// How long a group that was told of waits before news of it is told.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub group_interval: Duration,
    /// After how long a group that lasts is told of again.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub repeat_interval: Duration,
    /// How long an alert lasts that nobody brings any more.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub resolve_timeout: Duration,
    /// Limits and manners.
    pub limits: LimitsConfig,
    /// Tells somebody outside that agentd lives: its silence is the alert.
    pub heartbeat: HeartbeatConfig,
    /// Where the terminals of those are who are logged in. While no channel takes anything, those that take messages
    /// (`mesg y`) are told, once an hour. Empty: none is.
    pub terminals: PathBuf,
    /// Rules on metrics, as `[[alerting.rule]]`.
    pub rule: Vec<RuleConfig>,
    /// Rules on events, as `[[alerting.event-rule]]`.
    pub event_rule: Vec<EventRuleConfig>,
    /// Who can be told, as `[[alerting.receivers]]` with `[[alerting.receivers.channels]]`; beside those of `config`.
    pub receivers: Vec<ReceiverConfig>,
    /// Where alerts go, as `[[alerting.route]]`: the first that matches takes the alert.
    pub route: Vec<RouteConfig>,
    /// Which alerts silence others, as `[[alerting.inhibit]]`.
    pub inhibit: Vec<InhibitConfig>,
    /// Times of the calendar that routes and escalations name, as `[[alerting.time]]`; beside those of `config`.
    pub time: Vec<TimeConfig>,
    /// Who is called until somebody takes care, as `[[alerting.escalation]]` with `[[alerting.escalation.steps]]`; it
    /// comes before routes, also before those of `config`.
    pub escalation: Vec<EscalationConfig>,
    /// Who can be called by name, as `[[alerting.person]]`.
    pub person: Vec<PersonConfig>,
    /// Who is on call, as `[[alerting.schedule]]` with `[[alerting.schedule.layers]]`.
    pub schedule: Vec<ScheduleConfig>,
}

impl Default for AlertingConfig {
    fn default() -> Self {
        let rules = RulesConfig::default();
        let route = wardkit_alerting::Route::default();
        Self {
            enabled: true,
            config: PathBuf::new(),
            rules: Vec::new(),
            external_url: String::new(),
            durability: Durability::Full,
            keep_history: Duration::from_hours(24 * 90),
            interval: rules.interval,
            outage_tolerance: rules.outage_tolerance,
            external_labels: BTreeMap::new(),
            default_rules: true,
            default_rules_off: Vec::new(),
            receiver: String::new(),
            group_by: vec!["alertname".to_owned()],
            group_wait: route.group_wait,
            group_interval: route.group_interval,
            repeat_interval: route.repeat_interval,
            resolve_timeout: Duration::from_mins(5),
            limits: LimitsConfig::default(),
            heartbeat: HeartbeatConfig::default(),
            terminals: PathBuf::from("/dev/pts"),
            rule: Vec::new(),
            event_rule: Vec::new(),
            receivers: Vec::new(),
            route: Vec::new(),
            inhibit: Vec::new(),
            time: Vec::new(),
            escalation: Vec::new(),
            person: Vec::new(),
            schedule: Vec::new(),
        }
    }
}

/// What survives what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Durability {
    /// What is accepted is on the disk before anybody is told so.
    Full,
    /// A loss of power may cost the last second; the death of agentd costs nothing.
    Relaxed,
}

/// Limits and manners of alerting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct LimitsConfig {
    /// The most alerts that are kept. The last tenth is for critical ones; beyond it, an alert is refused.
    pub max_alerts: usize,
    /// The most silences that are kept.
    pub max_silences: usize,
    /// From how many new alerts in a minute on the less than critical ones are told of in digests only.
    pub storm_alerts_per_minute: usize,
    /// How long an acknowledgement of a critical incident lasts when nobody says.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub ack_timeout: Duration,
    /// How long after its end an incident is reopened instead of a new one being opened.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub reopen_within: Duration,
    /// Whether alerts that come and go are told of once as flapping.
    pub flapping: bool,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let engine = EngineConfig::default();
        Self {
            max_alerts: engine.max_alerts,
            max_silences: engine.max_silences,
            storm_alerts_per_minute: engine.storm_alerts_per_minute,
            ack_timeout: engine.ack_timeout.unwrap_or(Duration::from_hours(1)),
            reopen_within: engine.reopen_within,
            flapping: engine.flapping.is_some(),
        }
    }
}

/// Tells somebody outside that agentd lives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct HeartbeatConfig {
    /// What is asked for at each interval while alerting works: a service that tells you when nothing comes. While
    /// empty, nobody is told. What follows a `?` is not shown anywhere.
    pub url: String,
    /// How often.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub interval: Duration,
}

impl Default for HeartbeatConfig {
    fn default() -> Self {
        Self { url: String::new(), interval: Duration::from_mins(1) }
    }
}

impl AlertingConfig {
    /// Returns every rule that a value breaks: `(key, reason)`. What files say is checked when they are read.
    pub(crate) fn violations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut refuse = |key: &str, reason: &str| {
            found.push((format!("alerting.{key}"), reason.to_owned()));
        };
        let second = Duration::from_secs(1);
        for (key, value, most) in [
            ("interval", self.interval, MOST_INTERVAL),
            ("group-interval", self.group_interval, MOST_INTERVAL),
            ("repeat-interval", self.repeat_interval, MOST_REPEAT),
            ("resolve-timeout", self.resolve_timeout, MOST_INTERVAL),
            ("keep-history", self.keep_history, Duration::MAX),
            ("heartbeat.interval", self.heartbeat.interval, MOST_INTERVAL),
            ("limits.ack-timeout", self.limits.ack_timeout, MOST_REPEAT),
        ] {
            if value < second || value > most {
                refuse(
                    key,
                    "must be between 1s and 24h; for repeats and acknowledgements, 30 days",
                );
            }
        }
        if !self.external_url.is_empty() && !is_http(&self.external_url) {
            refuse("external-url", "must begin with https:// or http://");
        }
        if !self.heartbeat.url.is_empty()
            && let Err(error) = wardkit_channels::endpoint_policy([self.heartbeat.url.as_str()])
        {
            refuse("heartbeat.url", &error.to_string());
        }
        if !self.config.as_os_str().is_empty() {
            let native = [
                ("receiver", !self.receiver.is_empty()),
                ("route", !self.route.is_empty()),
                ("inhibit", !self.inhibit.is_empty()),
            ];
            for (key, _) in native.iter().filter(|(_, is_set)| *is_set) {
                refuse(key, "the file that `alerting.config` names decides this; write it there");
            }
        }
        for (key, value) in [
            ("limits.max-alerts", self.limits.max_alerts),
            ("limits.max-silences", self.limits.max_silences),
            ("limits.storm-alerts-per-minute", self.limits.storm_alerts_per_minute),
        ] {
            if !(1..=MOST_KEPT).contains(&value) {
                refuse(key, "must be between 1 and 1000000");
            }
        }
        for violation in wardkit_alerting::receiver::receiver_violations(&self.receivers) {
            refuse("receivers", &violation.to_string());
        }
        found.extend(self.calling_violations());
        found.extend(self.native_violations());
        found
    }

    /// Returns what is wrong with who is called when.
    fn calling_violations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (index, schedule) in self.schedule.iter().enumerate() {
            for one in Schedule::new(schedule).err().unwrap_or_default() {
                found.push((format!("alerting.schedule[{index}].{}", one.path), one.reason));
            }
            if self.schedule[..index].iter().any(|other| other.name == schedule.name) {
                let reason = format!("there are two of the name {:?}", schedule.name);
                found.push((format!("alerting.schedule[{index}].name"), reason));
            }
        }
        for (index, time) in self.time.iter().enumerate() {
            for one in time.interval().err().unwrap_or_default() {
                found.push((format!("alerting.time[{index}].{}", one.path), one.reason));
            }
        }
        for (index, escalation) in self.escalation.iter().enumerate() {
            for one in escalation.policy().err().unwrap_or_default() {
                let key = format!("alerting.escalation[{index}].{}", one.path);
                found.push((key, one.reason));
            }
        }
        found
    }

    /// Returns the engine's limits and manners.
    pub(crate) fn engine(&self) -> EngineConfig {
        let mut engine = EngineConfig::default();
        engine.max_alerts = self.limits.max_alerts;
        engine.max_silences = self.limits.max_silences;
        engine.storm_alerts_per_minute = self.limits.storm_alerts_per_minute;
        engine.ack_timeout = Some(self.limits.ack_timeout);
        engine.reopen_within = self.limits.reopen_within;
        if !self.limits.flapping {
            engine.flapping = None;
        }
        engine
    }

    /// Returns what the rules are made of.
    pub(crate) fn rules_config(&self) -> RulesConfig {
        let mut rules = RulesConfig::default();
        rules.interval = self.interval;
        rules.outage_tolerance = self.outage_tolerance;
        rules.external_labels.clone_from(&self.external_labels);
        rules.default_rules = self.default_rules;
        rules.default_rules_off.clone_from(&self.default_rules_off);
        rules.rule.clone_from(&self.rule);
        rules.event_rule.clone_from(&self.event_rule);
        rules
    }
}

fn is_http(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

const MOST_INTERVAL: Duration = Duration::from_hours(24);
const MOST_REPEAT: Duration = Duration::from_hours(24 * 30);
const MOST_KEPT: usize = 1_000_000;
