//! What a scan takes of a path.

use std::path::Path;

use crate::EntryKind;

/// Decides what a scan takes of each path.
///
/// Called by the scanner once for each path, from any of its threads, before the path is opened: it must be quick, and
/// has no way to fail. [`Policy`](crate::Policy) is one; [`Everything`] takes all.
pub trait Selection: Sync {
    /// Returns what to take of a path of this kind.
    fn take(&self, path: &Path, kind: EntryKind) -> Take;
}

/// What to take of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Take {
    /// Nothing; of a directory nothing that lies below it either.
    Skip,
    /// All but the content.
    Metadata,
    /// All, with the digest of the content.
    Content,
    /// All, with the digest of the content and that of as many first bytes as the file had before.
    Growing,
}

/// Takes everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Everything;

impl Selection for Everything {
    fn take(&self, _: &Path, _: EntryKind) -> Take {
        Take::Content
    }
}
