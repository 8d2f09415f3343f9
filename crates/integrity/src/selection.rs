//! What a scan takes of a path.

use std::fmt;
use std::path::{Path, PathBuf};

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

/// Takes what another selection says, and nothing of some directories and what lies below them: for where a baseline
/// itself is kept.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    selection: &'a dyn Selection,
    excluded: &'a [PathBuf],
}

impl<'a> Outside<'a> {
    /// Puts a selection and what it does not reach together.
    #[must_use]
    pub fn new(selection: &'a dyn Selection, excluded: &'a [PathBuf]) -> Self {
        Self { selection, excluded }
    }
}

impl Selection for Outside<'_> {
    fn take(&self, path: &Path, kind: EntryKind) -> Take {
        if is_below_any(path, self.excluded) { Take::Skip } else { self.selection.take(path, kind) }
    }
}

impl fmt::Debug for Outside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("excluded", &self.excluded).finish_non_exhaustive()
    }
}

/// Tells whether a path is one of these or lies below one.
pub(crate) fn is_below_any(path: &Path, roots: &[PathBuf]) -> bool {
    roots.iter().any(|root| path.starts_with(root))
}
