//! What can go wrong.

use std::path::PathBuf;

/// Something that this crate could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A configuration that makes no sense.
    #[error("{key}: {reason}")]
    Config {
        /// The key.
        key: String,
        /// What is wrong with its value.
        reason: String,
    },
    /// A log that cannot be opened for writing.
    #[error("cannot open {}", path.display())]
    Open {
        /// The log.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A pattern that is no regular expression, or too large a one.
    #[error("pattern {index}")]
    Pattern {
        /// Which one, from 0.
        index: usize,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
