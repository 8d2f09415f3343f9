//! The trait of a schedule, and the three simplest ones.

use std::time::Duration;

/// A schedule of waits.
///
/// The drivers call [`reset`](Backoff::reset) once before the first attempt and
/// [`next_backoff`](Backoff::next_backoff) after each transient failure that does not bring a wait of its own.
pub trait Backoff {
    /// Returns how long to wait before the next attempt, or `None` to give up.
    fn next_backoff(&mut self) -> Option<Duration>;

    /// Starts over. Does nothing unless the schedule has a state.
    fn reset(&mut self) {}
}

impl<B: Backoff + ?Sized> Backoff for Box<B> {
    fn next_backoff(&mut self) -> Option<Duration> {
        (**self).next_backoff()
    }

    fn reset(&mut self) {
        (**self).reset();
    }
}

/// Retries at once, for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Zero {}

impl Backoff for Zero {
    fn next_backoff(&mut self) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}

/// Never retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stop {}

impl Backoff for Stop {
    fn next_backoff(&mut self) -> Option<Duration> {
        None
    }
}

/// Waits the same time before each attempt, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant {
    interval: Duration,
}

impl Constant {
    /// Creates a schedule that always waits `interval`.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self { interval }
    }
}

impl Backoff for Constant {
    fn next_backoff(&mut self) -> Option<Duration> {
        Some(self.interval)
    }
}
