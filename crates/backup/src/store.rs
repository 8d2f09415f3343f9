//! Where the objects of a repository lie.

use std::fmt;
use std::ops::{ControlFlow, Range};

use crate::format::Id;

mod error;

pub use error::StoreError;

/// What an object is; the folder that it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The one configuration.
    Config,
    /// A key, which a password opens.
    Key,
    /// A lock of a running program.
    Lock,
    /// A snapshot.
    Snapshot,
    /// A part of the index.
    Index,
    /// A pack of blobs.
    Pack,
}

/// The name of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// The configuration, of which there is one.
    Config,
    /// Any other object, by the SHA-256 of its bytes.
    Named(Kind, Id),
}

/// An object that was listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Its name.
    pub key: Key,
    /// Its length in bytes.
    pub size: u64,
}

/// What became of an object that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is stored, and durable.
    Stored,
    /// An object of this name was there, durable, and stays as it is.
    AlreadyThere,
}

/// Where objects lie. Implementations are called from several threads at once.
///
/// An object is written once and never changed. What [`put`](Self::put) acknowledged survives the loss of power.
pub trait ObjectStore: Send + Sync {
    /// Stores an object under a name that is free. The backup's threads call it, once for each object; after an error
    /// nobody sees a part of the object under its name.
    ///
    /// # Errors
    ///
    /// When the object is not durable.
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, StoreError>;

    /// Reads an object, or the bytes of it in `range`. Fewer bytes than the range asks for are an error.
    ///
    /// # Errors
    ///
    /// When there is none ([`StoreError::is_not_found`]) or it cannot be read.
    fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Vec<u8>, StoreError>;

    /// The size of an object, if there is one.
    ///
    /// # Errors
    ///
    /// When the store cannot tell.
    fn stat(&self, key: &Key) -> Result<Option<u64>, StoreError>;

    /// Tells all objects of a kind, in no order, each once, until `found` breaks off.
    ///
    /// # Errors
    ///
    /// When the list is not whole.
    fn list(
        &self,
        kind: Kind,
        found: &mut dyn FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;

    /// Removes a lock; one that is gone is no error.
    ///
    /// # Errors
    ///
    /// When it may still be there.
    fn remove_lock(&self, id: &Id) -> Result<(), StoreError>;

    /// Whether locks can be written and removed here; where only putting is allowed, they cannot.
    fn keeps_locks(&self) -> bool {
        true
    }
}

/// A store that objects can be removed from: what `prune`, `forget` and removal of keys need, and nothing else has.
pub trait PrunableStore: ObjectStore {
    /// Removes an object; one that is gone is no error.
    ///
    /// # Errors
    ///
    /// When it may still be there.
    fn delete(&self, key: &Key) -> Result<(), StoreError>;
}

impl Kind {
    /// All kinds, in the order of restic's own listing.
    pub const ALL: [Self; 6] =
        [Self::Config, Self::Key, Self::Lock, Self::Snapshot, Self::Index, Self::Pack];

    /// The name of the folder.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Key => "keys",
            Self::Lock => "locks",
            Self::Snapshot => "snapshots",
            Self::Index => "index",
            Self::Pack => "data",
        }
    }
}

impl Key {
    /// What it names.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Config => Kind::Config,
            Self::Named(kind, _) => *kind,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config => f.write_str("config"),
            Self::Named(kind, id) => write!(f, "{}/{id}", kind.folder()),
        }
    }
}
