//! The limits and manners of the engine.

use std::time::Duration;

/// The limits and manners of the engine that do not come from an Alertmanager configuration.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EngineConfig {
    /// The most alerts that are kept. The last tenth is for critical ones; beyond it, an alert is refused.
    pub max_alerts: usize,
    /// The longest annotations of one alert, in bytes, all together.
    pub max_annotations: usize,
    /// The most alerts that one notification tells of; it counts the rest.
    pub max_notified_alerts: usize,
    /// The most silences that are kept.
    pub max_silences: usize,
    /// How long a silence is kept after its end.
    pub silence_retention: Duration,
    /// How long an acknowledgement of a critical incident lasts when nobody says; then it counts as unattended again.
    pub ack_timeout: Option<Duration>,
    /// How long after its end an incident is reopened by new alerts of its group instead of a new one being opened.
    pub reopen_within: Duration,
    /// When an alert counts as flapping.
    pub flapping: Option<Flapping>,
    /// From how many new alerts in a minute on the less than critical ones are told of in digests only.
    pub storm_alerts_per_minute: usize,
    /// How often a digest is told while a storm lasts.
    pub digest_interval: Duration,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            max_alerts: 50_000,
            max_annotations: 16 * 1024,
            max_notified_alerts: 10_000,
            max_silences: 5_000,
            silence_retention: Duration::from_hours(120),
            ack_timeout: Some(Duration::from_hours(1)),
            reopen_within: Duration::from_mins(30),
            flapping: Some(Flapping::default()),
            storm_alerts_per_minute: 20_000,
            digest_interval: Duration::from_mins(1),
        }
    }
}

/// When an alert counts as flapping: how much of its last 21 states were changes, late ones counting more.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Flapping {
    /// From what percentage on it does.
    pub high: u8,
    /// Below what percentage it no longer does.
    pub low: u8,
    /// How long a state lasts before it counts as another one of the same.
    pub period: Duration,
}

impl Default for Flapping {
    fn default() -> Self {
        Self { high: 50, low: 25, period: Duration::from_mins(1) }
    }
}
