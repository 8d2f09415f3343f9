use std::path::Path;

use crate::format::Id;
use crate::store::Key;

use super::LockHolder;

/// Sees what an operation does, and may end it. Called from all of its threads, often: it must not block.
pub trait Observer: Send + Sync {
    /// Takes notice of an event.
    fn event(&self, event: &Event<'_>);

    /// Whether the operation is to end as soon as it can. Asked at least once for each object and each part of a file.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// What an operation tells while it runs.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Another part of the work begins; what was found and done counts from zero.
    Stage(Stage),
    /// There is this much more to do.
    Found {
        /// Files, or objects.
        files: u64,
        /// Bytes.
        bytes: u64,
    },
    /// This much more is done.
    Done {
        /// Files, or objects.
        files: u64,
        /// Bytes.
        bytes: u64,
    },
    /// Work on this path begins.
    Path(&'a Path),
    /// Something is not as it should be, and the work goes on.
    Warning {
        /// Where, if it has to do with a path.
        path: Option<&'a Path>,
        /// What.
        text: &'a str,
    },
    /// An object is damaged, and was passed over.
    Damaged {
        /// The object.
        key: Key,
        /// Why.
        error: &'a super::Error,
    },
    /// The lock of a process that is proven dead was removed.
    LockRemoved {
        /// The lock.
        id: Id,
        /// Who held it.
        holder: &'a LockHolder,
    },
    /// Another's lock stands in the way, and the operation waits for it.
    LockWaited {
        /// Who holds it.
        holder: &'a LockHolder,
    },
}

/// A part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The index is read.
    Index,
    /// Files are read and stored.
    Backup,
    /// Files are written.
    Restore,
    /// What the index and the snapshots say is checked.
    CheckStructure,
    /// Packs are read and checked.
    CheckData,
    /// What the snapshots need is looked for.
    Usage,
    /// Blobs that are needed are packed anew, or copied.
    Repack,
    /// Objects are removed.
    Remove,
}

/// Takes no notice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _event: &Event<'_>) {}
}
