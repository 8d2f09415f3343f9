//! An operation's error: worth another attempt, or not.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// What an operation returns when it fails, and whether to try again.
///
/// Both variants are all there is, as in the original: callers match on them without a wildcard.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Error<E> {
    /// Another attempt cannot succeed: the error is returned at once.
    Permanent(E),
    /// Another attempt may succeed.
    Transient {
        /// What went wrong.
        err: E,
        /// How long to wait; `None` leaves it to the schedule.
        retry_after: Option<Duration>,
    },
}

impl<E> Error<E> {
    /// Creates an error that is not retried.
    pub fn permanent(err: E) -> Self {
        Self::Permanent(err)
    }

    /// Creates an error that is retried after the schedule's next wait.
    pub fn transient(err: E) -> Self {
        Self::Transient { err, retry_after: None }
    }

    /// Creates an error that is retried after `duration`; the schedule is not asked.
    pub fn retry_after(err: E, duration: Duration) -> Self {
        Self::Transient { err, retry_after: Some(duration) }
    }

    fn inner(&self) -> &E {
        match self {
            Self::Permanent(err) | Self::Transient { err, .. } => err,
        }
    }
}

/// Makes `?` turn every error into a transient one.
impl<E> From<E> for Error<E> {
    fn from(err: E) -> Self {
        Self::transient(err)
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner().fmt(f)
    }
}

impl<E: fmt::Debug> fmt::Debug for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Permanent(_) => "Permanent",
            Self::Transient { .. } => "Transient",
        };
        f.debug_tuple(name).field(self.inner()).finish()
    }
}

/// The source is that of the wrapped error, which this one prints itself.
impl<E: StdError> StdError for Error<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner().source()
    }
}
