//! What can go wrong with a history.

use std::io;
use std::path::PathBuf;

/// Something that a history could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value of the configuration is out of bounds.
    #[error("`{key}` {reason}")]
    Config {
        /// The key.
        key: String,
        /// What it must be.
        reason: String,
    },
    /// A file or the directory could not be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file or the directory could not be written. Samples are kept in memory as long as there is room for them.
    #[error("cannot write {path}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The index does not answer.
    #[error("the index of the history does not answer")]
    Index(#[from] IndexError),
    /// A selector that cannot be read.
    #[error("not a selector of series at byte {at}: {reason}")]
    Selector {
        /// Where it went wrong.
        at: usize,
        /// What is wrong.
        reason: String,
    },
    /// A question whose answer would be larger than is sensible.
    #[error("the answer would have more than {limit} {of}")]
    TooMuch {
        /// The most there may be.
        limit: usize,
        /// Of what.
        of: &'static str,
    },
    /// The end lies before the begin, or the step is zero.
    #[error("the range is empty or the step is zero")]
    EmptyRange,
}

impl Error {
    /// Tells whether the same may succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::Interrupted
                    | io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::WouldBlock
            ),
            Self::Index(_) => true,
            _ => false,
        }
    }
}

/// Why an index does not answer, in its own words.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct IndexError(Box<dyn std::error::Error + Send + Sync>);

impl IndexError {
    /// Wraps the index's own error.
    #[must_use]
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}
