//! `[otlp]`: where metrics are pushed to.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{header_refused, url_refused};

/// Where agentd pushes its metrics to, in OpenTelemetry's protocol over HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct OtlpConfig {
    /// The collector's URL for metrics, such as `http://127.0.0.1:4318/v1/metrics`. While empty nothing is pushed.
    pub url: String,
    /// How often everything is pushed.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub interval: Duration,
    /// Header fields by name, each as `env:NAME` or `file:PATH`, where its value is.
    pub headers: BTreeMap<String, String>,
    /// A file of certificates in PEM whose authorities are trusted besides the system's. While empty, none.
    pub ca_file: PathBuf,
}

impl Default for OtlpConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            interval: Duration::from_mins(1),
            headers: BTreeMap::new(),
            ca_file: PathBuf::new(),
        }
    }
}

impl OtlpConfig {
    /// Returns every rule that a value breaks: `(key, reason)`.
    pub(crate) fn violations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut check = |holds: bool, key: &str, reason: &str| {
            if !holds {
                found.push((format!("otlp.{key}"), reason.to_owned()));
            }
        };
        if let Some(reason) = url_refused(&self.url).filter(|_| !self.url.is_empty()) {
            check(false, "url", &reason);
        }
        let allowed = Duration::from_secs(1)..=Duration::from_hours(1);
        check(allowed.contains(&self.interval), "interval", "must be between 1s and 1h");
        for (name, place) in &self.headers {
            let is_place = place.strip_prefix("env:").is_some_and(|name| !name.is_empty())
                || place.strip_prefix("file:").is_some_and(|path| path.starts_with('/'));
            let reason = "must be env:NAME or file:PATH with an absolute path";
            check(is_place, &format!("headers.{name}"), reason);
            if let Some(reason) = header_refused(name, "") {
                check(false, &format!("headers.{name}"), &reason);
            }
        }
        let is_path = self.ca_file.as_os_str().is_empty() || self.ca_file.is_absolute();
        check(is_path, "ca-file", "must be an absolute path, or empty");
        found
    }
}
