use crate::engine::Error;
use crate::format::{BlobKind, Id};
use crate::store::Key;

/// Something that a check found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// An object is not what its name says, or cannot be understood.
    #[error("`{key}` is damaged")]
    Object {
        /// The object.
        key: Key,
        /// Why.
        source: Error,
    },
    /// An object is there and cannot be read.
    #[error("`{key}` cannot be read")]
    Unreadable {
        /// The object.
        key: Key,
        /// Why.
        source: Error,
    },
    /// The configuration is another one than when the repository was opened.
    #[error("the configuration was changed since the repository was opened")]
    ConfigChanged,
    /// There is no index, and there are snapshots or packs.
    #[error("there is no index")]
    NoIndex,
    /// The index names a pack that is not there.
    #[error("pack {} is missing, with {blobs} blobs", pack.to_short())]
    PackMissing {
        /// The pack.
        pack: Id,
        /// How many blobs it had.
        blobs: usize,
    },
    /// A pack is longer or shorter than what the index says is in it.
    #[error("pack {} has {found} bytes, and is to have {expected}", pack.to_short())]
    PackSize {
        /// The pack.
        pack: Id,
        /// What its blobs and its header add up to.
        expected: u64,
        /// What it has.
        found: u64,
    },
    /// A pack does not have its name as hash.
    #[error("pack {} is damaged: its bytes do not have its name as hash", pack.to_short())]
    PackAltered {
        /// The pack.
        pack: Id,
    },
    /// The header of a pack cannot be read.
    #[error("the header of pack {} is damaged", pack.to_short())]
    PackHeader {
        /// The pack.
        pack: Id,
        /// Why.
        source: crate::format::FormatError,
    },
    /// The header of a pack does not say what the index says.
    #[error("the header of pack {} and the index contradict each other", pack.to_short())]
    PackContradiction {
        /// The pack.
        pack: Id,
    },
    /// A blob in a pack is not what its id says.
    #[error("pack {} has a damaged blob", pack.to_short())]
    Blob {
        /// The pack.
        pack: Id,
        /// Which, and why.
        source: Error,
    },
    /// A tree is missing or damaged.
    #[error("tree {} is missing or damaged", id.to_short())]
    Tree {
        /// The tree.
        id: Id,
        /// Why.
        source: Error,
    },
    /// A file or directory needs a blob that no index knows.
    #[error("`{name}` in tree {} needs {kind} blob {}, which is missing", tree.to_short(), id.to_short())]
    BlobMissing {
        /// The tree that has the entry.
        tree: Id,
        /// The name of the entry, quoted where it is no plain text.
        name: String,
        /// What is missing.
        kind: BlobKind,
        /// Which.
        id: Id,
    },
    /// What a tree says of an entry contradicts itself.
    #[error("`{name}` in tree {}: its {what} contradict each other", tree.to_short())]
    Entry {
        /// The tree that has the entry.
        tree: Id,
        /// The name of the entry, quoted where it is no plain text.
        name: String,
        /// What.
        what: &'static str,
    },
    /// A pack is in no index, as after a run that was interrupted, and was not read. A repair of the index takes it in if
    /// it is whole; a prune removes it if nobody needs it.
    #[error("pack {} is in no index, and is not read", pack.to_short())]
    PackUnused {
        /// The pack.
        pack: Id,
    },
    /// A pack that is marked for removal is gone already.
    #[error("pack {} was to be removed, and is gone", pack.to_short())]
    PackGone {
        /// The pack.
        pack: Id,
    },
    /// Blobs are in several packs, which costs room and nothing else.
    #[error("{blobs} blobs with {bytes} bytes are in several packs")]
    Duplicates {
        /// How many.
        blobs: u64,
        /// What it costs.
        bytes: u64,
    },
}

/// What a finding means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever asks must answer each")]
pub enum Severity {
    /// Worth knowing; nothing is lost.
    Note,
    /// Nobody can say: the store did not give it.
    Unreadable,
    /// Something is lost, or was altered.
    Damage,
}

impl Finding {
    /// What it means.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::PackUnused { .. } | Self::PackGone { .. } | Self::Duplicates { .. } => {
                Severity::Note
            }
            Self::Unreadable { .. } => Severity::Unreadable,
            _ => Severity::Damage,
        }
    }

    /// What an error with an object means.
    pub(super) fn of(key: Key, source: Error) -> Self {
        if source.is_damage() {
            Self::Object { key, source }
        } else {
            Self::Unreadable { key, source }
        }
    }
}
