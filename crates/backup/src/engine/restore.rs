//! Rebuilds the files of a snapshot.

use std::path::PathBuf;

use crate::format::Snapshot;

use super::{Error, Event, Index, Observer, Repository, Role, Stage};

mod report;
mod select;

mod run;
mod walk;

mod batch;
mod fill;
mod finish;
mod write;

mod attributes;
mod beneath;
mod fresh;
mod leftovers;

pub use report::{RestoreFault, RestoreReport, Unrestored};

/// What is restored, and where.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RestoreOptions {
    /// The directory that absolute paths are rebuilt below. It is made if it is not there.
    pub target: PathBuf,
    /// The absolute paths that are restored, with what is below them and with their parents; all if there is none.
    pub include: Vec<PathBuf>,
    /// Absolute paths that are passed over, with what is below them.
    pub exclude: Vec<PathBuf>,
    /// What becomes of files that are there.
    pub existing: Existing,
    /// Whether each file is read back before it gets its name. Without it, what was handed to the system is proven.
    pub read_back: bool,
    /// How many bytes may be planned ahead, besides what the threads have in hand: at most one range of a pack and one
    /// blob each.
    pub memory: usize,
}

/// What becomes of a file whose name is wanted by a file of the snapshot. Directories are never replaced, and links
/// never followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it stays, or it does not")]
pub enum Existing {
    /// It is replaced, in one step, when the file of the snapshot is whole.
    #[default]
    Overwrite,
    /// It stays, and the path is told among those that failed.
    Keep,
}

impl RestoreOptions {
    /// Restores everything below a directory.
    #[must_use]
    pub fn new(target: impl Into<PathBuf>) -> Self {
        Self {
            target: target.into(),
            include: Vec::new(),
            exclude: Vec::new(),
            existing: Existing::default(),
            read_back: false,
            memory: MEMORY,
        }
    }
}

impl<R: Role> Repository<R> {
    /// Rebuilds the files of a snapshot below a directory. Nothing is written anywhere else, whatever the snapshot
    /// says; a file has its name only once each of its bytes was proven; and what is reported is on the disk.
    ///
    /// # Errors
    ///
    /// When nothing can be restored: the target cannot be written, a thread cannot be started. What fails of single
    /// paths is in the report.
    pub fn restore(
        &self,
        index: &Index,
        snapshot: &Snapshot,
        options: &RestoreOptions,
        observer: &dyn Observer,
    ) -> Result<RestoreReport, Error> {
        observer.event(&Event::Stage(Stage::Restore));
        let restore = run::Restore::begin(self, index, options, observer)?;
        walk::walk(&restore, &snapshot.tree)?;
        restore.end()
    }
}

/// Some hundred thousand small files.
const MEMORY: usize = 24 << 20;
