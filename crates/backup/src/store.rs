//! Where the objects of a repository lie.

mod address;
mod error;
mod faulty;
#[cfg(any(feature = "rest", feature = "s3"))]
mod http;
mod local;
mod memory;
mod mirror;
mod put_only;
mod replicate;
#[cfg(feature = "rest")]
mod rest;
#[cfg(feature = "s3")]
mod s3;

use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use crate::format::Id;

pub use address::{Access, Address};
pub use error::StoreError;
pub use faulty::{Fault, Faulty, Operation};
#[cfg(any(feature = "rest", feature = "s3"))]
pub use http::HttpOptions;
pub use local::LocalDir;
pub use memory::Memory;
pub use mirror::{Lag, Mirror};
pub use put_only::PutOnly;
pub use replicate::{Proof, ReplicateOptions, Replicated, ReplicationProgress, replicate};
#[cfg(feature = "rest")]
pub use rest::{RestOptions, RestServer};
#[cfg(feature = "s3")]
pub use s3::{Retention, RetentionMode, S3, S3Credentials, S3Options, S3Style};

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
    /// When the object is not durable, and when another object than the configuration lies under its name with another
    /// length ([`StoreError::Different`]).
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

impl Key {
    /// The path below the repository's root, as restic lays out folders and buckets: packs are spread over 256 folders.
    #[must_use]
    pub fn to_path(&self) -> String {
        match self {
            Self::Named(Kind::Pack, id) => {
                let name = id.to_string();
                format!("data/{}/{name}", &name[..2])
            }
            other => other.to_string(),
        }
    }

    /// What lies at this path; nothing for a path that [`to_path`](Self::to_path) does not give.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        if path == Kind::Config.folder() {
            return Some(Self::Config);
        }
        let (folder, name) = path.split_once('/')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.folder() == folder)?;
        let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
        let key = Self::Named(kind, name.parse().ok()?);
        (kind != Kind::Config && key.to_path() == path).then_some(key)
    }
}

impl<S: ObjectStore + ?Sized> ObjectStore for Arc<S> {
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, StoreError> {
        (**self).put(key, body)
    }

    fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Vec<u8>, StoreError> {
        (**self).get(key, range)
    }

    fn stat(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        (**self).stat(key)
    }

    fn list(
        &self,
        kind: Kind,
        found: &mut dyn FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        (**self).list(kind, found)
    }

    fn remove_lock(&self, id: &Id) -> Result<(), StoreError> {
        (**self).remove_lock(id)
    }

    fn keeps_locks(&self) -> bool {
        (**self).keeps_locks()
    }
}

impl<S: PrunableStore + ?Sized> PrunableStore for Arc<S> {
    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        (**self).delete(key)
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

/// The place of a range within `size` bytes.
fn within(key: &Key, range: Option<Range<u64>>, size: u64) -> Result<Range<u64>, StoreError> {
    let range = range.unwrap_or(0..size);
    if range.end > size || range.start > range.end {
        return Err(StoreError::TooShort { key: *key, size, wanted: range.end.max(range.start) });
    }
    Ok(range)
}

/// Whether what lies under a name may be what was to be stored there. The configuration alone is not named after its
/// bytes: who creates a repository wants to know that there is one already.
fn already_there(key: &Key, size: u64, body: &[u8]) -> Result<Put, StoreError> {
    let is_same = *key == Key::Config || size == body.len() as u64;
    if is_same { Ok(Put::AlreadyThere) } else { Err(StoreError::Different { key: *key }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_at_its_path_and_nowhere_else() {
        let id = Id::of(b"");
        for kind in Kind::ALL {
            let key = if kind == Kind::Config { Key::Config } else { Key::Named(kind, id) };
            assert_eq!(Key::from_path(&key.to_path()), Some(key), "{kind:?}");
        }
        for wrong in [
            String::new(),
            format!("data/{id}"),
            format!("data/00/{id}"),
            format!("keys/e3/{id}"),
            format!("config/{id}"),
            format!("data/e3/{id}-tmp-17"),
            format!("data/e3/../e3/{id}"),
            format!("other/{id}"),
        ] {
            assert_eq!(Key::from_path(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_range_beyond_the_end_is_an_error() {
        let key = Key::Config;
        assert_eq!(within(&key, None, 5).expect("whole"), 0..5);
        assert_eq!(within(&key, Some(1..5), 5).expect("inside"), 1..5);
        #[expect(clippy::reversed_empty_ranges, reason = "what is to be refused")]
        for wrong in [0..6, 6..6, 4..2, u64::MAX..u64::MAX, 9..2] {
            let error = within(&key, Some(wrong.clone()), 5).expect_err("outside");
            assert!(matches!(error, StoreError::TooShort { size: 5, .. }), "{wrong:?}");
        }
    }
}
