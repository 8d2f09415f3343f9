//! Copies of the repository in other places. Blocks for as long as it takes.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use wardkit_backup::engine::{LockKind, Observer as _, Reader, Repository};
use wardkit_backup::format::Id;
use wardkit_backup::store::{
    Key, Kind, ObjectMeta, ObjectStore, Proof, PrunableStore, Put, PutOnly, ReplicateOptions,
    Replicated, StoreError, replicate,
};

use super::place::{open, open_replica};
use super::{Kept, Progress};
use crate::config::{BackupConfig, CopyProof, ReplicaConfig};
use crate::reload::error_chain;

/// What became of each replica that was behind: its name, and what was copied.
pub(crate) type Copies = Vec<(String, Result<Replicated, String>)>;

/// Brings the replicas that are behind up to date, one after the other. One that cannot be reached keeps none of the
/// others from it.
pub(crate) fn copy(
    config: &BackupConfig,
    kept: &Kept,
    progress: &Progress,
) -> Result<Copies, String> {
    let home: Repository<Reader> = open(config)?;
    // Whoever prunes meanwhile would take away what is being copied.
    let _lock = home.lock(LockKind::Shared, progress).map_err(|error| error_chain(&error))?;
    let behind = config.replica.iter().filter(|replica| kept.is_behind(&replica.name));
    let copied = behind
        .map(|replica| (replica.name.clone(), copy_to(replica, home.store(), kept, progress)));
    Ok(copied.collect())
}

fn copy_to(
    replica: &ReplicaConfig,
    home: &dyn ObjectStore,
    kept: &Kept,
    progress: &Progress,
) -> Result<Replicated, String> {
    let was_there = kept.replicas.get(&replica.name).is_some_and(|known| known.holds.is_some());
    let store = open_replica(replica, home, was_there)?;
    let mut options = ReplicateOptions::default();
    options.proof = match replica.proof {
        CopyProof::Content => Proof::Content,
        CopyProof::Size => Proof::Size,
    };
    let target = UntilOver { store, progress };
    replicate(home, &target, options, &|_| ()).map_err(|error| error_chain(&error))
}

/// A target that takes nothing more once the work is broken off.
struct UntilOver<'p> {
    store: PutOnly<Arc<dyn PrunableStore>>,
    progress: &'p Progress,
}

impl ObjectStore for UntilOver<'_> {
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, StoreError> {
        if self.progress.is_cancelled() {
            return Err(StoreError::NotAllowed { what: "go on: it was broken off" });
        }
        self.store.put(key, body)
    }

    fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Vec<u8>, StoreError> {
        self.store.get(key, range)
    }

    fn stat(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        self.store.stat(key)
    }

    fn list(
        &self,
        kind: Kind,
        found: &mut dyn FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.store.list(kind, found)
    }

    fn remove_lock(&self, id: &Id) -> Result<(), StoreError> {
        self.store.remove_lock(id)
    }

    fn keeps_locks(&self) -> bool {
        self.store.keeps_locks()
    }
}
