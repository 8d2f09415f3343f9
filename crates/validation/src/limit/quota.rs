//! A quota and its arithmetic.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::nanos;

/// How many are allowed in a time, and how many of them at once.
///
/// What is taken comes back evenly: 20 a minute is one every three seconds, after a burst of up to 20. In no minute
/// are there more than 20 and the burst together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The time that one takes to come back, in nanoseconds.
    interval: u64,
    burst: NonZeroU32,
}

impl Quota {
    /// Allows so many in each period, all of them at once if need be.
    ///
    /// `None` for a count or a period of zero, and for a count that is too large for nanoseconds to tell apart.
    #[must_use]
    pub fn new(count: u32, period: Duration) -> Option<Self> {
        let burst = NonZeroU32::new(count)?;
        let period = nanos(period);
        if period < u64::from(count) {
            return None;
        }
        // Rounded up: rather a little too few than one too many.
        Some(Self { interval: period.div_ceil(u64::from(count)), burst })
    }

    /// Allows so many in each second. Zero counts as one.
    #[must_use]
    pub fn per_second(count: u32) -> Self {
        Self::of(count, 1)
    }

    /// Allows so many in each minute. Zero counts as one.
    #[must_use]
    pub fn per_minute(count: u32) -> Self {
        Self::of(count, 60)
    }

    /// Allows so many in each hour. Zero counts as one.
    #[must_use]
    pub fn per_hour(count: u32) -> Self {
        Self::of(count, 3_600)
    }

    fn of(count: u32, seconds: u64) -> Self {
        let burst = NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let period = seconds * 1_000_000_000;
        Self { interval: period.div_ceil(u64::from(burst.get())), burst }
    }

    /// Sets how many may come at once. Zero counts as one.
    #[must_use]
    pub fn with_burst(mut self, burst: u32) -> Self {
        self.burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        self
    }

    /// Returns how many may come at once.
    #[must_use]
    pub const fn burst(self) -> u32 {
        self.burst.get()
    }

    /// Returns the time that one takes to come back.
    #[must_use]
    pub const fn interval(self) -> Duration {
        Duration::from_nanos(self.interval)
    }

    /// Takes some, and returns how many are left: the generic cell rate algorithm of ITU-T I.371, whose whole state is
    /// the time at which the quota is whole again.
    pub(super) fn take(
        self,
        full_at: &mut u64,
        now: u64,
        count: NonZeroU32,
    ) -> Result<u32, Limited> {
        if count > self.burst {
            return Err(Limited { retry_after: None });
        }
        let whole = self.interval.saturating_mul(u64::from(self.burst.get()));
        let taken = self.interval.saturating_mul(u64::from(count.get()));
        let then = (*full_at).max(now).saturating_add(taken);
        let latest = now.saturating_add(whole);
        if then > latest {
            return Err(Limited { retry_after: Some(Duration::from_nanos(then - latest)) });
        }
        *full_at = then;
        // At most the burst, which is an u32.
        Ok(u32::try_from((latest - then) / self.interval).unwrap_or(u32::MAX))
    }
}

/// A refusal, because of too many before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limited {
    /// How long to wait until the same would be allowed; `None` when it never is, because it is more than may come at
    /// once.
    pub retry_after: Option<Duration>,
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(wait) = self.retry_after else {
            return f.write_str("more at once than is ever allowed");
        };
        // Whole seconds, rounded up, as Retry-After has them.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        write!(f, "too often: try again in {seconds} s")
    }
}

impl std::error::Error for Limited {}
