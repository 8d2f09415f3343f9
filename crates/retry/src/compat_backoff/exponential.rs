//! Waits that grow by a factor, spread at random, until an interval and a total time are reached.

use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::clock::Clock;
use super::default;
use crate::schedule::{from_nanos, to_nanos};
use crate::sleep::random_seed;

/// An exponential backoff on the clock `C`.
///
/// Each wait is drawn evenly from `current_interval * [1 - randomization_factor, 1 + randomization_factor]`; then
/// the interval is multiplied, up to `max_interval`, which limits the interval and not the wait.
///
/// All fields are public and the struct is exhaustive, because programs build it with
/// `ExponentialBackoff { multiplier: 2.0, ..Default::default() }`.
#[derive(Clone, Debug)]
pub struct ExponentialBackoff<C> {
    /// The interval of the next wait. A reset sets it to `initial_interval`.
    pub current_interval: Duration,
    /// The interval of the first wait.
    pub initial_interval: Duration,
    /// How far a wait lies below or above its interval: 0.5 spreads it from half to one and a half.
    pub randomization_factor: f64,
    /// What an interval is multiplied with to get the next one.
    pub multiplier: f64,
    /// The interval that is not exceeded.
    pub max_interval: Duration,
    /// When the first attempt began: the time of creation, or of the last reset.
    pub start_time: Instant,
    /// How long after `start_time` a wait may end; `None` is without limit.
    pub max_elapsed_time: Option<Duration>,
    /// The clock that `max_elapsed_time` is measured with.
    pub clock: C,
}

impl<C: Clock> ExponentialBackoff<C> {
    /// Returns the time since `start_time`.
    pub fn get_elapsed_time(&self) -> Duration {
        self.clock.now().saturating_duration_since(self.start_time)
    }
}

impl<C: Clock + Default> Default for ExponentialBackoff<C> {
    fn default() -> Self {
        ExponentialBackoffBuilder::new().build()
    }
}

impl<C: Clock> Backoff for ExponentialBackoff<C> {
    fn reset(&mut self) {
        self.current_interval = self.initial_interval;
        self.start_time = self.clock.now();
    }

    fn next_backoff(&mut self) -> Option<Duration> {
        let left = match self.max_elapsed_time {
            Some(max) => max.checked_sub(self.get_elapsed_time())?,
            None => Duration::MAX,
        };
        let wait = spread(self.current_interval, self.randomization_factor, random_unit());
        self.current_interval = grown(self.current_interval, self.multiplier, self.max_interval);
        (wait <= left).then_some(wait)
    }
}

/// Builds an [`ExponentialBackoff`], starting from the values of [`default`].
///
/// ```
/// use std::time::Duration;
/// use wardkit_retry::compat_backoff::ExponentialBackoffBuilder;
///
/// let backoff = ExponentialBackoffBuilder::new()
///     .with_initial_interval(Duration::from_secs(2))
///     .with_max_elapsed_time(None)
///     .build();
/// assert_eq!(backoff.current_interval, Duration::from_secs(2));
/// ```
#[derive(Clone)]
pub struct ExponentialBackoffBuilder<C> {
    initial_interval: Duration,
    randomization_factor: f64,
    multiplier: f64,
    max_interval: Duration,
    max_elapsed_time: Option<Duration>,
    clock: PhantomData<C>,
}

impl<C: Clock + Default> ExponentialBackoffBuilder<C> {
    /// Creates a builder that holds the values of [`default`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the interval of the first wait.
    pub fn with_initial_interval(&mut self, initial_interval: Duration) -> &mut Self {
        self.initial_interval = initial_interval;
        self
    }

    /// Sets how far a wait lies below or above its interval.
    pub fn with_randomization_factor(&mut self, randomization_factor: f64) -> &mut Self {
        self.randomization_factor = randomization_factor;
        self
    }

    /// Sets what an interval is multiplied with to get the next one.
    pub fn with_multiplier(&mut self, multiplier: f64) -> &mut Self {
        self.multiplier = multiplier;
        self
    }

    /// Sets the interval that is not exceeded.
    pub fn with_max_interval(&mut self, max_interval: Duration) -> &mut Self {
        self.max_interval = max_interval;
        self
    }

    /// Sets how long after the first attempt a wait may end; `None` is without limit.
    pub fn with_max_elapsed_time(&mut self, max_elapsed_time: Option<Duration>) -> &mut Self {
        self.max_elapsed_time = max_elapsed_time;
        self
    }

    /// Returns the backoff, ready for its first wait; its time starts now.
    #[must_use]
    pub fn build(&self) -> ExponentialBackoff<C> {
        let clock = C::default();
        ExponentialBackoff {
            current_interval: self.initial_interval,
            initial_interval: self.initial_interval,
            randomization_factor: self.randomization_factor,
            multiplier: self.multiplier,
            max_interval: self.max_interval,
            start_time: clock.now(),
            max_elapsed_time: self.max_elapsed_time,
            clock,
        }
    }
}

/// Written by hand, as is `Debug`, so that neither asks anything of the clock.
impl<C> Default for ExponentialBackoffBuilder<C> {
    fn default() -> Self {
        Self {
            initial_interval: Duration::from_millis(default::INITIAL_INTERVAL_MILLIS),
            randomization_factor: default::RANDOMIZATION_FACTOR,
            multiplier: default::MULTIPLIER,
            max_interval: Duration::from_millis(default::MAX_INTERVAL_MILLIS),
            max_elapsed_time: Some(Duration::from_millis(default::MAX_ELAPSED_TIME_MILLIS)),
            clock: PhantomData,
        }
    }
}

impl<C> fmt::Debug for ExponentialBackoffBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExponentialBackoffBuilder")
            .field("initial_interval", &self.initial_interval)
            .field("randomization_factor", &self.randomization_factor)
            .field("multiplier", &self.multiplier)
            .field("max_interval", &self.max_interval)
            .field("max_elapsed_time", &self.max_elapsed_time)
            .finish_non_exhaustive()
    }
}

/// Returns the point at `random` (0 to 1) of the range around `interval`, in whole nanoseconds.
///
/// The range is one nanosecond wider than its bounds, so that the upper one can be drawn too.
fn spread(interval: Duration, factor: f64, random: f64) -> Duration {
    let middle = to_nanos(interval);
    let delta = factor * middle;
    if !delta.is_finite() {
        return interval;
    }
    from_nanos(middle - delta + random * (2.0 * delta + 1.0))
}

/// Returns the interval after `interval`. A negative multiplier goes to `max` at once, as in the original.
fn grown(interval: Duration, multiplier: f64, max: Duration) -> Duration {
    if multiplier < 0.0 {
        return max;
    }
    if multiplier.is_nan() {
        return interval.min(max);
    }
    from_nanos(to_nanos(interval) * multiplier).min(max)
}

/// Draws evenly from 0 (included) to 1 (excluded).
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn random_unit() -> f64 {
    let bits = random_seed() >> (u64::BITS - f64::MANTISSA_DIGITS);
    bits as f64 / (1_u64 << f64::MANTISSA_DIGITS) as f64
}
