use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::format::{BlobKind, Id, IndexFile, IndexPack, PackedBlob};
use crate::store::Kind;

use super::role::Adds;
use super::{Error, Index, Repository};

/// Which blobs need not be stored: those in the index, and those that a thread of this run already stores.
#[derive(Debug)]
pub struct KnownBlobs {
    index: Arc<Index>,
    claimed: Vec<Mutex<HashSet<(BlobKind, Id)>>>,
}

/// Who stores a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "somebody does, or the caller has to")]
pub enum Claim {
    /// It is stored, or another thread stores it before this run writes its snapshot.
    Known,
    /// The caller has to store it; everybody else is told that it is known.
    Mine,
}

/// Collects what is in new packs, and stores it as files of the index: whenever one is full or old enough, and at the
/// end. Whatever a run that breaks off has stored by then, the next one need not store again.
pub struct IndexWriter<'r, R> {
    repository: &'r Repository<R>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    packs: Vec<IndexPack>,
    blobs: usize,
    since: Option<Duration>,
}

impl KnownBlobs {
    /// Begins with what the index knows.
    #[must_use]
    pub fn new(index: Arc<Index>) -> Self {
        Self { index, claimed: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }

    /// The index that it began with.
    #[must_use]
    pub const fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// Whether a blob is stored or claimed.
    #[must_use]
    pub fn contains(&self, kind: BlobKind, id: &Id) -> bool {
        self.index.contains(kind, id) || self.shard(id).contains(&(kind, *id))
    }

    /// Claims a blob for the caller, unless it is known.
    pub fn claim(&self, kind: BlobKind, id: &Id) -> Claim {
        if !self.index.contains(kind, id) && self.shard(id).insert((kind, *id)) {
            Claim::Mine
        } else {
            Claim::Known
        }
    }

    /// Many small locks, so that threads seldom meet.
    fn shard(&self, id: &Id) -> MutexGuard<'_, HashSet<(BlobKind, Id)>> {
        let shard = usize::from(id.as_bytes()[0]) % SHARDS;
        self.claimed[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'r, R: Adds> IndexWriter<'r, R> {
    /// Begins with nothing.
    #[must_use]
    pub fn new(repository: &'r Repository<R>) -> Self {
        Self { repository, open: Mutex::default() }
    }

    /// Takes a pack that is stored. Threads call it while others do.
    ///
    /// # Errors
    ///
    /// When a file of the index was due, and could not be stored. It must not be called before the pack is durable.
    pub fn add(&self, pack: Id, blobs: Vec<PackedBlob>) -> Result<(), Error> {
        let now = self.repository.clock().uptime();
        let due = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            let since = *open.since.get_or_insert(now);
            open.blobs += blobs.len();
            open.packs.push(IndexPack { id: pack, blobs });
            let due = open.blobs >= FULL || now.saturating_sub(since) >= OLD;
            due.then(|| std::mem::take(&mut *open))
        };
        due.map_or(Ok(()), |open| self.store(open.packs))
    }

    /// Stores what is left. A snapshot may be written only after this.
    ///
    /// # Errors
    ///
    /// When it cannot be stored.
    pub fn finish(&self) -> Result<(), Error> {
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        if open.packs.is_empty() { Ok(()) } else { self.store(open.packs) }
    }

    fn store(&self, packs: Vec<IndexPack>) -> Result<(), Error> {
        let file = IndexFile { packs, ..IndexFile::default() };
        self.repository.inner.save_unpacked(Kind::Index, file.to_json()).map(drop)
    }
}

impl<R> std::fmt::Debug for IndexWriter<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let blobs = self.open.lock().unwrap_or_else(PoisonError::into_inner).blobs;
        f.debug_struct("IndexWriter").field("blobs", &blobs).finish_non_exhaustive()
    }
}

const SHARDS: usize = 64;
/// As restic: a file of some eight megabytes.
const FULL: usize = 50_000;
/// What a run that is interrupted has to store again at most.
const OLD: Duration = Duration::from_mins(1);
