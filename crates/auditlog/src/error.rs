//! What can go wrong with a log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wardkit_core::Transient;

/// Why an entry was not acknowledged, or a log not opened.
///
/// Cloneable, because one failed write is the answer to everybody who shared it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused something.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// An entry is malformed.
    #[error("malformed entry: {0}")]
    Entry(&'static str),
    /// A value cannot be written as JSON.
    #[error("a value cannot be written as JSON")]
    Json(#[source] Arc<serde_json::Error>),
    /// A line of the log is not what its place demands: the log was changed.
    #[error("{segment}:{line}: {reason}")]
    Line {
        /// The name of the segment.
        segment: String,
        /// The line, from one.
        line: u64,
        /// What is wrong.
        reason: LineFault,
    },
    /// The log is shorter than its checkpoint: entries were removed.
    #[error("the log has {found} entries, and its checkpoint vouches for {sealed}")]
    Truncated {
        /// How many entries the checkpoint has.
        sealed: u64,
        /// How many the log has.
        found: u64,
    },
    /// A segment is shorter than this process saw it.
    #[error("{} lost entries that were there", path.display())]
    Shrunk {
        /// The segment.
        path: PathBuf,
    },
    /// The log's entries are not those of its checkpoint: some were changed.
    #[error("the first {size} entries are not those of the checkpoint")]
    Rewritten {
        /// How many entries the checkpoint has.
        size: u64,
    },
    /// A segment that the checkpoint covers is missing.
    #[error("the segment that begins with entry {first} is missing")]
    SegmentMissing {
        /// The entry.
        first: u64,
    },
    /// A log that has entries has no checkpoint: it was removed.
    #[error("{} is missing", path.display())]
    CheckpointMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A note, a key or a certificate was refused.
    #[error("{} is not as this log's keys demand", path.display())]
    Proof {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: wardkit_tlog::Error,
    },
    /// The log goes on under a key that was not given.
    #[error("the log goes on under key {key}, which was not given")]
    UnknownKey {
        /// The key's text.
        key: String,
    },
    /// The entry is in the log and durable, but no checkpoint covers it yet.
    #[error("entry {seq} is durable and not yet under a checkpoint")]
    NotSealed {
        /// The entry.
        seq: u64,
        /// Why the checkpoint was not written.
        #[source]
        source: Box<Error>,
    },
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LineFault {
    /// It is no JSON object with the fields of an entry.
    #[error("no entry")]
    Malformed,
    /// It has another place in the log.
    #[error("entry {found} where {expected} belongs")]
    Sequence {
        /// The number that belongs there.
        expected: u64,
        /// The number that the line has.
        found: u64,
    },
    /// It does not end: the rest is missing.
    #[error("a line without end")]
    Torn,
    /// It is longer than any entry.
    #[error("longer than an entry may be")]
    TooLong,
    /// It hands over to another key in the middle of a segment.
    #[error("a change of keys that is not the end of its segment")]
    KeyInside,
    /// The first line does not begin a log.
    #[error("not the beginning of this log")]
    Beginning,
    /// Nobody trusted vouches for the key that it names.
    #[error("a key that nobody trusted vouches for")]
    Key,
}

impl Error {
    pub(crate) fn io<'p>(
        action: &'static str,
        path: &'p Path,
    ) -> impl FnOnce(io::Error) -> Self + use<'p> {
        move |source| Self::Io { action, path: path.to_owned(), source: Arc::new(source) }
    }

    pub(crate) fn proof(path: &Path) -> impl FnOnce(wardkit_tlog::Error) -> Self {
        move |source| Self::Proof { path: path.to_owned(), source }
    }
}

impl Transient for Error {
    fn is_transient(&self) -> bool {
        match self {
            // Space comes back, and nothing was acknowledged.
            Self::Io { source, .. } => {
                source.is_transient()
                    || matches!(
                        source.kind(),
                        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                    )
            }
            _ => false,
        }
    }
}
