use std::mem;
use std::sync::{Mutex, PoisonError};

use crate::format::{BlobKind, IndexPack, PackBuilder, PackedBlob};
use crate::store::{Key, Kind};

use super::repository::Inner;
use super::{Error, objects};

/// Packs sealed blobs anew, trees apart from data, and stores the packs.
pub(crate) struct PackWriter<'r> {
    inner: &'r Inner,
    data: Mutex<PackBuilder>,
    trees: Mutex<PackBuilder>,
}

impl<'r> PackWriter<'r> {
    pub(crate) fn new(inner: &'r Inner) -> Self {
        Self { inner, data: Mutex::default(), trees: Mutex::default() }
    }

    /// Takes a sealed blob. Tells the pack that became full by it, once that is stored.
    pub(crate) fn add(&self, blob: &PackedBlob, sealed: &[u8]) -> Result<Option<IndexPack>, Error> {
        let open = match blob.kind {
            BlobKind::Data => &self.data,
            BlobKind::Tree => &self.trees,
        };
        let full = {
            let mut pack = open.lock().unwrap_or_else(PoisonError::into_inner);
            pack.add(blob.kind, blob.id, sealed, blob.uncompressed)
                .map_err(|source| Error::Unwritable { what: "a pack", source })?;
            let is_full = pack.len() >= FULL || pack.blobs().len() >= MOST_BLOBS;
            is_full.then(|| mem::take(&mut *pack))
        };
        full.map(|pack| self.store(pack)).transpose()
    }

    /// Stores the packs that did not become full.
    pub(crate) fn finish(&self) -> Result<Vec<IndexPack>, Error> {
        let mut stored = Vec::new();
        for open in [&self.data, &self.trees] {
            let pack = mem::take(&mut *open.lock().unwrap_or_else(PoisonError::into_inner));
            if !pack.is_empty() {
                stored.push(self.store(pack)?);
            }
        }
        Ok(stored)
    }

    fn store(&self, pack: PackBuilder) -> Result<IndexPack, Error> {
        let pack = pack
            .finish(&self.inner.master, &objects::random()?)
            .map_err(|source| Error::Unwritable { what: "a pack", source })?;
        self.inner.store.put(&Key::Named(Kind::Pack, pack.id), &pack.bytes)?;
        Ok(IndexPack { id: pack.id, blobs: pack.blobs })
    }
}

/// As restic.
const FULL: usize = 16 << 20;
/// So many empty blobs have a header of less than a megabyte.
const MOST_BLOBS: usize = 20_000;
