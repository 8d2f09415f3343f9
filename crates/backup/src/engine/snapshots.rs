use std::sync::{Mutex, PoisonError};

use crate::format::{Id, Snapshot};
use crate::store::{Key, Kind};

use super::role::{Adds, Role};
use super::{Error, Pruner, Repository, objects, parallel};

/// The snapshots of a repository.
#[derive(Debug, Default)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "a snapshot can be read, or not")]
pub struct SnapshotList {
    /// Those that can be read, the oldest first.
    pub snapshots: Vec<(Id, Snapshot)>,
    /// Those that cannot.
    pub damaged: Vec<Damaged>,
}

/// An object that is damaged.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "it has a name, and there is a reason")]
pub struct Damaged {
    /// The object.
    pub key: Key,
    /// Why it cannot be read.
    pub error: Error,
}

impl<R: Role> Repository<R> {
    /// Reads all snapshots. Damaged ones are told, and not passed over in silence.
    ///
    /// # Errors
    ///
    /// When the store cannot list or read them.
    pub fn snapshots(&self) -> Result<SnapshotList, Error> {
        let files = objects::list(self.store(), Kind::Snapshot)?;
        let list = Mutex::new(SnapshotList::default());
        parallel::for_each(self.options().threads, &files, |(id, size)| {
            let read = self.load_snapshot_listed(id, *size);
            let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
            match read {
                Ok(snapshot) => list.snapshots.push((*id, snapshot)),
                // Another program forgot it meanwhile.
                Err(Error::Store(error)) if error.is_not_found() => {}
                Err(error) if error.is_damage() => {
                    list.damaged.push(Damaged { key: Key::Named(Kind::Snapshot, *id), error });
                }
                Err(error) => return Err(error),
            }
            Ok(())
        })?;
        let mut list = list.into_inner().unwrap_or_else(PoisonError::into_inner);
        list.snapshots.sort_by_key(|(id, snapshot)| (snapshot.time.timestamp(), *id));
        list.damaged.sort_by_key(|damaged| damaged.key);
        Ok(list)
    }

    /// Reads one snapshot.
    ///
    /// # Errors
    ///
    /// When there is none of this id, or it is damaged.
    pub fn load_snapshot(&self, id: &Id) -> Result<Snapshot, Error> {
        let plaintext = self.inner.load_unpacked(Kind::Snapshot, id)?;
        decode(id, &plaintext)
    }

    fn load_snapshot_listed(&self, id: &Id, size: u64) -> Result<Snapshot, Error> {
        let plaintext = self.inner.load_listed(Kind::Snapshot, id, size)?;
        decode(id, &plaintext)
    }
}

impl<R: Adds> Repository<R> {
    /// Stores a snapshot. All that it names has to be in the index files by then.
    ///
    /// # Errors
    ///
    /// When it is not stored.
    pub fn save_snapshot(&self, snapshot: &Snapshot) -> Result<Id, Error> {
        self.inner.save_unpacked(Kind::Snapshot, snapshot.to_json())
    }
}

impl Repository<Pruner> {
    /// Removes a snapshot; what only it needed stays until the next prune.
    ///
    /// # Errors
    ///
    /// When it may still be there.
    pub fn forget_snapshot(&self, id: &Id) -> Result<(), Error> {
        Ok(self.role.store().delete(&Key::Named(Kind::Snapshot, *id))?)
    }
}

fn decode(id: &Id, plaintext: &[u8]) -> Result<Snapshot, Error> {
    let key = Key::Named(Kind::Snapshot, *id);
    Snapshot::from_json(plaintext).map_err(|source| Error::Malformed { key, source })
}
