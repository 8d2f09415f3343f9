//! What a caller holds while its call is under way, or gets instead.

use std::error::Error;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use wardkit_core::{Clock, Transient};

use super::Breaker;
use crate::Class;

/// The admission of one call.
#[derive(Debug)]
#[must_use = "a permit that is dropped tells the breaker nothing"]
pub struct BreakerPermit<'b> {
    breaker: &'b Breaker,
    /// The round of probes that this call belongs to.
    probe_of: Option<NonZeroU32>,
    reported: bool,
}

impl<'b> BreakerPermit<'b> {
    #[inline]
    pub(super) const fn new(breaker: &'b Breaker, probe_of: Option<NonZeroU32>) -> Self {
        Self { breaker, probe_of, reported: false }
    }

    /// Reports that the target answered.
    #[inline]
    pub fn succeeded(mut self) {
        self.reported = true;
        match self.probe_of {
            None => self.breaker.window.success(),
            Some(round) => self.breaker.probe_succeeded(round),
        }
    }

    /// Reports a failure. A permanent one is an answer too, and counts as success: the target is up. A wait
    /// that the target asks for applies to all callers.
    pub fn failed(mut self, class: Class, clock: &impl Clock) {
        self.reported = true;
        match class {
            Class::Success | Class::Permanent | Class::QuotaExhausted { until: None } => {
                return self.succeeded();
            }
            Class::QuotaExhausted { until: Some(until) } => {
                self.give_back();
                let pause = until.duration_since(clock.now()).unwrap_or_default();
                return self.breaker.pause(clock, pause);
            }
            // Asking too often is the callers' failing, and the pause takes care of it.
            Class::Throttled { after: Some(after) } if !after.is_zero() => self.give_back(),
            _ => self.count_failure(clock),
        }
        if let Some(after) = class.after() {
            self.breaker.pause(clock, after);
        }
    }

    fn count_failure(&self, clock: &impl Clock) {
        if self.probe_of.is_some() || self.breaker.window.failure() {
            self.breaker.trip(clock, self.probe_of);
        }
    }

    fn give_back(&self) {
        if let Some(round) = self.probe_of {
            self.breaker.probe_given_back(round);
        }
    }
}

impl Drop for BreakerPermit<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.reported {
            self.give_back();
        }
    }
}

/// The breaker refuses the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CircuitOpen {
    retry_after: Option<Duration>,
}

impl CircuitOpen {
    pub(super) const fn new(retry_after: Option<Duration>) -> Self {
        Self { retry_after }
    }

    /// Returns when the breaker will let a call through again; `None` under an operator's switch.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for CircuitOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the circuit breaker is open")
    }
}

impl Error for CircuitOpen {}

impl Transient for CircuitOpen {
    /// Returns whether the breaker lets calls through again by itself: not under an operator's switch.
    fn is_transient(&self) -> bool {
        self.retry_after.is_some()
    }
}
