//! What an operator says of those who can be told: the channels and how each is reached.
//!
//! The engine sees a receiver only as [`Receiver`]; what is here is for whoever builds the channels.

mod address;
mod chat;
mod direct;
mod mail;
mod pager;
mod secret;
mod text;
mod violations;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ChannelId, Receiver, ReceiverChannel, Violation};

pub use address::InvalidAddress;
pub use chat::{
    DiscordConfig, MatrixConfig, NtfyConfig, SlackConfig, TeamsConfig, TelegramConfig,
    TelegramMarkup,
};
pub use direct::{
    AlertmanagerConfig, ExecConfig, FileConfig, SyslogConfig, SyslogFacility, SyslogTransport,
};
pub use mail::{EmailConfig, EmailTls};
pub use pager::{OpsgenieConfig, PagerDutyConfig, PushoverConfig, SmsConfig, SmsVendor};
pub use secret::SecretSource;
pub use text::Text;
pub use webhook::WebhookConfig;

/// Somebody who can be told, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReceiverConfig {
    /// The name, by which routes and escalations mean it.
    pub name: String,
    /// The ways to tell it; all of them are used.
    pub channels: Vec<ChannelConfig>,
}

impl ReceiverConfig {
    /// Creates a receiver without a channel: whoever is told is nobody.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), channels: Vec::new() }
    }

    /// Returns the channels with their names: `ops/webhook[0]`, `ops/webhook[1]`, `ops/email[0]`.
    #[must_use]
    pub fn channels(&self) -> Vec<(ChannelId, &ChannelConfig)> {
        let mut counts = BTreeMap::<&str, usize>::new();
        let named = self.channels.iter().map(|channel| {
            let kind = channel.kind.as_str();
            let index = counts.entry(kind).or_default();
            let id = ChannelId::new(&self.name, kind, *index);
            *index += 1;
            (id, channel)
        });
        named.collect()
    }

    /// Returns what the engine needs to know of it.
    #[must_use]
    pub fn receiver(&self) -> Receiver {
        let seen = |(id, channel): (ChannelId, &ChannelConfig)| ReceiverChannel {
            id,
            send_resolved: channel.sends_resolved(),
        };
        Receiver { channels: self.channels().into_iter().map(seen).collect() }
    }

    /// Puts in the value of every secret that is only referred to; `read` is told the reference, `env:NAME` or
    /// `file:/path`.
    ///
    /// # Errors
    ///
    /// Names every key whose secret cannot be had, and why.
    pub fn resolve_secrets(
        &mut self,
        mut read: impl FnMut(&str) -> Result<wardkit_core::Secret<String>, String>,
    ) -> Result<(), Vec<Violation>> {
        let mut violations = Vec::new();
        for (index, channel) in self.channels.iter_mut().enumerate() {
            for (key, secret) in channel.kind.secrets_mut() {
                if let Err(reason) = secret.resolve(&mut read) {
                    violations.push(Violation::new(format!("channels[{index}].{key}"), reason));
                }
            }
        }
        if violations.is_empty() { Ok(()) } else { Err(violations) }
    }

    /// Returns everything that is wrong with it, beside what only the building of a channel finds: templates, URLs
    /// and addresses.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        if self.name.is_empty() || self.name.chars().any(char::is_control) {
            found.push(Violation::new("name", "must be a name on one line"));
        }
        for (index, channel) in self.channels.iter().enumerate() {
            let within = |violation: Violation| {
                Violation::new(format!("channels[{index}].{}", violation.path), violation.reason)
            };
            found.extend(channel.violations().into_iter().map(within));
        }
        found
    }
}

/// A way to tell somebody. The keys of its kind stand beside these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChannelConfig {
    /// Whether the end of alerts is told. Unless set: for e-mail, Slack and the like no, as with Alertmanager; for
    /// what keeps a state of its own, such as pagers and webhooks, yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub send_resolved: Option<bool>,
    /// The receiver that is told instead when this channel refuses a notification for good; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fallback: String,
    /// The most notifications in a minute; the surplus waits, critical ones last. Without it, there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
    /// How many notifications may be under way at a time. Unless set, the kind decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<usize>,
    /// How long one attempt may take.
    #[serde(default = "default_timeout", with = "crate::duration")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub timeout: Duration,
    /// What sort of channel it is, and how it is reached.
    #[serde(flatten)]
    pub kind: ChannelKind,
}

impl ChannelConfig {
    /// Creates a channel with the usual options.
    #[must_use]
    pub fn new(kind: impl Into<ChannelKind>) -> Self {
        Self {
            send_resolved: None,
            fallback: String::new(),
            per_minute: None,
            parallel: None,
            timeout: default_timeout(),
            kind: kind.into(),
        }
    }

    /// Returns whether the end of alerts is told.
    #[must_use]
    pub fn sends_resolved(&self) -> bool {
        self.send_resolved.unwrap_or_else(|| self.kind.usually_sends_resolved())
    }

    /// Returns everything that is wrong with it, beside what only the building of the channel finds.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = violations::Found::default();
        found.check(
            "timeout",
            (LEAST_TIMEOUT..=MOST_TIMEOUT).contains(&self.timeout),
            "must be between 1s and 10m",
        );
        found.check("per-minute", self.per_minute != Some(0), "must be at least 1");
        found.check(
            "parallel",
            self.parallel.is_none_or(|most| (1..=MOST_PARALLEL).contains(&most)),
            "must be between 1 and 64",
        );
        self.kind.violations(&mut found);
        found.into_violations()
    }
}

