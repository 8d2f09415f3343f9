//! What holds a message back: the order, the rate, and a channel that does not work.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use super::config::{BucketConfig, OutboxConfig};
use crate::Urgency;

/// The messages of a channel that are first in their lanes.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// The most urgent first, then the oldest.
    now: BTreeSet<(Reverse<Urgency>, u64)>,
    /// By when they may leave.
    later: BTreeSet<(Duration, Reverse<Urgency>, u64)>,
    /// When the rate lets the first of them leave.
    held_until: Duration,
}

impl Ready {
    pub(super) fn add(&mut self, due: Duration, urgency: Urgency, sequence: u64) {
        // Whether it is due is seen when the next one is picked.
        self.later.insert((due, Reverse(urgency), sequence));
    }

    pub(super) fn remove(&mut self, urgency: Urgency, sequence: u64) {
        self.now.remove(&(Reverse(urgency), sequence));
    }

    /// Forgets a message that is due at this time or was held longer.
    pub(super) fn forget(&mut self, due: Duration, urgency: Urgency, sequence: u64) {
        if self.now.remove(&(Reverse(urgency), sequence))
            || self.later.remove(&(due, Reverse(urgency), sequence))
        {
            return;
        }
        self.later.retain(|(_, _, other)| *other != sequence);
    }

    pub(super) fn wake(&mut self, now: Duration) {
        while let Some(first) = self.later.first().copied().filter(|first| first.0 <= now) {
            self.later.remove(&first);
            self.now.insert((first.1, first.2));
        }
    }

    /// Lets everything leave that waits for its next attempt.
    pub(super) fn wake_all(&mut self) {
        let all = std::mem::take(&mut self.later);
        self.now.extend(all.into_iter().map(|(_, urgency, sequence)| (urgency, sequence)));
    }

    /// Says when to look again: the rate holds the first one back.
    pub(super) fn hold(&mut self, until: Duration) {
        self.held_until = until;
    }

    pub(super) fn first(&self) -> Option<(Urgency, u64)> {
        self.now.first().map(|(urgency, sequence)| (urgency.0, *sequence))
    }

    pub(super) fn next_wake(&self) -> Option<Duration> {
        let held = (!self.now.is_empty()).then_some(self.held_until);
        held.into_iter().chain(self.later.first().map(|first| first.0)).min()
    }
}

/// A bucket of tokens, of which the last fifth is for what is critical.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// Tokens a second; none without a limit.
    rate: Option<f64>,
    size: f64,
    tokens: f64,
    filled: Duration,
}

impl Bucket {
    pub(super) fn new(config: &BucketConfig, now: Duration) -> Self {
        let size = f64::from(config.burst.max(1));
        let rate = config.per_minute.map(|limit| f64::from(limit.max(1)) / 60.0);
        Self { rate, size, tokens: size, filled: now }
    }

    /// Returns whether a message may leave, or else when it may.
    pub(super) fn admits(&mut self, now: Duration, urgency: Urgency) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        self.fill(now);
        let reserve =
            if urgency == Urgency::Critical { 0.0 } else { (self.size * RESERVE).floor() };
        let missing = 1.0 + reserve - self.tokens;
        if missing <= 0.0 {
            return Ok(());
        }
        // A little later than exact, or rounding would wake for nothing.
        Err(now + Duration::from_secs_f64(missing / rate) + Duration::from_millis(1))
    }

    pub(super) fn take(&mut self, now: Duration) {
        if self.rate.is_some() {
            self.fill(now);
            self.tokens = (self.tokens - 1.0).max(0.0);
        }
    }

    pub(super) fn is_full(&mut self, now: Duration) -> bool {
        self.fill(now);
        self.tokens >= self.size
    }

    fn fill(&mut self, now: Duration) {
        if let Some(rate) = self.rate {
            let passed = now.saturating_sub(self.filled).as_secs_f64();
            self.tokens = (self.tokens + passed * rate).min(self.size);
            self.filled = self.filled.max(now);
        }
    }
}

/// Leaves a channel alone that fails again and again, but for single attempts.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    /// How often a single attempt failed.
    probes: u32,
    until: Duration,
    open: bool,
}

impl Breaker {
    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn admits(&self, now: Duration, leased: usize) -> bool {
        !self.open || (now >= self.until && leased == 0)
    }

    /// Returns whether the channel works again after it did not.
    pub(super) fn on_success(&mut self) -> bool {
        let was_open = self.open;
        *self = Self::default();
        was_open
    }

    /// Returns whether the channel is left alone from now on and was not before.
    pub(super) fn on_failure(&mut self, now: Duration, config: &OutboxConfig) -> bool {
        self.failures = self.failures.saturating_add(1);
        // Those that were under way when the first ones failed say nothing new.
        if self.failures < config.breaker_failures.max(1) || (self.open && now < self.until) {
            return false;
        }
        let doubled = config.first_pause.saturating_mul(1 << self.probes.min(20));
        self.probes = self.probes.saturating_add(1);
        self.until = now + doubled.min(config.breaker_longest);
        !std::mem::replace(&mut self.open, true)
    }

    pub(super) fn next_wake(&self, due: Duration, leased: usize) -> Option<Duration> {
        match (self.open, leased) {
            (false, _) => Some(due),
            (true, 0) => Some(due.max(self.until)),
            // The one under way decides.
            (true, _) => None,
        }
    }
}

/// What is left to critical messages.
const RESERVE: f64 = 0.2;
