use std::sync::{Mutex, PoisonError};

use crate::engine::index::IndexRewriter;
use crate::engine::pack_writer::PackWriter;
use crate::engine::{
    Error, Event, Index, IndexedBlob, LockGuard, Observer, Pruner, Repository, Stage, Usage,
    parallel,
};
use crate::format::{Id, IndexPack};
use crate::store::{Key, Kind};

use super::plan::{Fate, Plan};

impl Repository<Pruner> {
    /// New packs, then the new index, then the old index goes, then packs: whoever breaks off in between leaves packs
    /// that no index names, or blobs that are in two, and never a blob that is in none.
    pub(super) fn apply(
        &self,
        plan: &Plan,
        index: &Index,
        usage: &Usage<'_>,
        (lock, observer): (&LockGuard, &dyn Observer),
    ) -> Result<(), Error> {
        if !plan.changes_index() {
            return Ok(());
        }
        let repacked = self.repack(plan, index, usage, observer)?;
        lock.check()?;
        self.write_index(plan, index, repacked)?;
        lock.check()?;
        observer.event(&Event::Stage(Stage::Remove));
        let old = index.files().iter().map(|file| Key::Named(Kind::Index, *file));
        self.remove_all(&old.collect::<Vec<_>>(), observer)?;
        let packs = plan.packs_to_remove().into_iter().map(|pack| Key::Named(Kind::Pack, pack));
        lock.check()?;
        self.remove_all(&packs.collect::<Vec<_>>(), observer)
    }

    /// Packs anew what is needed of packs that are unneeded for the most part. Each blob is proven by its hash before.
    fn repack(
        &self,
        plan: &Plan,
        index: &Index,
        usage: &Usage<'_>,
        observer: &dyn Observer,
    ) -> Result<Vec<IndexPack>, Error> {
        let by_pack = index.by_pack();
        let packs: Vec<(Id, Vec<IndexedBlob>)> = by_pack
            .iter()
            .filter(|(pack, _)| plan.fates.get(pack) == Some(&Fate::Repack))
            .map(|(pack, mut blobs)| {
                blobs.retain(|place| plan.is_needed_copy(index, usage, place));
                (pack, blobs)
            })
            .collect();
        observer.event(&Event::Stage(Stage::Repack));
        observer.event(&Event::Found { files: packs.len() as u64, bytes: 0 });
        let writer = PackWriter::new(&self.inner);
        let stored = Mutex::new(Vec::new());
        parallel::for_each(self.options().threads, &packs, |(_, blobs)| {
            let mut opener = self.blob_opener()?;
            for IndexedBlob { pack, blob, .. } in blobs {
                if observer.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                let from = u64::from(blob.offset);
                let range = from..from + u64::from(blob.length);
                let sealed = self.store().get(&Key::Named(Kind::Pack, *pack), Some(range))?;
                opener.open(pack, blob, &sealed)?;
                let full = writer.add(blob, &sealed)?;
                stored.lock().unwrap_or_else(PoisonError::into_inner).extend(full);
            }
            observer.event(&Event::Done { files: 1, bytes: 0 });
            Ok(())
        })?;
        let mut stored = stored.into_inner().unwrap_or_else(PoisonError::into_inner);
        stored.extend(writer.finish()?);
        Ok(stored)
    }

    fn write_index(&self, plan: &Plan, index: &Index, new: Vec<IndexPack>) -> Result<(), Error> {
        let mut files = IndexRewriter::new(&self.inner);
        for pack in new {
            files.add(pack)?;
        }
        let mut indexed = Vec::new();
        for (id, blobs) in index.by_pack().iter() {
            indexed.push(id);
            let pack = IndexPack { id, blobs: blobs.iter().map(|place| place.blob).collect() };
            match plan.fates.get(&id) {
                Some(Fate::Keep | Fate::Recover) => files.add(pack)?,
                Some(Fate::Mark { since, .. }) => files.add_marked(pack, *since)?,
                Some(Fate::Repack) => {
                    if let Some(since) = plan.mark_of_repacked() {
                        files.add_marked(pack, since)?;
                    }
                }
                Some(Fate::Remove | Fate::Gone) | None => {}
            }
        }
        indexed.sort_unstable();
        for (id, fate) in &plan.fates {
            if let (Fate::Mark { since, .. }, Err(_)) = (fate, indexed.binary_search(id)) {
                files.add_marked(IndexPack { id: *id, blobs: Vec::new() }, *since)?;
            }
        }
        files.finish(index.files()).map(drop)
    }

    pub(crate) fn remove_all(&self, keys: &[Key], observer: &dyn Observer) -> Result<(), Error> {
        observer.event(&Event::Found { files: keys.len() as u64, bytes: 0 });
        parallel::for_each(self.options().threads, keys, |key| {
            self.role.store().delete(key)?;
            observer.event(&Event::Done { files: 1, bytes: 0 });
            Ok(())
        })
    }
}
