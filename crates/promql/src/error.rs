//! What goes wrong when an expression is read or evaluated.

use std::fmt;

use crate::SourceError;

/// A text that is not an expression, or not one that is supported here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    offset: usize,
    line: usize,
    column: usize,
    reason: String,
}

impl ParseError {
    pub(crate) fn new(text: &str, offset: usize, reason: impl Into<String>) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            offset: before.len(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            reason: reason.into(),
        }
    }

    /// Returns where it is, in bytes from the beginning.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Returns its line; the first is 1.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// Returns its column in characters; the first is 1.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }

    /// Returns what is wrong there.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.reason)
    }
}

impl std::error::Error for ParseError {}

/// An expression that could not be evaluated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// The source could not hand out its data.
    #[error("the data cannot be read")]
    Source(#[from] SourceError),
    /// The evaluation touched more samples than it may.
    #[error("more than {limit} samples are touched")]
    TooManySamples {
        /// How many it may touch.
        limit: usize,
    },
    /// A result has more series than it may.
    #[error("more than {limit} series in one result")]
    TooManySeries {
        /// How many it may have.
        limit: usize,
    },
    /// The caller wanted it to stop.
    #[error("the evaluation was stopped")]
    Stopped,
    /// The expression and the data do not fit, as when two series match where one must.
    #[error("{0}")]
    Mismatch(String),
}

impl EvalError {
    /// Returns whether the same evaluation may succeed later without a change of the expression.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Source(error) => error.is_transient(),
            Self::Stopped => true,
            Self::TooManySamples { .. } | Self::TooManySeries { .. } | Self::Mismatch(_) => false,
        }
    }
}
