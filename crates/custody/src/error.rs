//! What can go wrong with what is kept.

use std::io;
use std::path::{Path, PathBuf};

use wardkit_core::Transient;

/// Why something that is kept could not be used.
#[derive(Debug, thiserror::Error)]
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
        source: io::Error,
    },
    /// Another user could change it.
    #[error("{} may be written by others (mode {mode:03o})", path.display())]
    WritableByOthers {
        /// The file or directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A secret that another user could read.
    #[error("{} may be read by others (mode {mode:03o})", path.display())]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error("{} belongs to user {owner}, and this program runs as user {user}", path.display())]
    ForeignOwner {
        /// The file or directory.
        path: PathBuf,
        /// Whom it belongs to.
        owner: u32,
        /// Who runs the program.
        user: u32,
    },
    /// A file is not what was written there: it is torn or was changed.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// A key, or a certificate, was refused.
    #[error("{} does not hold what its keys vouch for", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: wardkit_tlog::Error,
    },
    /// The log itself refused.
    #[error("the audit log in {} cannot go on", dir.display())]
    Log {
        /// The log's directory.
        dir: PathBuf,
        /// Why.
        #[source]
        source: wardkit_auditlog::Error,
    },
    /// The log that this host began there is gone.
    #[error("the log of {size} entries that was in {} is gone", dir.display())]
    LogGone {
        /// The log's directory.
        dir: PathBuf,
        /// How many entries it had.
        size: u64,
    },
    /// The log was begun elsewhere: its keys are not here.
    #[error("the keys of the log in {} are not in {}", dir.display(), keys.display())]
    LogUnknown {
        /// The log's directory.
        dir: PathBuf,
        /// Where keys are kept.
        keys: PathBuf,
    },
    /// In place of the log that this host began there is another.
    #[error("the log in {} is not the one that was begun there", dir.display())]
    LogReplaced {
        /// The log's directory.
        dir: PathBuf,
    },
    /// The log is a copy: two that go on under the same keys would contradict each other.
    #[error("the log in {} is a copy of the one in {}", dir.display(), original.display())]
    LogCopied {
        /// The log's directory.
        dir: PathBuf,
        /// Where it was begun.
        original: PathBuf,
    },
    /// The log was taken back to an earlier state.
    #[error("the log in {} has {found} entries, and had {seen}", dir.display())]
    LogRolledBack {
        /// The log's directory.
        dir: PathBuf,
        /// How many entries were seen.
        seen: u64,
        /// How many it has.
        found: u64,
    },
    /// A baseline was refused, or could not be written.
    #[cfg(feature = "baselines")]
    #[error(transparent)]
    Integrity(#[from] wardkit_integrity::Error),
    /// No baseline was ever signed with the keys that are kept here.
    #[cfg(feature = "baselines")]
    #[error("there is no key for the baseline in {}: {} never signed one", dir.display(), data_dir.display())]
    Unsigned {
        /// The baseline's directory.
        dir: PathBuf,
        /// The data directory.
        data_dir: PathBuf,
    },
    /// The policy that a baseline was made with cannot be used.
    #[cfg(feature = "baselines")]
    #[error("{} is not the policy that the baseline was made with: {reason}", path.display())]
    Policy {
        /// The copy that is kept with the baseline.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// What is to be remembered contradicts what was seen.
    #[error("{subject} had another root at {number} than it has now")]
    Contradiction {
        /// What it is about.
        subject: String,
        /// The size or generation.
        number: u64,
    },
}

impl Error {
    pub(crate) fn io<'p>(
        action: &'static str,
        path: &'p Path,
    ) -> impl FnOnce(io::Error) -> Self + use<'p> {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn damaged(path: &Path, reason: &'static str) -> Self {
        Self::Damaged { path: path.to_owned(), reason }
    }

    pub(crate) fn key(path: &Path) -> impl FnOnce(wardkit_tlog::Error) -> Self {
        move |source| Self::Key { path: path.to_owned(), source }
    }

    pub(crate) fn log(dir: &Path) -> impl FnOnce(wardkit_auditlog::Error) -> Self {
        move |source| Self::Log { dir: dir.to_owned(), source }
    }
}

impl Transient for Error {
    fn is_transient(&self) -> bool {
        match self {
            Self::Io { source, .. } => {
                source.is_transient()
                    || matches!(
                        source.kind(),
                        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                    )
            }
            Self::Log { source, .. } => source.is_transient(),
            _ => false,
        }
    }
}
