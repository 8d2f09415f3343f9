use std::collections::HashMap;

use wardkit_core::Timestamp;

use crate::engine::{Error, Index, IndexedBlob, Pruner, Quality, Repository, Usage, objects};
use crate::format::{BlobKind, Id};
use crate::store::Kind;

use super::{PruneOptions, PruneReport, Seen};

/// What becomes of each pack.
pub(super) struct Plan {
    pub(super) fates: HashMap<Id, Fate>,
    sizes: HashMap<Id, u64>,
    needed: u64,
    now: Timestamp,
    is_graceful: bool,
}

/// What becomes of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Keep,
    /// It was marked, and is needed again: the mark is taken away.
    Recover,
    /// What is needed of it is packed anew; after that it is as one that nobody needs.
    Repack,
    /// Nobody has needed it since then; it was marked already, or is now.
    Mark {
        since: Timestamp,
        is_new: bool,
    },
    Remove,
    /// An index names it, and it is not there.
    Gone,
}

impl Plan {
    pub(super) fn new(
        repository: &Repository<Pruner>,
        index: &Index,
        usage: &Usage<'_>,
        options: &PruneOptions,
    ) -> Result<Self, Error> {
        let sizes = objects::list(repository.store(), Kind::Pack)?.into_iter().collect();
        let now = repository.clock().now();
        let is_graceful = !options.grace.is_zero();
        let mut plan = Self { fates: HashMap::new(), sizes, needed: 0, now, is_graceful };
        plan.find_all_needed(index, usage)?;
        for (pack, blobs) in index.by_pack().iter() {
            let needed = blobs.iter().filter(|place| plan.is_needed_copy(index, usage, place));
            let needed = bytes(needed);
            let unneeded = bytes(blobs.iter()) - needed;
            plan.needed += needed;
            let is_marked = blobs.iter().all(|place| place.quality == Quality::Marked);
            let since = index.marks().get(&pack).copied().filter(|_| is_marked);
            let fate = plan.fate(pack, (needed, unneeded), (is_marked, since), options);
            plan.fates.insert(pack, fate);
        }
        let strangers: Vec<Id> =
            plan.sizes.keys().filter(|pack| !plan.fates.contains_key(pack)).copied().collect();
        for pack in strangers {
            let since = index.marks().get(&pack).copied();
            let fate = plan.fate(pack, (0, 0), (since.is_some(), since), options);
            plan.fates.insert(pack, fate);
        }
        Ok(plan)
    }

    /// Whether the index has to be written anew.
    pub(super) fn changes_index(&self) -> bool {
        self.fates.values().any(|fate| match fate {
            Fate::Keep | Fate::Mark { is_new: false, .. } => false,
            Fate::Recover
            | Fate::Repack
            | Fate::Mark { is_new: true, .. }
            | Fate::Remove
            | Fate::Gone => true,
        })
    }

    /// Since when a pack that was packed anew is unneeded; none when it is removed at once.
    pub(super) fn mark_of_repacked(&self) -> Option<Timestamp> {
        self.is_graceful.then_some(self.now)
    }

    /// Whether a place is the one by which its blob is kept: another copy is not needed.
    pub(super) fn is_needed_copy(
        &self,
        index: &Index,
        usage: &Usage<'_>,
        place: &IndexedBlob,
    ) -> bool {
        let blob = &place.blob;
        usage.contains(blob.kind, &blob.id)
            && self.kept_copy(index, blob.kind, &blob.id).as_ref() == Some(place)
    }

    pub(super) fn packs_to_remove(&self) -> Vec<Id> {
        let removed = |fate: &Fate| match fate {
            Fate::Remove => true,
            Fate::Repack => !self.is_graceful,
            _ => false,
        };
        self.fates.iter().filter(|(_, fate)| removed(fate)).map(|(pack, _)| *pack).collect()
    }

    pub(super) fn report(&self, snapshots: usize) -> PruneReport {
        let seen = Seen { snapshots: snapshots as u64, bytes: self.needed };
        let mut report = PruneReport {
            seen,
            packs_kept: 0,
            packs_repacked: 0,
            packs_marked: 0,
            bytes_marked: 0,
            packs_removed: 0,
            bytes_removed: 0,
        };
        for (pack, fate) in &self.fates {
            let size = self.sizes.get(pack).copied().unwrap_or(0);
            report.packs_repacked += u64::from(*fate == Fate::Repack);
            match fate {
                Fate::Keep | Fate::Recover => report.packs_kept += 1,
                Fate::Gone => {}
                Fate::Repack if !self.is_graceful => report.remove(size),
                Fate::Remove => report.remove(size),
                Fate::Repack | Fate::Mark { .. } => {
                    report.packs_marked += 1;
                    report.bytes_marked += size;
                }
            }
        }
        report
    }

    /// Each blob that is needed must be in a pack that is there: if one is not, something is wrong, and nothing is
    /// removed.
    fn find_all_needed(&self, index: &Index, usage: &Usage<'_>) -> Result<(), Error> {
        for IndexedBlob { blob, .. } in index.blobs() {
            if usage.contains(blob.kind, &blob.id)
                && self.kept_copy(index, blob.kind, &blob.id).is_none()
            {
                return Err(Error::BlobMissing { kind: blob.kind, id: blob.id });
            }
        }
        Ok(())
    }

    fn kept_copy(&self, index: &Index, kind: BlobKind, id: &Id) -> Option<IndexedBlob> {
        index.find(kind, id).find(|place| {
            let end = u64::from(place.blob.offset) + u64::from(place.blob.length);
            self.sizes.get(&place.pack).is_some_and(|size| *size >= end)
        })
    }

    fn fate(
        &self,
        pack: Id,
        (needed, unneeded): (u64, u64),
        (is_marked, since): (bool, Option<Timestamp>),
        options: &PruneOptions,
    ) -> Fate {
        if !self.sizes.contains_key(&pack) {
            return Fate::Gone;
        }
        if needed > 0 {
            let much = (needed + unneeded) / 100 * u64::from(options.unused_percent);
            return match (unneeded > much, is_marked) {
                (true, _) => Fate::Repack,
                (false, true) => Fate::Recover,
                (false, false) => Fate::Keep,
            };
        }
        let marked_for = since.and_then(|since| self.now.duration_since(since));
        match (since, marked_for) {
            _ if !self.is_graceful => Fate::Remove,
            (Some(_), Some(marked_for)) if marked_for >= options.grace => Fate::Remove,
            (Some(since), Some(_)) => Fate::Mark { since, is_new: false },
            // The clock was set back: the time of grace begins again.
            _ => Fate::Mark { since: self.now, is_new: true },
        }
    }
}

impl PruneReport {
    fn remove(&mut self, bytes: u64) {
        self.packs_removed += 1;
        self.bytes_removed += bytes;
    }
}

/// The sealed bytes of blobs: each has fewer than 4 GiB, and there are fewer than 4 billion.
fn bytes<'b>(blobs: impl Iterator<Item = &'b IndexedBlob>) -> u64 {
    blobs.map(|place| u64::from(place.blob.length)).sum()
}
