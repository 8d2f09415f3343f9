use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    Key, Kind, ObjectMeta, ObjectStore, PrunableStore, Put, StoreError, already_there, within,
};
use crate::format::Id;

/// Objects in memory: for tests and examples.
///
/// ```
/// use wardkit_backup::store::{Key, Memory, ObjectStore, Put};
///
/// let store = Memory::new();
/// assert_eq!(store.put(&Key::Config, b"{}")?, Put::Stored);
/// assert_eq!(store.get(&Key::Config, None)?, b"{}");
/// # Ok::<(), wardkit_backup::store::StoreError>(())
/// ```
#[derive(Debug, Default)]
pub struct Memory {
    objects: Mutex<Objects>,
}

/// Shared, so that a copy of a whole repository costs little: tests make thousands.
type Objects = BTreeMap<Key, Arc<[u8]>>;

impl Memory {
    /// Creates an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store of its own with the same objects.
    #[must_use]
    pub fn to_copy(&self) -> Self {
        Self { objects: Mutex::new(self.objects().clone()) }
    }

    /// The names of all objects, sorted.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        self.objects().keys().copied().collect()
    }

    /// The bytes of all objects together.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.objects().values().map(|body| body.len() as u64).sum()
    }

    /// Puts these bytes under the name, whatever is there: how a test damages an object.
    pub fn overwrite(&self, key: Key, body: &[u8]) {
        self.objects().insert(key, body.into());
    }

    /// What is behind a poisoned lock is whole: every change is one call of the map.
    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ObjectStore for Memory {
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, StoreError> {
        let mut objects = self.objects();
        if let Some(there) = objects.get(key) {
            return already_there(key, there.len() as u64, body);
        }
        objects.insert(*key, body.into());
        Ok(Put::Stored)
    }

    fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Vec<u8>, StoreError> {
        let object = self.objects().get(key).cloned();
        let object = object.ok_or(StoreError::NotFound { key: *key })?;
        let range = within(key, range, object.len() as u64)?;
        // It lies within the object's length, which is a usize.
        #[expect(clippy::cast_possible_truncation, reason = "checked against the length")]
        Ok(object[range.start as usize..range.end as usize].to_vec())
    }

    fn stat(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        Ok(self.objects().get(key).map(|object| object.len() as u64))
    }

    fn list(
        &self,
        kind: Kind,
        found: &mut dyn FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        // `found` may use the store itself: the lock is let go before.
        let objects: Vec<_> = self
            .objects()
            .iter()
            .filter(|(key, _)| key.kind() == kind)
            .map(|(key, body)| ObjectMeta { key: *key, size: body.len() as u64 })
            .collect();
        for object in objects {
            if found(object).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn remove_lock(&self, id: &Id) -> Result<(), StoreError> {
        self.delete(&Key::Named(Kind::Lock, *id))
    }
}

impl PrunableStore for Memory {
    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.objects().remove(key);
        Ok(())
    }
}
