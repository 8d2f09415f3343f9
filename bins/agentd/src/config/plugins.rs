//! `[plugins]`: which plugins are run, on what, and how much of the host they may use.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_alerting::rules::EventPattern;
use wardkit_plugin::manifest::PluginId;
use wardkit_plugin::{Most, PublicKey, TrustedKeys};
use wardkit_supervise::Cron;
use wardkit_validation::Network;

use super::Problem;
use crate::regular_file::read_trusted;

/// Which plugins are run, on what, and how much of the host they may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct PluginsConfig {
    /// Files with the public keys whose plugins are called, such as `file:/etc/wardkit/plugins.pub`. Without any, what
    /// was proven when a plugin was installed holds.
    pub trusted_keys: Vec<String>,
    /// Whether plugins that nobody signed are called.
    pub danger_allow_unsigned: bool,
    /// The most of the host that any plugin may use, whatever it was granted.
    pub ceiling: Most,
    /// What is around the engine that runs WebAssembly.
    pub isolation: PluginIsolation,
    /// How many calls run at a time, of all plugins together.
    pub concurrency: usize,
    /// How many calls of one plugin wait at a time; more are refused.
    pub queue: usize,
    /// Where secrets are that plugins were granted by name: `file:/etc/wardkit/weather.token` or `env:NAME`.
    pub secrets: BTreeMap<String, String>,
    /// Networks that plugins may reach although they are not public, at hosts that they were granted: `10.0.0.0/8`.
    #[schemars(with = "Vec<String>")]
    pub danger_networks: Vec<Network>,
    /// Variables that native plugins were granted by name.
    pub environment: BTreeMap<String, String>,
    /// What is run, and on what.
    pub run: Vec<PluginRunConfig>,
}

/// What is around the engine that runs WebAssembly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PluginIsolation {
    /// Nothing: calls run inside agentd.
    #[default]
    Engine,
    /// Each call is a process of its own, which the kernel holds as it holds native plugins.
    Process,
}

/// One plugin, and on what it is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct PluginRunConfig {
    /// Its id: `org.example.hello`.
    pub plugin: String,
    /// The kinds of events that it is called on, as rules on events name them: `integrity.*`. It must have been granted
    /// them, too.
    pub on: Vec<String>,
    /// How long lies between two calls, such as `5m`.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub every: Duration,
    /// When it is called, as a line of cron in UTC.
    pub at: String,
    /// The JSON that calls on schedule hand in; without it, an event that says which time came.
    pub input: String,
    /// Whether `POST /v1/plugins/ID/call` and the `[[endpoints]]` of its manifest call it.
    pub api: bool,
    /// Paths of its endpoints that are answered on the listener without a token, where the manifest says so, too.
    pub danger_open_endpoints: Vec<String>,
}

impl Default for PluginsConfig {
    fn default() -> Self {
        Self {
            trusted_keys: Vec::new(),
            danger_allow_unsigned: false,
            ceiling: Most::default(),
            isolation: PluginIsolation::default(),
            concurrency: 4,
            queue: 16,
            secrets: BTreeMap::new(),
            danger_networks: Vec::new(),
            environment: BTreeMap::new(),
            run: Vec::new(),
        }
    }
}

impl PluginsConfig {
    /// Whether anything is run.
    pub(crate) fn is_enabled(&self) -> bool {
        !self.run.is_empty()
    }

    /// Returns everything that is wrong: `(key, reason)`.
    pub(super) fn violations(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let mut found = |key: &str, reason: &str| {
            all.push((format!("plugins.{key}"), reason.to_owned()));
        };
        if !(1..=MOST_CALLS).contains(&self.concurrency) {
            found("concurrency", "must be between 1 and 64");
        }
        if !(1..=MOST_WAITING).contains(&self.queue) {
            found("queue", "must be between 1 and 1024");
        }
        // Whoever wrote the secret itself there must not read it in a log.
        for (name, _) in self.secrets.iter().filter(|(_, place)| !is_reference(place)) {
            let reason = "must be `file:PATH` or `env:NAME`, never the secret itself";
            found(&format!("secrets.{name}"), reason);
        }
        for (index, run) in self.run.iter().enumerate() {
            for (key, reason) in run.violations() {
                found(&format!("run[{index}].{key}"), &reason);
            }
        }
        all
    }

    /// Reads the keys that are trusted; none where the section names none.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong with their files.
    pub(crate) fn read_keys(&self) -> Result<Option<TrustedKeys>, Vec<Problem>> {
        if self.trusted_keys.is_empty() || !self.is_enabled() {
            return Ok(None);
        }
        let (mut keys, mut problems) = (Vec::new(), Vec::new());
        for (index, place) in self.trusted_keys.iter().enumerate() {
            match read_key(place) {
                Ok(key) => keys.push(key),
                Err(reason) => {
                    let key = format!("plugins.trusted-keys[{index}]");
                    problems.push(Problem { line: None, key, reason });
                }
            }
        }
        if problems.is_empty() { Ok(Some(TrustedKeys::new(keys))) } else { Err(problems) }
    }
}

impl PluginRunConfig {
    /// Returns the patterns of the events that it is called on.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = EventPattern> {
        self.on.iter().filter_map(|kind| EventPattern::new(kind))
    }

    fn violations(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let mut found = |key: &str, reason: &str| all.push((key.to_owned(), reason.to_owned()));
        if let Err(reason) = self.plugin.parse::<PluginId>() {
            found("plugin", &reason);
        }
        if self.on.iter().any(|kind| EventPattern::new(kind).is_none()) {
            found("on", "an event's kind is dotted lower-case words, or * for any word");
        }
        if !self.every.is_zero() && self.every < SHORTEST {
            found("every", "must be at least 1s");
        }
        if !self.at.is_empty() && self.at.parse::<Cron>().is_err() {
            found("at", "must be five fields of cron, such as `30 2 * * *`");
        }
        let has_schedule = !self.every.is_zero() || !self.at.is_empty();
        if !self.every.is_zero() && !self.at.is_empty() {
            found("every", "stands instead of `at`: only one of them is possible");
        }
        if self.on.is_empty() && !has_schedule && !self.api {
            found("plugin", "nothing calls it: `on`, `every`, `at` or `api` does");
        }
        if !self.danger_open_endpoints.is_empty() && !self.api {
            found("danger-open-endpoints", "nothing answers there: `api` does not say so");
        }
        if !self.input.is_empty() {
            if !has_schedule {
                found("input", "is for calls on schedule, and there are none");
            }
            if let Err(error) = serde_json::from_str::<serde_json::Value>(&self.input) {
                found("input", &format!("is no JSON: {error}"));
            }
        }
        all
    }
}

fn read_key(place: &str) -> Result<PublicKey, String> {
    let path = place.strip_prefix("file:").unwrap_or(place);
    let bytes = read_trusted(Path::new(path)).map_err(|error| format!("{path}: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{path}: not a text"))?;
    PublicKey::parse(&text).map_err(|error| format!("{path}: {error}"))
}

/// Whether it says where a secret is, and not what it is.
fn is_reference(text: &str) -> bool {
    let place = ["file:", "env:"].iter().find_map(|kind| text.strip_prefix(kind));
    place.is_some_and(|place| !place.is_empty())
}

/// Each may take as much memory as the ceiling says.
const MOST_CALLS: usize = 64;
/// Each holds its input.
const MOST_WAITING: usize = 1024;
const SHORTEST: Duration = Duration::from_secs(1);
