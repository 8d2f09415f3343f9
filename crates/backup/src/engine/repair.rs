use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::format::{
    Id, IndexPack, PackedBlob, SEAL_OVERHEAD, open_pack_header, pack_header_length,
};
use crate::store::{Key, Kind};

use super::index::{IndexBuilder, IndexRewriter};
use super::{
    Damaged, Error, Event, Index, LockKind, Observer, Pruner, Quality, Repository, Stage, objects,
    parallel,
};

/// How an index is repaired.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RepairOptions {
    /// Reads the header of each pack, also of those that the index agrees with.
    pub read_all: bool,
    /// Only tells what would be done.
    pub dry_run: bool,
}

/// What a repair found.
#[derive(Debug, Default)]
#[must_use]
#[non_exhaustive]
pub struct RepairReport {
    /// Packs that the new index has, as the old one had them.
    pub packs_kept: u64,
    /// Packs that the new index has from their headers.
    pub packs_read: u64,
    /// Packs that the old index had, and that are not there.
    pub packs_missing: Vec<Id>,
    /// Files of the old index, and packs, that cannot be read. Packs are left alone; what was in them is not indexed.
    pub damaged: Vec<Damaged>,
}

/// What the new index is made of.
struct Found {
    kept: Vec<IndexPack>,
    read: Vec<IndexPack>,
}

impl Repository<Pruner> {
    /// Writes the index anew: of what the packs themselves say, where the old one is missing, damaged or wrong.
    ///
    /// # Errors
    ///
    /// When the store fails. The old index is removed only after the new one is stored.
    pub fn repair_index(
        &self,
        options: &RepairOptions,
        observer: &dyn Observer,
    ) -> Result<RepairReport, Error> {
        let lock = self.lock(LockKind::Exclusive, observer)?;
        let mut report = RepairReport::default();
        let (index, files) = self.load_index_that_is_whole(&mut report, observer)?;
        let packs = objects::list(self.store(), Kind::Pack)?;
        let found = self.find_packs(&index, &packs, options, (&mut report, observer))?;
        if !options.dry_run {
            lock.check()?;
            let mut new = IndexRewriter::new(&self.inner);
            for pack in found.kept.into_iter().chain(found.read) {
                match index.marks().get(&pack.id).filter(|_| is_marked(&index, &pack)) {
                    Some(since) => new.add_marked(pack, *since)?,
                    None => new.add(pack)?,
                }
            }
            new.finish(&files)?;
            lock.check()?;
            observer.event(&Event::Stage(Stage::Remove));
            let old: Vec<_> = files.iter().map(|file| Key::Named(Kind::Index, *file)).collect();
            self.remove_all(&old, observer)?;
        }
        lock.release()?;
        Ok(report)
    }

    /// What can be read of the index, and the names of all its files.
    fn load_index_that_is_whole(
        &self,
        report: &mut RepairReport,
        observer: &dyn Observer,
    ) -> Result<(Index, Vec<Id>), Error> {
        let mut builder = IndexBuilder::new(self.options().index_memory);
        let files = objects::list(self.store(), Kind::Index)?;
        for (id, size) in &files {
            match self.load_index_file(id, *size) {
                Ok(file) => builder.add(Some(*id), file)?,
                Err(error) if error.is_damage() => {
                    let key = Key::Named(Kind::Index, *id);
                    observer.event(&Event::Damaged { key, error: &error });
                    report.damaged.push(Damaged { key, error });
                }
                Err(error) => return Err(error),
            }
        }
        Ok((builder.finish(), files.into_iter().map(|(id, _)| id).collect()))
    }

    fn find_packs(
        &self,
        index: &Index,
        packs: &[(Id, u64)],
        options: &RepairOptions,
        (report, observer): (&mut RepairReport, &dyn Observer),
    ) -> Result<Found, Error> {
        let mut sizes: HashMap<Id, u64> = packs.iter().copied().collect();
        let mut kept = Vec::new();
        for (id, places) in index.by_pack().iter() {
            let blobs: Vec<_> = places.iter().map(|place| place.blob).collect();
            match sizes.get(&id) {
                None => report.packs_missing.push(id),
                Some(size) if !options.read_all && fills(&blobs, *size) => {
                    sizes.remove(&id);
                    kept.push(IndexPack { id, blobs });
                }
                Some(_) => {}
            }
        }
        let unsure: Vec<(Id, u64)> = sizes.into_iter().collect();
        observer.event(&Event::Stage(Stage::CheckData));
        observer.event(&Event::Found { files: unsure.len() as u64, bytes: 0 });
        let read = Mutex::new((Vec::new(), Vec::new()));
        parallel::for_each(self.options().threads, &unsure, |(id, size)| {
            if observer.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let key = Key::Named(Kind::Pack, *id);
            let blobs = self.read_header(*id, *size);
            let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
            match blobs {
                Ok(blobs) => read.0.push(IndexPack { id: *id, blobs }),
                Err(error) if error.is_damage() => {
                    observer.event(&Event::Damaged { key, error: &error });
                    read.1.push(Damaged { key, error });
                }
                Err(error) => return Err(error),
            }
            observer.event(&Event::Done { files: 1, bytes: 0 });
            Ok(())
        })?;
        let (read, damaged) = read.into_inner().unwrap_or_else(PoisonError::into_inner);
        report.damaged.extend(damaged);
        report.packs_kept = kept.len() as u64;
        report.packs_read = read.len() as u64;
        Ok(Found { kept, read })
    }

    fn read_header(&self, pack: Id, size: u64) -> Result<Vec<PackedBlob>, Error> {
        let key = Key::Named(Kind::Pack, pack);
        let malformed = |source| Error::Malformed { key, source };
        let end = size.saturating_sub(LENGTH);
        let mut last = [0; 4];
        let length = self.store().get(&key, Some(end..end + LENGTH))?;
        last.copy_from_slice(length.get(..4).ok_or(Error::Altered { key })?);
        let length = pack_header_length(last, size).map_err(malformed)?;
        let from = end.saturating_sub(length.into());
        let sealed = self.store().get(&key, Some(from..end))?;
        open_pack_header(self.master_key(), &sealed, size).map_err(malformed)
    }
}

/// Whether blobs, with the header that lists them, fill a pack of this size without a gap.
fn fills(blobs: &[PackedBlob], size: u64) -> bool {
    let mut end = 0;
    let mut header = SEAL_OVERHEAD as u64 + LENGTH;
    for blob in blobs {
        if u64::from(blob.offset) != end {
            return false;
        }
        end += u64::from(blob.length);
        header += if blob.uncompressed.is_some() { COMPRESSED_ENTRY } else { PLAIN_ENTRY };
    }
    end + header == size
}

fn is_marked(index: &Index, pack: &IndexPack) -> bool {
    pack.blobs.iter().all(|blob| {
        let mut places = index.find(blob.kind, &blob.id).filter(|place| place.pack == pack.id);
        places.all(|place| place.quality == Quality::Marked)
    })
}

/// The length of a header stands behind it.
const LENGTH: u64 = 4;
/// A blob in the header: its kind, length and id, and its own length if it is compressed.
const PLAIN_ENTRY: u64 = 37;
const COMPRESSED_ENTRY: u64 = 41;
