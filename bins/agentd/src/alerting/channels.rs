//! The channels of receivers, and agentd's log as one.

use std::collections::BTreeMap;
use std::sync::Arc;

use wardkit_alerting::receiver::{ChannelConfig, ReceiverConfig};
use wardkit_alerting::service::{Channels, ServiceChannel};
use wardkit_alerting::{
    BoxFuture, Capabilities, Channel, ChannelId, ChannelSettings, Delivery, Outcome, Receiver,
    ReceiverChannel, Urgency,
};
use wardkit_channels::notify::{self, NotifyOptions};

use crate::config::LOG_RECEIVER;

/// Builds every channel of the receivers.
///
/// # Errors
///
/// Names everything that is wrong with them, a line each.
pub(crate) fn build(
    receivers: &[ReceiverConfig],
    external_url: &str,
) -> Result<Channels, Vec<String>> {
    let options = options(external_url);
    let names: BTreeMap<&str, Vec<ChannelId>> = receivers
        .iter()
        .map(|one| (one.name.as_str(), one.channels().into_iter().map(|(id, _)| id).collect()))
        .collect();
    let (mut channels, mut errors) = (Channels::new(), Vec::new());
    for (id, config) in receivers.iter().flat_map(ReceiverConfig::channels) {
        match notify::build(&id, config, &options) {
            Ok(channel) => {
                let channel: Arc<dyn Channel> = channel.into();
                let settings = settings(config, channel.capabilities(), &names);
                channels.insert(id, ServiceChannel { channel, settings });
            }
            Err(error) => errors.push(error.to_string()),
        }
    }
    let settings = ChannelSettings::default();
    channels.insert(log_id(), ServiceChannel { channel: Arc::new(Log), settings });
    if errors.is_empty() { Ok(channels) } else { Err(errors) }
}

/// Returns what all channels have in common.
pub(super) fn options(external_url: &str) -> NotifyOptions {
    let mut options = NotifyOptions::default();
    external_url.clone_into(&mut options.external_url);
    options.user_agent = String::from(concat!("agentd/", env!("CARGO_PKG_VERSION")));
    options
}

fn settings(
    config: &ChannelConfig,
    able: Capabilities,
    names: &BTreeMap<&str, Vec<ChannelId>>,
) -> ChannelSettings {
    let mut settings = ChannelSettings::default();
    settings.parallel = able.parallel;
    settings.timeout = able.timeout;
    settings.per_minute = config.per_minute;
    settings.fallback = names.get(config.fallback.as_str()).cloned().unwrap_or_default();
    settings
}

/// Returns the receiver that is agentd's log.
pub(crate) fn log_receiver() -> Receiver {
    let mut receiver = Receiver::default();
    receiver.channels = vec![ReceiverChannel::new(log_id())];
    receiver
}

fn log_id() -> ChannelId {
    ChannelId::new(LOG_RECEIVER, "log", 0)
}

/// agentd's log.
#[derive(Debug)]
struct Log;

impl Channel for Log {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn send<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Outcome> {
        let told = &delivery.notification;
        let (incident, group) = (told.incident.as_str(), told.group_key.as_str());
        let summary = told.alerts.iter().find_map(|alert| alert.annotations.get("summary"));
        let summary = summary.map_or("", String::as_str);
        let (count, condition) = (told.alerts.len(), told.condition());
        match told.urgency {
            Urgency::Critical => {
                tracing::error!(incident, group, ?condition, count, summary, "alert");
            }
            Urgency::Warning => {
                tracing::warn!(incident, group, ?condition, count, summary, "alert");
            }
            Urgency::Info => tracing::info!(incident, group, ?condition, count, summary, "alert"),
        }
        Box::pin(async { Outcome::Sent { receipt: None } })
    }
}
