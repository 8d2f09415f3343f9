use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::format::Id;
use crate::source::Failure;

/// What a backup did. There is a snapshot; whether everything is in it, [`outcome`](Self::outcome) tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a backup may be partial"]
#[non_exhaustive]
pub struct BackupReport {
    /// The snapshot.
    pub snapshot: Id,
    /// The tree of the snapshot; the same one as that of another snapshot, when nothing differs.
    pub tree: Id,
    /// The snapshot that told which files did not change.
    pub parent: Option<Id>,
    /// Whether everything is in the snapshot.
    pub outcome: Outcome,
    /// Files and directories by what became of them, and bytes.
    pub counts: Counts,
    /// How long it took.
    pub took: Duration,
}

/// Whether a snapshot has everything that was to be backed up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a backup may be partial"]
pub enum Outcome {
    /// It has.
    Complete,
    /// Something is missing, or is not as it was at any one time.
    Partial {
        /// What, by the order of the paths.
        failed: Vec<Failed>,
    },
}

/// Something that could not be backed up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failed {
    /// Its absolute path.
    pub path: PathBuf,
    /// Why.
    pub error: String,
}

/// What a backup met, and what it stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Files that the parent does not have.
    pub files_new: u64,
    /// Files that the parent has otherwise.
    pub files_changed: u64,
    /// Files that were taken over from the parent without reading them.
    pub files_unmodified: u64,
    /// Directories that the parent does not have.
    pub dirs_new: u64,
    /// Directories that the parent has otherwise.
    pub dirs_changed: u64,
    /// Directories that are as in the parent, with all in them.
    pub dirs_unmodified: u64,
    /// Bytes of all files in the snapshot.
    pub bytes_processed: u64,
    /// Blobs of contents that the repository did not have.
    pub data_blobs: u64,
    /// Blobs of trees that the repository did not have.
    pub tree_blobs: u64,
    /// Bytes of both, before they were compressed.
    pub data_added: u64,
    /// Bytes of both, as they are stored.
    pub data_added_packed: u64,
}

impl Outcome {
    /// Whether everything is in the snapshot.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }
}

impl Outcome {
    pub(super) fn of(failures: Vec<Failure>) -> Self {
        if failures.is_empty() {
            return Self::Complete;
        }
        let failed = failures
            .into_iter()
            .map(|failure| Failed { error: with_causes(&failure), path: failure.path });
        let mut failed: Vec<_> = failed.collect();
        failed.sort();
        failed.dedup();
        Self::Partial { failed }
    }
}

/// An error with its causes, in one line.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing into memory does not fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
