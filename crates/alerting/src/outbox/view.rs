//! What the outbox shows of itself.

use serde::Serialize;

use super::{Outbox, Phase};
use crate::ChannelId;

/// How much waits, and how the channels do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OutboxView {
    /// How many messages wait.
    pub waiting: usize,
    /// The channels, by name.
    pub channels: Vec<ChannelView>,
}

/// How a channel does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChannelView {
    /// Which one.
    pub channel: ChannelId,
    /// How many messages wait for it.
    pub waiting: usize,
    /// How many attempts are under way.
    pub leased: usize,
    /// Whether it failed so often that it is left alone but for single attempts.
    pub failing: bool,
    /// Whether the configuration no longer has it.
    pub retired: bool,
    /// How many messages it took since the start.
    pub sent_total: u64,
    /// How many attempts failed since the start.
    pub failed_total: u64,
    /// How many messages died on it since the start.
    pub dead_total: u64,
}

impl Outbox {
    /// Returns how much waits, and how the channels do.
    #[must_use]
    pub fn view(&self) -> OutboxView {
        let mut waiting = vec![0; self.channels.len()];
        for entry in self.entries.values().filter(|entry| entry.phase != Phase::Leased) {
            waiting[entry.channel] += 1;
        }
        let channels = self.names.values().map(|index| {
            let channel = &self.channels[*index];
            ChannelView {
                channel: channel.id.clone(),
                waiting: waiting[*index],
                leased: channel.leased,
                failing: channel.breaker.is_open(),
                retired: channel.retired,
                sent_total: channel.sent,
                failed_total: channel.failed,
                dead_total: channel.dead,
            }
        });
        OutboxView { waiting: self.entries.len(), channels: channels.collect() }
    }
}
