//! A policy of ours as a schedule of the original.

use std::fmt;
use std::time::{Duration, Instant};

use backoff::backoff::Backoff;
use backoff::{Clock, SystemClock};
use wardkit_retry::{Delays, RetryPolicy};

/// A [`RetryPolicy`], where a `backoff::backoff::Backoff` is asked for.
///
/// Ends after `max_attempts - 1` waits, or with the first wait that would pass the policy's total deadline. The
/// clock is read only for a policy with a deadline. Each reset begins another series of random waits.
pub struct PolicyBackoff<'p, C = SystemClock> {
    policy: &'p RetryPolicy,
    clock: C,
    seed: u64,
    delays: Delays<'p>,
    waits_left: u32,
    deadline: Option<(Instant, Duration)>,
}

impl<'p> PolicyBackoff<'p> {
    /// Creates a schedule on the system's clock. Clients with the same seed wait alike: give each its own.
    #[must_use]
    pub fn new(policy: &'p RetryPolicy, seed: u64) -> Self {
        Self::with_clock(policy, seed, SystemClock::default())
    }
}

impl<'p, C: Clock> PolicyBackoff<'p, C> {
    /// Creates a schedule that measures the policy's total deadline with `clock`.
    #[must_use]
    pub fn with_clock(policy: &'p RetryPolicy, seed: u64, clock: C) -> Self {
        let deadline = policy.total_deadline.map(|total| (clock.now(), total));
        let waits_left = policy.max_attempts.saturating_sub(1);
        Self { policy, clock, seed, delays: policy.delays(seed), waits_left, deadline }
    }
}

impl<C: Clock> Backoff for PolicyBackoff<'_, C> {
    fn next_backoff(&mut self) -> Option<Duration> {
        self.waits_left = self.waits_left.checked_sub(1)?;
        let wait = self.delays.next()?;
        let fits = self.deadline.is_none_or(|(start, total)| {
            let elapsed = self.clock.now().saturating_duration_since(start);
            elapsed.saturating_add(wait) <= total
        });
        fits.then_some(wait)
    }

    fn reset(&mut self) {
        self.seed = self.seed.wrapping_add(1);
        self.delays = self.policy.delays(self.seed);
        self.waits_left = self.policy.max_attempts.saturating_sub(1);
        self.deadline = self.policy.total_deadline.map(|total| (self.clock.now(), total));
    }
}

impl<C> fmt::Debug for PolicyBackoff<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyBackoff")
            .field("policy", &self.policy)
            .field("seed", &self.seed)
            .field("waits_left", &self.waits_left)
            .finish_non_exhaustive()
    }
}
