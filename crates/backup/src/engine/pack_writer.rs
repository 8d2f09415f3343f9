use crate::format::{FinishedPack, FormatError, IndexPack, PackedBlob};
use crate::store::{Key, Kind};

use super::packer::{FullPack, Packer};
use super::repository::Inner;
use super::{Error, objects};

/// Packs sealed blobs anew, and stores the packs.
pub(crate) struct PackWriter<'r> {
    inner: &'r Inner,
    packer: Packer<'r>,
}

impl<'r> PackWriter<'r> {
    pub(crate) fn new(inner: &'r Inner) -> Self {
        Self { inner, packer: Packer::new(&inner.master, DATA_PACKS, PACK_SIZE) }
    }

    /// Takes a sealed blob. Tells the pack that became full by it, once that is stored.
    pub(crate) fn add(&self, blob: &PackedBlob, sealed: &[u8]) -> Result<Option<IndexPack>, Error> {
        let header = objects::random()?;
        let full = self.packer.add((blob.kind, blob.id), sealed, blob.uncompressed, &header);
        let Some(FullPack { pack, room }) = full.map_err(unwritable)? else { return Ok(None) };
        let stored = self.store(pack)?;
        drop(room);
        Ok(Some(stored))
    }

    /// Stores the packs that did not become full.
    pub(crate) fn finish(&self) -> Result<Vec<IndexPack>, Error> {
        let rest = self.packer.rest(objects::random)?;
        rest.into_iter().map(|pack| self.store(pack.map_err(unwritable)?)).collect()
    }

    fn store(&self, pack: FinishedPack) -> Result<IndexPack, Error> {
        self.inner.store.put(&Key::Named(Kind::Pack, pack.id), &pack.bytes)?;
        Ok(IndexPack { id: pack.id, blobs: pack.blobs })
    }
}

fn unwritable(source: FormatError) -> Error {
    Error::Unwritable { what: "a pack", source }
}

/// Two, so that chance has a part in the lengths of packs, and few stay small.
const DATA_PACKS: usize = 2;
/// As restic.
const PACK_SIZE: usize = 16 << 20;
