//! The clock that limits an exponential backoff.

use std::time::Instant;

/// Tells the time to an exponential backoff, which reads it at every reset and every delay.
pub trait Clock {
    /// Returns the present point in time.
    fn now(&self) -> Instant;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemClock {}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the module's one place that reads the system's clock"
    )]
    fn now(&self) -> Instant {
        Instant::now()
    }
}
