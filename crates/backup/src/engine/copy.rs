use std::sync::Arc;

use crate::format::{Compressor, Id, PackedBlob, Snapshot};

use super::pack_writer::PackWriter;
use super::role::{Adds, Role};
use super::{
    Claim, Error, Event, Index, IndexWriter, IndexedBlob, KnownBlobs, LockKind, Observer,
    Repository, Stage, Usage, objects, parallel,
};

/// What a copy did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct CopyReport {
    /// Snapshots that were copied: which one became which one.
    pub copied: Vec<(Id, Id)>,
    /// Snapshots that had been copied before.
    pub there: Vec<Id>,
    /// How many blobs were missing.
    pub blobs: u64,
    /// Their bytes, neither compressed nor encrypted.
    pub bytes: u64,
}

impl<R: Adds> Repository<R> {
    /// Copies snapshots of another repository, with what they need and is not here. Blobs are proven by their hashes,
    /// and sealed with the key of this one.
    ///
    /// # Errors
    ///
    /// When a snapshot is not whole, or cannot be stored. Those that were copied before the error stay.
    pub fn copy_from<S: Role>(
        &self,
        source: &Repository<S>,
        snapshots: &[Id],
        observer: &dyn Observer,
    ) -> Result<CopyReport, Error> {
        let theirs = source.lock(LockKind::Shared, observer)?;
        let ours = self.lock(LockKind::Shared, observer)?;
        let from = source.load_index(observer)?;
        let known = KnownBlobs::new(Arc::new(self.load_index(observer)?));
        let there = self.snapshots()?.snapshots;
        let mut report = CopyReport::default();
        for id in snapshots {
            let mut snapshot = source.load_snapshot(id)?;
            if there.iter().any(|(_, other)| is_copy(other, (id, &snapshot))) {
                report.there.push(*id);
                continue;
            }
            self.copy_blobs(source, (&from, snapshot.tree), &known, &mut report, observer)?;
            theirs.check()?;
            ours.check()?;
            snapshot.original.get_or_insert(*id);
            snapshot.parent = None;
            report.copied.push((*id, self.save_snapshot(&snapshot)?));
        }
        theirs.release()?;
        ours.release()?;
        Ok(report)
    }

    fn copy_blobs<S: Role>(
        &self,
        source: &Repository<S>,
        (from, root): (&Index, Id),
        known: &KnownBlobs,
        report: &mut CopyReport,
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let usage = Usage::of(source, from, [root], observer)?;
        let mut missing: Vec<PackedBlob> = Vec::new();
        for (_, places) in from.by_pack().iter() {
            for IndexedBlob { blob, .. } in places {
                let is_needed = usage.contains(blob.kind, &blob.id);
                if is_needed && known.claim(blob.kind, &blob.id) == Claim::Mine {
                    missing.push(blob);
                }
            }
        }
        let bytes = missing.iter().map(PackedBlob::plain_length).sum();
        observer.event(&Event::Stage(Stage::Repack));
        observer.event(&Event::Found { files: missing.len() as u64, bytes });
        report.blobs += missing.len() as u64;
        report.bytes += bytes;
        let writer = PackWriter::new(&self.inner);
        let index = IndexWriter::new(self);
        let parts: Vec<&[PackedBlob]> = missing.chunks(PART).collect();
        parallel::for_each(self.options().threads, &parts, |blobs| {
            self.copy_part(source, from, blobs, (&writer, &index), observer)
        })?;
        for pack in writer.finish()? {
            index.add(pack.id, pack.blobs)?;
        }
        index.finish()
    }

    fn copy_part<S: Role>(
        &self,
        source: &Repository<S>,
        from: &Index,
        blobs: &[PackedBlob],
        (writer, index): (&PackWriter<'_>, &IndexWriter<'_, R>),
        observer: &dyn Observer,
    ) -> Result<(), Error> {
        let unwritable = |source| Error::Unwritable { what: "a blob", source };
        let mut opener = source.blob_opener()?;
        let mut compressor = Compressor::new(self.config().version, self.options().compression)
            .map_err(unwritable)?;
        let mut compressed = Vec::new();
        for blob in blobs {
            if observer.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let plain = source.read_blob_with(&mut opener, from, blob.kind, &blob.id)?;
            let uncompressed =
                compressor.compress_blob(blob.kind, &plain, &mut compressed).map_err(unwritable)?;
            let body = if uncompressed.is_some() { &compressed } else { &plain };
            let sealed = self.master_key().seal(&objects::random()?, body);
            let blob = PackedBlob { uncompressed, ..*blob };
            if let Some(pack) = writer.add(&blob, &sealed)? {
                index.add(pack.id, pack.blobs)?;
            }
            observer.event(&Event::Done { files: 1, bytes: plain.len() as u64 });
        }
        Ok(())
    }
}

/// Whether a snapshot here was copied from that one, or both from the same one.
fn is_copy(here: &Snapshot, (id, there): (&Id, &Snapshot)) -> bool {
    let original = there.original.unwrap_or(*id);
    here.original == Some(original) && here.tree == there.tree && here.time == there.time
}

/// So many blobs are copied by one thread in one go.
const PART: usize = 64;
