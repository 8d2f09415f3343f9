//! The error of a call that was given up.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use wardkit_core::{Timestamp, Transient};

use crate::{Class, Reason};

/// A call that was given up: why, after which attempts, and the last error of the call itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaveUp<E> {
    pub(crate) reason: Reason,
    pub(crate) last: Option<E>,
    pub(crate) trail: Trail,
}

impl<E> GaveUp<E> {
    /// Returns why there was no further attempt.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// Returns the last error of the call; `None` when there was none, as in a timeout or before an open breaker.
    #[must_use]
    pub const fn last(&self) -> Option<&E> {
        self.last.as_ref()
    }

    /// Returns the last error of the call, taken out.
    #[must_use]
    pub fn into_last(self) -> Option<E> {
        self.last
    }

    /// Returns how many attempts were made.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.trail.total
    }

    /// Returns the attempts, oldest first; of a long series the last 16.
    #[must_use]
    pub fn trail(&self) -> &[FailedAttempt] {
        &self.trail.kept
    }
}

impl<E> fmt::Display for GaveUp<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.trail.total == 1 { "" } else { "s" };
        write!(f, "gave up after {} attempt{plural}: {}", self.trail.total, self.reason.message())
    }
}

impl<E: Error + 'static> Error for GaveUp<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.last.as_ref().map(|last| last as &(dyn Error + 'static))
    }
}

impl<E> Transient for GaveUp<E> {
    /// Returns whether the same call may succeed a moment later: true unless the failure was for good.
    fn is_transient(&self) -> bool {
        !matches!(
            self.reason,
            Reason::Permanent
                | Reason::QuotaExhausted { .. }
                | Reason::RetryAfterTooLong { .. }
                | Reason::Unsafe
        )
    }
}

/// One attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FailedAttempt {
    /// Its number, from 1.
    pub number: u32,
    /// What its result meant.
    pub class: Class,
    /// When it had failed.
    pub at: Timestamp,
    /// The wait that followed, if it was not the last.
    pub wait: Option<Duration>,
}

/// The attempts of a call, of which a bounded number is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trail {
    total: u32,
    kept: Vec<FailedAttempt>,
}

impl Trail {
    pub(crate) fn push(&mut self, attempt: FailedAttempt) {
        self.total = self.total.saturating_add(1);
        if self.kept.len() == MOST_KEPT {
            self.kept.remove(0);
        }
        self.kept.push(attempt);
    }
}

/// Enough to see the pattern of a failure, small enough for any log.
const MOST_KEPT: usize = 16;
