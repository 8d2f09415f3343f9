use std::ops::{ControlFlow, Range};

use super::{Key, Kind, ObjectMeta, ObjectStore, Put, StoreError};
use crate::format::Id;

/// A store that objects can be put into and read from, and nothing else: what a host needs that may be taken over.
///
/// Nothing removes an object, so locks are not kept. That nothing can be pruned here is known to the compiler, whatever
/// the store within could do:
///
/// ```compile_fail,E0277
/// use wardkit_backup::store::{Memory, PrunableStore, PutOnly};
///
/// fn prune(store: &impl PrunableStore) {}
///
/// prune(&PutOnly::new(Memory::new()));
/// ```
///
/// ```
/// use wardkit_backup::store::{Memory, PrunableStore};
///
/// fn prune(store: &impl PrunableStore) {}
///
/// prune(&Memory::new());
/// ```
#[derive(Debug)]
pub struct PutOnly<S>(S);

impl<S: ObjectStore> PutOnly<S> {
    /// Takes everything but putting and reading away.
    #[must_use]
    pub const fn new(store: S) -> Self {
        Self(store)
    }
}

impl<S: ObjectStore> ObjectStore for PutOnly<S> {
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, StoreError> {
        if key.kind() == Kind::Lock {
            return Err(StoreError::NotAllowed { what: "keep locks" });
        }
        self.0.put(key, body)
    }

    fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Vec<u8>, StoreError> {
        self.0.get(key, range)
    }

    fn stat(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        self.0.stat(key)
    }

    fn list(
        &self,
        kind: Kind,
        found: &mut dyn FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.0.list(kind, found)
    }

    fn remove_lock(&self, _: &Id) -> Result<(), StoreError> {
        Err(StoreError::NotAllowed { what: "remove locks" })
    }

    fn keeps_locks(&self) -> bool {
        false
    }
}
