use std::fmt;
use std::sync::Arc;

use crate::store::{ObjectStore, PrunableStore};

/// Reads: restore, check, lists. It writes nothing but locks.
#[derive(Clone, Copy, Debug)]
pub struct Reader(());

/// Adds: backups and keys. It cannot remove anything but its own lock.
#[derive(Clone, Copy, Debug)]
pub struct Writer(());

/// Removes: snapshots that are forgotten, packs that nobody needs, keys.
#[derive(Clone)]
pub struct Pruner(Arc<dyn PrunableStore>);

/// What the holder of a [`Repository`](super::Repository) may do. There are three: [`Reader`], [`Writer`], [`Pruner`].
pub trait Role: sealed::Sealed + Send + Sync + Sized {
    /// The least store that this role works on.
    type Store: ObjectStore + ?Sized;

    #[doc(hidden)]
    fn take(store: Arc<Self::Store>) -> (Self, Arc<dyn ObjectStore>);
}

/// Who may add objects: [`Writer`] and [`Pruner`].
pub trait Adds: Role {}

impl Pruner {
    pub(crate) fn store(&self) -> &dyn PrunableStore {
        &*self.0
    }
}

impl fmt::Debug for Pruner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pruner")
    }
}

impl Role for Reader {
    type Store = dyn ObjectStore;

    fn take(store: Arc<Self::Store>) -> (Self, Arc<dyn ObjectStore>) {
        (Self(()), store)
    }
}

impl Role for Writer {
    type Store = dyn ObjectStore;

    fn take(store: Arc<Self::Store>) -> (Self, Arc<dyn ObjectStore>) {
        (Self(()), store)
    }
}

impl Role for Pruner {
    type Store = dyn PrunableStore;

    fn take(store: Arc<Self::Store>) -> (Self, Arc<dyn ObjectStore>) {
        (Self(Arc::clone(&store)), store)
    }
}

impl Adds for Writer {}
impl Adds for Pruner {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Reader {}
    impl Sealed for super::Writer {}
    impl Sealed for super::Pruner {}
}
