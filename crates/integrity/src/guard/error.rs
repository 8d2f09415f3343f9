//! Why nothing was handed out.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Digest, EntryKind, FieldChange, FieldValue};

/// Why a [`Guard`](crate::Guard) handed out nothing.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The path, or a symbolic link on the way, is not listed.
    #[error("{} is not listed", path.display())]
    Unlisted {
        /// The path.
        path: PathBuf,
    },
    /// The path is listed without a digest of its content.
    #[error("{} is listed without a digest", path.display())]
    NotHashed {
        /// The path.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("{} is missing", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// It is no regular file.
    #[error("{} is no regular file: {kind}", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        kind: EntryKind,
    },
    /// Its mode, owner or group is other than listed, or the target of a symbolic link on the way.
    #[error("{} is not as listed: {} is {}, was {}", path.display(), change.field, Shown(change.new.as_ref()), Shown(change.old.as_ref()))]
    Metadata {
        /// The path.
        path: PathBuf,
        /// What differs first.
        change: FieldChange,
    },
    /// Its content is other than listed.
    #[error("{} has other content than listed", path.display())]
    Content {
        /// The path.
        path: PathBuf,
        /// The digest as listed.
        expected: Digest,
        /// The digest as found, or `None` where the size already differed and nothing was read.
        found: Option<Digest>,
    },
    /// It changed while it was looked at, or since.
    #[error("{} changed while it was used", path.display())]
    Unstable {
        /// The path.
        path: PathBuf,
    },
    /// It is larger than the caller takes.
    #[error("{} is larger than {max} bytes", path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// The most that the caller takes.
        max: u64,
    },
    /// Somebody else could exchange the file, or may write it.
    #[error("others may exchange the file or write it")]
    UntrustedParent(#[from] Untrusted),
    /// The path is not absolute, or has `.` or `..` in it.
    #[error("{} is not absolute or has . or .. in it", path.display())]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: `open`, `read`, …
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        #[source]
        source: Arc<io::Error>,
    },
}

impl GuardError {
    /// Tells whether the next try may succeed: the file was being changed.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unstable { .. })
    }

    /// Returns what turns an error of the system into this.
    pub(super) fn io<E: Into<io::Error>>(
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source: Arc::new(source.into()) }
    }
}

/// A directory, or a name in a sticky one, that lets others exchange what lies below.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{} {why}", path.display())]
#[non_exhaustive]
pub struct Untrusted {
    /// The directory or file at fault.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: WhyUntrusted,
}

/// What lets others change a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum WhyUntrusted {
    /// It belongs to somebody else.
    #[error("belongs to user {0}")]
    Owner(u32),
    /// Its group or everybody may write it: the mode.
    #[error("is writable by others: its mode is {0:04o}")]
    Writable(u32),
}

/// Shows a side of a change that may have no value.
struct Shown<'v>(Option<&'v FieldValue>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("none"),
        }
    }
}
