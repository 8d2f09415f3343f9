use std::io;

use wardkit_core::Transient;

use crate::format::{BlobKind, FormatError, Id};
use crate::source::SourceError;
use crate::store::{Key, StoreError};

use super::LockHolder;

/// Why an operation on a repository failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store did not do what it was asked for.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// There is no configuration, and so no repository.
    #[error("there is no repository here")]
    NoRepository {
        /// What the store says.
        source: StoreError,
    },
    /// There is a repository, which is not made anew.
    #[error("there is a repository here already")]
    RepositoryThere,
    /// Keys are there and whole, and the password opens none.
    #[error("the password opens none of the {tried} keys")]
    WrongPassword {
        /// How many were tried.
        tried: usize,
    },
    /// No key is there that a password could be tried on.
    #[error("the repository has no whole key; {damaged} are damaged")]
    NoKey {
        /// How many are not whole.
        damaged: usize,
    },
    /// A password is needed, and this one is empty.
    #[error("the password is empty")]
    EmptyPassword,
    /// The key that the repository was opened with is to be removed.
    #[error("key {} is the one in use", id.to_short())]
    KeyInUse {
        /// The key.
        id: Id,
    },
    /// No key is left if this one is removed.
    #[error("key {} is the last one", id.to_short())]
    LastKey {
        /// The key.
        id: Id,
    },
    /// There is no such key.
    #[error("there is no key {}", id.to_short())]
    NoSuchKey {
        /// The key.
        id: Id,
    },
    /// Another holds a lock that excludes this operation.
    #[error("the repository is locked by {holder}")]
    Locked {
        /// Who.
        holder: Box<LockHolder>,
    },
    /// The own lock is gone, or too old for others to heed.
    #[error("the lock of this run could not be kept")]
    LockLost {
        /// Why it could not be written anew, if it was tried.
        source: Option<Box<Error>>,
    },
    /// The bytes of an object do not have the hash that is its name.
    #[error("`{key}` is damaged: its bytes do not have its name as hash")]
    Altered {
        /// The object.
        key: Key,
    },
    /// An object cannot be understood.
    #[error("`{key}` cannot be understood")]
    Malformed {
        /// The object.
        key: Key,
        /// Why.
        source: FormatError,
    },
    /// An object is longer than any that is written.
    #[error("`{key}` has {size} bytes, more than the {limit} that are taken")]
    TooLarge {
        /// The object.
        key: Key,
        /// How long it is.
        size: u64,
        /// How long it may be.
        limit: u64,
    },
    /// Other programs replace the index faster than it can be read.
    #[error("the index changes while it is read")]
    IndexChanges,
    /// A part of the index is damaged: nothing is removed while nobody knows what it names.
    #[error("nothing is removed: `{key}` is damaged, and nobody knows what it names")]
    IndexDamaged {
        /// The part.
        key: Key,
    },
    /// The index does not fit into the memory that it may take.
    #[error("the index needs at least {needed} bytes of memory, and may take {limit}")]
    IndexTooLarge {
        /// What it needs.
        needed: u64,
        /// What it may take.
        limit: u64,
    },
    /// No index knows the blob.
    #[error("{kind:?} blob {} is in no index", id.to_short())]
    BlobMissing {
        /// What it is.
        kind: BlobKind,
        /// Its id.
        id: Id,
    },
    /// The blob is not what its id says, in any pack that has it.
    #[error("{kind:?} blob {} in pack {} is damaged", id.to_short(), pack.to_short())]
    BlobDamaged {
        /// What it is.
        kind: BlobKind,
        /// Its id.
        id: Id,
        /// The pack that was read first.
        pack: Id,
        /// Why, if it could not even be decrypted or unpacked.
        source: Option<Box<FormatError>>,
    },
    /// A tree blob cannot be understood.
    #[error("tree {} cannot be understood", id.to_short())]
    MalformedTree {
        /// Its id.
        id: Id,
        /// Why.
        source: FormatError,
    },
    /// What is to be written cannot be.
    #[error("cannot write {what}")]
    Unwritable {
        /// What.
        what: &'static str,
        /// Why.
        source: FormatError,
    },
    /// A blob was not what it was made from when it was opened again before it was stored: the memory or the processor is
    /// at fault.
    #[error("{kind:?} blob {} cannot be opened again, and is not stored", id.to_short())]
    NotProven {
        /// What it is.
        kind: BlobKind,
        /// Its id.
        id: Id,
    },
    /// There is no such snapshot.
    #[error("there is no snapshot {}", id.to_short())]
    NoSuchSnapshot {
        /// The snapshot.
        id: Id,
    },
    /// What is to be backed up is not to be had.
    #[error("the source failed")]
    Source(#[from] SourceError),
    /// The system gave no random bytes.
    #[error("there are no random bytes")]
    Random(#[source] io::Error),
    /// The directory that is to be restored into cannot be used.
    #[error("cannot restore into `{}`", path.display())]
    Target {
        /// The directory.
        path: std::path::PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A thread could not be started.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// A thread ended by a panic.
    #[error("a thread broke off")]
    Panicked,
    /// What would be removed is more than is usual, or what is needed cannot be known.
    #[error("nothing is pruned: {reason}")]
    PruneRefused {
        /// Why.
        reason: String,
    },
    /// The observer ended the operation.
    #[error("cancelled")]
    Cancelled,
}

impl Error {
    /// Whether the repository itself is damaged, as opposed to: it cannot be reached, read or opened.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Altered { .. }
                | Self::Malformed { .. }
                | Self::MalformedTree { .. }
                | Self::TooLarge { .. }
                | Self::BlobMissing { .. }
                | Self::BlobDamaged { .. }
                | Self::NoKey { .. }
                | Self::IndexDamaged { .. }
                | Self::Store(StoreError::NotFound { .. } | StoreError::TooShort { .. })
        )
    }
}

impl Transient for Error {
    fn is_transient(&self) -> bool {
        match self {
            Self::Store(source) | Self::NoRepository { source } => source.is_transient(),
            Self::Locked { .. } | Self::IndexChanges => true,
            _ => false,
        }
    }
}
