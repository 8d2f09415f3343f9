//! Carries alerts out: the channels that a configuration names.
//!
//! ```
//! use wardkit_alerting::ChannelId;
//! use wardkit_alerting::receiver::{ChannelConfig, WebhookConfig};
//! use wardkit_channels::notify::{NotifyOptions, build};
//!
//! let mut webhook = WebhookConfig::default();
//! webhook.url = "http://127.0.0.1:8080/alerts".to_owned();
//! let id = ChannelId::new("ops", "webhook", 0);
//! let channel = build(&id, &ChannelConfig::new(webhook), &NotifyOptions::default())?;
//! assert!(channel.capabilities().parallel > 1);
//!
//! // What cannot work is found before the first alert.
//! let mut webhook = WebhookConfig::default();
//! webhook.url = "ftp://example.com/".to_owned();
//! let error = build(&id, &ChannelConfig::new(webhook), &NotifyOptions::default()).err().unwrap();
//! assert_eq!(
//!     error.to_string(),
//!     "channel ops/webhook[0]: url: must be http:// or https:// with a host and without a user"
//! );
//! # Ok::<(), wardkit_channels::notify::Unusable>(())
//! ```
//!
//! Each channel was tested against a server that holds to the vendor's documentation, never against the vendor.

mod alertmanager;
mod discord;
mod email;
mod exec;
mod file;
mod http;
mod markup;
mod matrix;
mod ntfy;
mod opsgenie;
mod pagerduty;
mod payload;
mod pushover;
mod slack;
mod sms;
mod syslog;
mod teams;
mod telegram;
mod template;
mod trial;
mod webhook;
mod words;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use wardkit_alerting::receiver::{ChannelConfig, ChannelKind};
use wardkit_alerting::{Channel, ChannelId, Violation};
use wardkit_core::{Clock, SystemClock};

pub use telegram::{Press, TelegramUpdates, UpdatesError};
pub use trial::test_notification;

/// What all channels have in common.
#[derive(Clone)]
#[non_exhaustive]
pub struct NotifyOptions {
    /// Where people find this program, for links; empty for nowhere.
    pub external_url: String,
    /// A file of certificates in PEM whose authorities are trusted, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// What the program calls itself towards servers.
    pub user_agent: String,
    /// Tells the time of signatures.
    pub clock: Arc<dyn Clock>,
}

impl Default for NotifyOptions {
    fn default() -> Self {
        Self {
            external_url: String::new(),
            ca_file: None,
            user_agent: "wardkit".to_owned(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl fmt::Debug for NotifyOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotifyOptions")
            .field("external_url", &self.external_url)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// A channel that can never work as it is configured.
#[derive(Debug, thiserror::Error)]
#[error("channel {channel}: {}", listed(.violations))]
#[non_exhaustive]
pub struct Unusable {
    /// Which one.
    pub channel: ChannelId,
    /// Everything that is wrong with it.
    pub violations: Vec<Violation>,
}

/// Builds a channel. It opens nothing: whether somebody is there, only sending finds out.
///
/// # Errors
///
/// [`Unusable`] with everything that is wrong: keys, templates, URLs, addresses, secrets that were not looked up.
pub fn build(
    id: &ChannelId,
    config: &ChannelConfig,
    options: &NotifyOptions,
) -> Result<Box<dyn Channel>, Unusable> {
    let wrong = |violations| Unusable { channel: id.clone(), violations };
    let violations = config.violations();
    if !violations.is_empty() {
        return Err(wrong(violations));
    }
    match &config.kind {
        ChannelKind::Webhook(webhook) => webhook::build(webhook, config, options),
        ChannelKind::Email(email) => email::build(email, config, options),
        ChannelKind::Slack(slack) => slack::build(slack, config, options),
        ChannelKind::Discord(discord) => discord::build(discord, config, options),
        ChannelKind::Telegram(telegram) => telegram::build(telegram, config, options),
        ChannelKind::Ntfy(ntfy) => ntfy::build(ntfy, config, options),
        ChannelKind::Matrix(matrix) => matrix::build(matrix, config, options),
        ChannelKind::PagerDuty(pagerduty) => pagerduty::build(pagerduty, config, options),
        ChannelKind::Opsgenie(opsgenie) => opsgenie::build(opsgenie, config, options),
        ChannelKind::Pushover(pushover) => pushover::build(pushover, config, options),
        ChannelKind::Teams(teams) => teams::build(teams, config, options),
        ChannelKind::Sms(sms) => sms::build(sms, config, options),
        ChannelKind::Alertmanager(other) => alertmanager::build(other, config, options),
        ChannelKind::Exec(exec) => Ok(exec::build(exec, config, options)),
        ChannelKind::File(file) => Ok(file::build(file, config, options)),
        ChannelKind::Syslog(syslog) => syslog::build(syslog, config, options),
        _ => Err(vec![Violation::new("kind", "is not known here")]),
    }
    .map_err(wrong)
}

type Built = Result<Box<dyn Channel>, Vec<Violation>>;

fn listed(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
