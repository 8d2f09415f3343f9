//! Who answered, and why the others did not.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Transient;

use super::{Limit, Reserved};
use crate::Class;

/// An answer: which target gave it, and why those before it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<R> {
    /// What the target said.
    pub value: R,
    /// The name of the target.
    pub target: Arc<str>,
    /// The targets that were passed over. It is among them itself when nobody answered but with an `Ok` that the
    /// classifier calls a failure.
    pub passed: Vec<Passed>,
    pub(super) reserved: Reserved,
}

/// A target that did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passed {
    /// The name of the target.
    pub target: Arc<str>,
    /// Why it did not answer.
    pub why: Why,
}

impl Passed {
    pub(super) fn may_answer_later(&self) -> bool {
        match self.why {
            Why::CircuitOpen { retry_after } | Why::LimitReached { retry_after, .. } => {
                retry_after.is_some()
            }
            Why::Failed { class } => class.retryable().is_some(),
        }
    }
}

/// Why a target did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// It was not asked: its circuit breaker is open, or it cools down.
    CircuitOpen {
        /// When it will be asked again.
        retry_after: Option<Duration>,
    },
    /// It was not asked: one of its limits is used up.
    LimitReached {
        /// Which one.
        limit: Limit,
        /// When there will be room for this call; `None` when there never will be.
        retry_after: Option<Duration>,
    },
    /// It was asked and failed.
    Failed {
        /// What the failure meant.
        class: Class,
    },
}

/// No target answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainFailed<E> {
    pub(super) last: Option<E>,
    pub(super) is_transient: bool,
    pub(super) passed: Vec<Passed>,
}

impl<E> ChainFailed<E> {
    /// Returns the last error; `None` when no target was even asked.
    #[must_use]
    pub const fn last(&self) -> Option<&E> {
        self.last.as_ref()
    }

    /// Returns the last error, taken out.
    #[must_use]
    pub fn into_last(self) -> Option<E> {
        self.last
    }

    /// Returns the targets that were passed over, in order.
    #[must_use]
    pub fn passed(&self) -> &[Passed] {
        &self.passed
    }
}

impl<E> fmt::Display for ChainFailed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no target answered")?;
        for (index, Passed { target, why }) in self.passed.iter().enumerate() {
            write!(f, "{}{target} ", if index == 0 { ": " } else { ", " })?;
            match why {
                Why::CircuitOpen { .. } => f.write_str("is left alone")?,
                Why::LimitReached { limit, .. } => write!(f, "has no {limit} left")?,
                Why::Failed { class } => write!(f, "failed ({class})")?,
            }
        }
        Ok(())
    }
}

impl<E> Transient for ChainFailed<E> {
    /// Returns whether the same call may be answered a moment later: not when it failed for good, and not when it must
    /// not happen twice and may have arrived.
    fn is_transient(&self) -> bool {
        self.is_transient
    }
}

impl<E: Error + 'static> Error for ChainFailed<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.last.as_ref().map(|last| last as &(dyn Error + 'static))
    }
}
