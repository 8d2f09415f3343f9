//! Pagers and telephones.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::violations::Found;
use super::{SecretSource, Text};

/// An incident in PagerDuty, which ends with the incident here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PagerDutyConfig {
    /// The key of the integration (Events API v2), as `env:NAME` or `file:/path`.
    pub routing_key: SecretSource,
    /// Where events go; empty is PagerDuty itself.
    pub url: String,
    /// What it is called, as a template.
    pub summary: Text,
}

impl PagerDutyConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("routing-key", &mut self.routing_key)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        found.needs("routing-key", self.routing_key.is_some());
    }
}

/// An alert in Opsgenie, which is closed with the incident here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OpsgenieConfig {
    /// The key of the integration, as `env:NAME` or `file:/path`.
    pub api_key: SecretSource,
    /// Where requests go; empty is Opsgenie itself. The European one is `https://api.eu.opsgenie.com`.
    pub url: String,
    /// Its message, as a template.
    pub message: Text,
    /// Its description, as a template.
    pub description: Text,
    /// The teams that respond, by name.
    pub teams: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
}

impl OpsgenieConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("api-key", &mut self.api_key)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        found.needs("api-key", self.api_key.is_some());
    }
}

/// A message through Pushover; a critical one rings until somebody reacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PushoverConfig {
    /// The application's token, as `env:NAME` or `file:/path`.
    pub token: SecretSource,
    /// The user's or group's key, as `env:NAME` or `file:/path`.
    pub user: SecretSource,
    /// Where requests go; empty is Pushover itself.
    pub url: String,
    /// The device; empty for all of them.
    pub device: String,
    /// The title, as a template.
    pub title: Text,
    /// The text, as a template.
    pub text: Text,
    /// How often a critical message rings.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub retry: Duration,
    /// How long a critical message rings.
    #[serde(with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub expire: Duration,
}

impl Default for PushoverConfig {
    fn default() -> Self {
        Self {
            token: SecretSource::None,
            user: SecretSource::None,
            url: String::new(),
            device: String::new(),
            title: Text::Usual,
            text: Text::Usual,
            retry: Duration::from_mins(1),
            expire: Duration::from_hours(1),
        }
    }
}

impl PushoverConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("token", &mut self.token), ("user", &mut self.user)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        found.needs("token", self.token.is_some());
        found.needs("user", self.user.is_some());
        found.check("retry", self.retry >= Duration::from_secs(30), "must be at least 30s");
        found.check("expire", self.expire <= Duration::from_hours(3), "must be at most 3h");
    }
}

/// A text message to one telephone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SmsConfig {
    /// Whose interface it is.
    pub vendor: SmsVendor,
    /// Where requests go; empty is the vendor itself.
    pub url: String,
    /// Twilio's account (`AC…`) or Vonage's key.
    pub account: String,
    /// Twilio's token or Vonage's secret, as `env:NAME` or `file:/path`.
    pub secret: SecretSource,
    /// The number or name that sends.
    pub from: String,
    /// The number that receives: `+4912345678`. For another one, add another channel.
    pub to: String,
    /// The text, as a template.
    pub text: Text,
}

/// Whose interface a text message is sent by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum SmsVendor {
    /// Twilio's.
    #[default]
    Twilio,
    /// Vonage's, once Nexmo's.
    Vonage,
}

impl SmsConfig {
    pub(super) fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        vec![("secret", &mut self.secret)]
    }

    pub(super) fn violations(&self, found: &mut Found) {
        let account = self.account.bytes().all(|byte| byte.is_ascii_alphanumeric());
        found.check("account", account && !self.account.is_empty(), "must be letters and digits");
        found.needs("secret", self.secret.is_some());
        found.needs("from", !self.from.is_empty());
        let digits = self.to.strip_prefix('+').unwrap_or_default();
        let number = (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        found.check("to", number, "must be a number such as +4912345678");
    }
}
