//! What differs between two snapshots.

mod change;
mod compare;

pub use change::Change;

use std::ops::ControlFlow;

use crate::format::Id;

use super::role::Role;
use super::{Error, Index, Repository};

/// What differs between two trees, in numbers. They are counted as restic does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiffReport {
    /// Files that are in both, with other content.
    pub changed_files: u64,
    /// What only the second tree has.
    pub added: DiffCounts,
    /// What only the first tree has.
    pub removed: DiffCounts,
}

/// What only one of two trees has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiffCounts {
    /// Files.
    pub files: u64,
    /// Directories.
    pub dirs: u64,
    /// Links, devices, pipes and sockets.
    pub others: u64,
    /// Blobs of content, each once.
    pub data_blobs: u64,
    /// Blobs of directories, each once.
    pub tree_blobs: u64,
    /// The length of these blobs, uncompressed.
    pub bytes: u64,
}

impl<R: Role> Repository<R> {
    /// Compares two trees and tells each entry that differs, directories before what is in them, until it breaks off.
    /// Where a directory became something else, or the other way round, what was in it is not told.
    ///
    /// # Errors
    ///
    /// When a tree cannot be read, a blob is in no index, or `changed` breaks off ([`Error::Cancelled`]).
    pub fn diff(
        &self,
        index: &Index,
        before: &Id,
        after: &Id,
        changed: &mut dyn FnMut(&Change<'_>) -> ControlFlow<()>,
    ) -> Result<DiffReport, Error> {
        let size = |kind, id: &Id| index.plain_len(kind, id);
        compare::compare((before, after), &mut |id| self.read_tree(index, id), &size, changed)
    }
}
