//! What the service measures of itself.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{ChannelId, EngineStats, OutboxView, RuleTotals};

/// What the service measures of itself, for metrics and for a page that shows it.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct ServiceMetrics {
    /// The engine's.
    pub engine: EngineStats,
    /// How often alerts fired since the start, by their names.
    pub rules: Vec<RuleTotals>,
    /// The outbox's.
    pub outbox: OutboxView,
    /// How long messages waited from being queued to being taken, by channel.
    pub latency: BTreeMap<ChannelId, ChannelLatency>,
    /// Commits since the start.
    pub commits_total: u64,
    /// The time that they took.
    pub commit_seconds_total: f64,
    /// Commits that failed since the start.
    pub commit_failures_total: u64,
    /// Rows and messages that are held in memory because the store keeps nothing.
    pub pending: usize,
    /// Rows of history that were dropped because more were pending than may be.
    pub history_dropped_total: u64,
    /// Why the store keeps nothing at the moment.
    pub store_failing: Option<String>,
}

/// How long the messages of a channel waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChannelLatency {
    /// How many were taken.
    pub count: u64,
    /// How long all of them waited together.
    pub seconds: f64,
    /// How many waited no longer than each of [`ChannelLatency::BOUNDS`].
    pub within: [u64; 7],
}

impl ChannelLatency {
    /// The upper bounds of [`within`](Self::within), in seconds.
    pub const BOUNDS: [f64; 7] = [0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 3600.0];

    pub(super) fn add(&mut self, seconds: f64) {
        self.count += 1;
        self.seconds += seconds;
        for (count, bound) in self.within.iter_mut().zip(Self::BOUNDS) {
            *count += u64::from(seconds <= bound);
        }
    }
}
