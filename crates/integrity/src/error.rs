//! Why something could not be done.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wardkit_core::Transient;

use crate::{Algorithm, Format, Refusal};

/// Why something could not be done.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is nothing that can be accepted.
    #[error("{0:?} is nothing to accept: all, rule:NAME, package:NAME and path:/DIRECTORY are")]
    Acceptance(String),
    /// The name is of no algorithm of content digests.
    #[error("{0:?} is no digest algorithm: blake3 and sha256 are")]
    Algorithm(String),
    /// The text is not the 64 lower-case hexadecimal digits of a digest.
    #[error("not the 64 lower-case hexadecimal digits of a digest")]
    Digest,
    /// The name is of no format of lists.
    #[error("{0:?} is no format of lists: sha256sum, b3sum, mtree and aide are")]
    Format(String),
    /// The format has no digests of that algorithm, or can only be read.
    #[error("{algorithm} digests cannot be written as {format}")]
    Export {
        /// The format.
        format: Format,
        /// The algorithm of the digests.
        algorithm: Algorithm,
    },
    /// A line of a list cannot be used, and so the list is not.
    #[error("line {line} {reason}")]
    List {
        /// The number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A list cannot be read.
    #[error("cannot read the list")]
    ReadList(#[source] Arc<io::Error>),
    /// A list cannot be written.
    #[error("cannot write the list")]
    WriteList(#[source] Arc<io::Error>),
    /// The name is of no profile.
    #[error("{0:?} is no profile: static, config, growing, rotated, state and ignore are")]
    Profile(String),
    /// A root of a scan is not an absolute path, or has `..` in it.
    #[error("{} is not an absolute path without `..`", .0.display())]
    Root(PathBuf),
    /// The system grants the scan no threads.
    #[error("cannot start the threads of the scan")]
    Threads(#[source] Arc<io::Error>),
    /// The scan was told to end before it was done.
    #[error("the scan was told to end")]
    Cancelled,
    /// A baseline is not used, or not written.
    #[error("baseline {}", path.display())]
    Baseline {
        /// Its directory, or the file at fault.
        path: PathBuf,
        /// Why not.
        #[source]
        reason: Refusal,
    },
    /// A baseline cannot be signed in the name of this host.
    #[error("cannot sign {}", path.display())]
    Sign {
        /// The note.
        path: PathBuf,
        /// Why not.
        #[source]
        source: wardkit_tlog::Error,
    },
    /// A directory for secrets is none, belongs to somebody else, or others may enter it.
    #[error("{} is not a directory that only its owner, this program's user, may enter", .0.display())]
    NotPrivate(PathBuf),
    /// A record of a package database is not to be used.
    #[error("the record {} is {reason}", path.display())]
    Record {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: `open`, `write`, …
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Arc<io::Error>,
    },
    /// The system does not tell what changes, or no longer.
    #[error("cannot {action}")]
    Watch {
        /// What was tried: `start fanotify`, …
        action: &'static str,
        /// Why not.
        #[source]
        source: Arc<io::Error>,
    },
}

impl Error {
    /// Returns what turns an error of the file system into this.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source: Arc::new(source) }
    }

    /// Returns what turns an error of the system into this.
    pub(crate) fn watch(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Watch { action, source: Arc::new(source) }
    }
}

impl Transient for Error {
    fn is_transient(&self) -> bool {
        match self {
            // Space comes back, and nothing was changed.
            Self::Io { source, .. } => {
                source.is_transient()
                    || matches!(
                        source.kind(),
                        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                    )
            }
            Self::Baseline { reason, .. } => *reason == Refusal::Busy,
            _ => false,
        }
    }
}
