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

    /// Returns what this failure means to a caller further out, such as a [`Chain`](crate::Chain) of retried calls:
    /// mostly the class of the last attempt.
    #[must_use]
    pub fn class(&self) -> Class {
        let last = self.trail.kept.last().map(|attempt| attempt.class);
        match (self.reason, last) {
            (Reason::Unsafe, _) | (_, Some(Class::Success)) => Class::Permanent,
            (Reason::CircuitOpen { retry_after }, _) => Class::Overloaded { after: retry_after },
            (_, Some(class)) => class,
            (Reason::QueueFull | Reason::QueueTimeout, None) => Class::Overloaded { after: None },
            (Reason::DeadlineExceeded, None) => Class::Timeout,
            (_, None) => Class::Permanent,
        }
    }

    /// Returns the attempts, oldest first; of a long series the last 16.
    #[must_use]
    pub fn trail(&self) -> &[FailedAttempt] {
        &self.trail.kept
    }

    /// Returns the same with a last error that `?` takes, whatever it was: `Box<dyn Error + Send + Sync>` and its like
    /// implement no `Error` of their own, so neither does a [`GaveUp`] of them.
    ///
    /// ```
    /// use std::error::Error;
    /// use wardkit_retry::{Class, GaveUp, Idempotency, Retry, RetryPolicy};
    ///
    /// type Boxed = Box<dyn Error + Send + Sync>;
    ///
    /// fn lines(path: &str) -> Result<usize, Boxed> {
    ///     // The type of a closure's argument has to be written out.
    ///     let retry = Retry::new(RetryPolicy::local_io(), Idempotency::Safe)?.with_classifier(
    ///         |result: &Result<usize, Boxed>| match result {
    ///             Ok(_) => Class::Success,
    ///             Err(error) if error.is::<std::io::Error>() => Class::Transient,
    ///             Err(_) => Class::Permanent,
    ///         },
    ///     );
    ///     let read = || Ok(std::fs::read_to_string(path)?.lines().count());
    ///     Ok(retry.run_blocking(read).map_err(GaveUp::boxed)?)
    /// }
    /// assert!(lines("/nowhere").is_err());
    /// ```
    pub fn boxed(self) -> GaveUp<impl Error + Send + Sync + 'static>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let Self { reason, last, trail } = self;
        GaveUp { reason, last: last.map(|last| Boxed(last.into())), trail }
    }
}

/// An error of any type as one of a type that implements [`Error`].
struct Boxed(Box<dyn Error + Send + Sync>);

impl fmt::Debug for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for Boxed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
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
    /// Returns whether the same call may succeed a moment later: true unless the failure was for good, or an operator
    /// has switched the target off.
    fn is_transient(&self) -> bool {
        !matches!(
            self.reason,
            Reason::Permanent
                | Reason::QuotaExhausted { .. }
                | Reason::RetryAfterTooLong { .. }
                | Reason::Unsafe
                | Reason::CircuitOpen { retry_after: None }
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
