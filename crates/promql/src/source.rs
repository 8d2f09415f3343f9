//! Where samples come from.

use std::error::Error;
use std::fmt;

use crate::{Selector, Series};

/// Holds series and hands out those that an expression asks for.
///
/// Called by [`Evaluator`](crate::Evaluator) on the caller's thread, once for each selector of an expression whatever
/// the number of steps. An error ends the evaluation: an alert must not resolve because its data could not be read.
pub trait Source {
    /// Returns the series that match, each with its samples in the window and in order of time; series without one may
    /// be left out. No two of them have the same labels. Samples that say that a series ended are handed out too.
    ///
    /// # Errors
    ///
    /// Returns [`SourceError`] when the data cannot be read whole.
    fn select(&self, selector: &Selector, window: &Window) -> Result<Vec<Series>, SourceError>;
}

impl<S: Source + ?Sized> Source for &S {
    fn select(&self, selector: &Selector, window: &Window) -> Result<Vec<Series>, SourceError> {
        (**self).select(selector, window)
    }
}

/// The time that a selector looks at, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// The first millisecond that belongs to it.
    pub from_ms: i64,
    /// The last millisecond that belongs to it.
    pub to_ms: i64,
    /// What is looked at.
    pub want: Want,
    /// The most samples that the evaluation may still touch; a source can stop with
    /// [`SourceError::too_many`] as soon as it has more.
    pub max_samples: usize,
}

impl Window {
    /// Creates a window of all samples from `from_ms` to `to_ms`, both included.
    #[must_use]
    pub const fn new(from_ms: i64, to_ms: i64) -> Self {
        Self { from_ms, to_ms, want: Want::All, max_samples: usize::MAX }
    }

    /// Returns whether a time belongs to the window.
    #[must_use]
    pub const fn contains(&self, at_ms: i64) -> bool {
        self.from_ms <= at_ms && at_ms <= self.to_ms
    }
}

/// Which samples of a window are looked at.
///
/// There are these two ways, and a source treats what it does not know as [`Want::All`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Want {
    /// Each.
    All,
    /// The latest of each series; a source that hands out more is slower and not wrong.
    Latest,
}

/// A source could not hand out its data.
#[derive(Debug)]
pub struct SourceError {
    reason: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
    transient: bool,
}

impl SourceError {
    /// Creates an error with its reason: lower case, no final period.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), cause: None, transient: false }
    }

    /// Creates the error of a window with more samples than it may have.
    #[must_use]
    pub fn too_many(window: &Window) -> Self {
        Self::new(format!("more than {} samples are selected", window.max_samples))
    }

    /// Adds what led to it.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Says that the same call may succeed later.
    #[must_use]
    pub fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// Returns whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.transient
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl Error for SourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
