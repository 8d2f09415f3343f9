//! The limits and manners of the outbox.

use std::time::Duration;

use wardkit_retry::{Jitter, RetryPolicy, Schedule};

use crate::{ChannelId, Notification, Urgency};

/// The limits and manners of the outbox.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OutboxConfig {
    /// The first pause after a failure, which grows twofold with each; the pause is drawn between zero and that.
    pub first_pause: Duration,
    /// The longest pause, also when the other side asks for a longer one.
    pub longest_pause: Duration,
    /// After how many failures in a row a channel is left alone but for single attempts.
    pub breaker_failures: u32,
    /// The longest time between those single attempts.
    pub breaker_longest: Duration,
    /// How long a message is worth sending, when its notification does not say: information.
    pub info_max_age: Duration,
    /// The same for warnings.
    pub warning_max_age: Duration,
    /// The same for what is critical.
    pub critical_max_age: Duration,
    /// How long a replayed message is worth sending.
    pub replayed_max_age: Duration,
    /// How many messages one person gets over all channels.
    pub per_person: BucketConfig,
    /// The channels that get what is for a channel that is gone and names no other: the first one that is there. While
    /// empty, the service takes those of the receiver that gets what no route takes.
    pub last_resort: Vec<ChannelId>,
}

impl OutboxConfig {
    /// Returns how long a notification is worth sending.
    pub(super) fn max_age(&self, notification: &Notification) -> Duration {
        if !notification.max_age.is_zero() {
            return notification.max_age;
        }
        match notification.urgency {
            Urgency::Info => self.info_max_age,
            Urgency::Warning => self.warning_max_age,
            Urgency::Critical => self.critical_max_age,
        }
    }

    /// Returns the pause after the failure with this number, from 1 on.
    pub(super) fn pause(&self, failures: u32, seed: u64) -> Duration {
        let mut policy = RetryPolicy::never();
        policy.jitter = Jitter::Full;
        policy.schedule =
            Schedule::Exponential { base: self.first_pause, factor: 2.0, cap: self.longest_pause };
        // Beyond this many failures the pause has long been the longest; counting on would only take time.
        let index = usize::try_from(failures.saturating_sub(1)).unwrap_or(0).min(MOST_DOUBLINGS);
        let seed = seed.wrapping_add(u64::from(failures));
        policy.delays(seed).nth(index).unwrap_or(self.longest_pause)
    }
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self {
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(10),
            breaker_failures: 5,
            breaker_longest: Duration::from_mins(1),
            info_max_age: Duration::from_hours(6),
            warning_max_age: Duration::from_hours(24),
            critical_max_age: Duration::from_hours(72),
            replayed_max_age: Duration::from_hours(24),
            per_person: BucketConfig { per_minute: Some(60), burst: 60 },
            last_resort: Vec::new(),
        }
    }
}

/// How many messages in a time. A fifth of what may come at once is left to critical ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketConfig {
    /// In the long run; without it, there is no limit.
    pub per_minute: Option<u32>,
    /// At once.
    pub burst: u32,
}

/// What the outbox needs to know of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelSettings {
    /// How many attempts may be under way at a time.
    pub parallel: usize,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// The most messages in a minute; the surplus waits, critical ones last.
    pub per_minute: Option<u32>,
    /// The channels that get what this one refuses for good or does not take in time: one after another, until one
    /// takes it.
    pub fallback: Vec<ChannelId>,
    /// After how long in vain a message goes to the fallback.
    pub fallback_after: Duration,
}

impl ChannelSettings {
    pub(super) fn bucket(&self) -> BucketConfig {
        // Half a minute's worth at once, and room for the reserve even where the limit is small.
        let burst = self.per_minute.map_or(0, |limit| (limit / 2).max(2));
        BucketConfig { per_minute: self.per_minute, burst }
    }
}

impl Default for ChannelSettings {
    fn default() -> Self {
        Self {
            parallel: 1,
            timeout: Duration::from_secs(30),
            per_minute: None,
            fallback: Vec::new(),
            fallback_after: Duration::from_mins(5),
        }
    }
}

/// Two to the power of this many seconds is longer than any pause.
const MOST_DOUBLINGS: usize = 40;