/// What sort of channel it is, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum ChannelKind {
    /// A request to a program of yours.
    Webhook(WebhookConfig),
    /// A mail.
    Email(EmailConfig),
    /// A message in Slack.
    Slack(SlackConfig),
    /// A message in Discord.
    Discord(DiscordConfig),
    /// A message in Telegram.
    Telegram(TelegramConfig),
    /// A message through ntfy.
    Ntfy(NtfyConfig),
    /// A message in a room of Matrix.
    Matrix(MatrixConfig),
    /// An incident in PagerDuty.
    PagerDuty(PagerDutyConfig),
    /// An alert in Opsgenie.
    Opsgenie(OpsgenieConfig),
    /// A message through Pushover.
    Pushover(PushoverConfig),
    /// A card in a channel of Microsoft Teams.
    Teams(TeamsConfig),
    /// A text message.
    Sms(SmsConfig),
    /// Another Alertmanager.
    Alertmanager(AlertmanagerConfig),
    /// A program of this machine.
    Exec(ExecConfig),
    /// A line in a file.
    File(FileConfig),
    /// A line in the system's log.
    Syslog(SyslogConfig),
}

/// The same question for every kind.
macro_rules! for_each_kind {
    ($kind:expr, $config:ident => $answer:expr) => {
        match $kind {
            ChannelKind::Webhook($config) => $answer,
            ChannelKind::Email($config) => $answer,
            ChannelKind::Slack($config) => $answer,
            ChannelKind::Discord($config) => $answer,
            ChannelKind::Telegram($config) => $answer,
            ChannelKind::Ntfy($config) => $answer,
            ChannelKind::Matrix($config) => $answer,
            ChannelKind::PagerDuty($config) => $answer,
            ChannelKind::Opsgenie($config) => $answer,
            ChannelKind::Pushover($config) => $answer,
            ChannelKind::Teams($config) => $answer,
            ChannelKind::Sms($config) => $answer,
            ChannelKind::Alertmanager($config) => $answer,
            ChannelKind::Exec($config) => $answer,
            ChannelKind::File($config) => $answer,
            ChannelKind::Syslog($config) => $answer,
        }
    };
}

impl ChannelKind {
    /// Returns the name, which is part of a [`ChannelId`].
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Email(_) => "email",
            Self::Slack(_) => "slack",
            Self::Discord(_) => "discord",
            Self::Telegram(_) => "telegram",
            Self::Ntfy(_) => "ntfy",
            Self::Matrix(_) => "matrix",
            Self::PagerDuty(_) => "pagerduty",
            Self::Opsgenie(_) => "opsgenie",
            Self::Pushover(_) => "pushover",
            Self::Teams(_) => "teams",
            Self::Sms(_) => "sms",
            Self::Alertmanager(_) => "alertmanager",
            Self::Exec(_) => "exec",
            Self::File(_) => "file",
            Self::Syslog(_) => "syslog",
        }
    }

    /// What Alertmanager does for the kinds that it has.
    const fn usually_sends_resolved(&self) -> bool {
        !matches!(self, Self::Email(_) | Self::Slack(_) | Self::Sms(_))
    }

    fn secrets_mut(&mut self) -> Vec<(&'static str, &mut SecretSource)> {
        for_each_kind!(self, config => config.secrets_mut())
    }

    fn violations(&self, found: &mut violations::Found) {
        for_each_kind!(self, config => config.violations(found));
    }
}

macro_rules! kinds {
    ($($variant:ident($config:ty)),* $(,)?) => {
        $(impl From<$config> for ChannelKind {
            fn from(config: $config) -> Self {
                Self::$variant(config)
            }
        })*
    };
}

kinds! {
    Webhook(WebhookConfig),
    Email(EmailConfig),
    Slack(SlackConfig),
    Discord(DiscordConfig),
    Telegram(TelegramConfig),
    Ntfy(NtfyConfig),
    Matrix(MatrixConfig),
    PagerDuty(PagerDutyConfig),
    Opsgenie(OpsgenieConfig),
    Pushover(PushoverConfig),
    Teams(TeamsConfig),
    Sms(SmsConfig),
    Alertmanager(AlertmanagerConfig),
    Exec(ExecConfig),
    File(FileConfig),
    Syslog(SyslogConfig),
}

/// Returns what is wrong between receivers: names that are there twice, fallbacks that are nobody or lead back to
/// where they came from.
#[must_use]
pub fn receiver_violations(receivers: &[ReceiverConfig]) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for receiver in receivers {
        let key = |key: &str| format!("receiver `{}`: {key}", receiver.name.escape_debug());
        if !names.insert(receiver.name.as_str()) {
            found.push(Violation::new(key("name"), "is there twice"));
        }
        for violation in receiver.violations() {
            found.push(Violation::new(key(&violation.path), violation.reason));
        }
    }
    for receiver in receivers {
        for (id, channel) in receiver.channels() {
            let fallback = channel.fallback.as_str();
            let reason = if fallback.is_empty() {
                continue;
            } else if fallback == receiver.name {
                "is the receiver itself"
            } else if !names.contains(fallback) {
                "names a receiver that is not there"
            } else {
                continue;
            };
            found.push(Violation::new(format!("{id}: fallback"), reason));
        }
    }
    found
}

const fn default_timeout() -> Duration {
    Duration::from_secs(30)
}

const LEAST_TIMEOUT: Duration = Duration::from_secs(1);
/// Longer than any vendor thinks about an answer.
const MOST_TIMEOUT: Duration = Duration::from_mins(10);
const MOST_PARALLEL: usize = 64;

#[cfg(test)]
mod tests;
