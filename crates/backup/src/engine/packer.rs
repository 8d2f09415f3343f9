//! The packs that a run fills.

use std::mem;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::format::{BlobKind, FinishedPack, FormatError, Id, MasterKey, Nonce, PackBuilder};

/// Packs that threads fill at the same time. Which pack a blob comes into is chance, so that the lengths of packs do
/// not tell which files are in them.
#[derive(Debug)]
pub(crate) struct Packer<'k> {
    master: &'k MasterKey,
    full: usize,
    data: Vec<Mutex<PackBuilder>>,
    /// Trees are read together, and so are packed together.
    trees: Mutex<PackBuilder>,
}

impl<'k> Packer<'k> {
    /// Fills so many packs with data at once, and one with trees, up to this size.
    pub(crate) fn new(master: &'k MasterKey, (data_packs, size): (usize, usize)) -> Self {
        let data = (0..data_packs.max(1)).map(|_| Mutex::default()).collect();
        Self { master, full: size.clamp(SMALLEST, LARGEST), data, trees: Mutex::default() }
    }

    /// Adds a sealed blob; a pack that is full by it is returned, and is to be stored. The nonce in front of the sealed
    /// bytes is the chance by which the pack is chosen; `header` is the nonce of the pack's own header.
    pub(crate) fn add(
        &self,
        (kind, id): (BlobKind, Id),
        sealed: &[u8],
        uncompressed: Option<NonZeroU32>,
        header: &Nonce,
    ) -> Result<Option<FinishedPack>, FormatError> {
        let mut pack = self.open(kind, sealed.first().copied().unwrap_or_default());
        let full = if fits(&pack, sealed.len()) { None } else { Some(mem::take(&mut *pack)) };
        pack.add(kind, id, sealed, uncompressed)?;
        let full = match full {
            None if pack.len() >= self.full || pack.blobs().len() >= MOST_BLOBS => {
                Some(mem::take(&mut *pack))
            }
            other => other,
        };
        drop(pack);
        full.map(|pack| pack.finish(self.master, header)).transpose()
    }

    /// What is in the packs that are not full. Each of their headers needs a nonce.
    pub(crate) fn rest<E>(
        &self,
        mut nonce: impl FnMut() -> Result<Nonce, E>,
    ) -> Result<Vec<Result<FinishedPack, FormatError>>, E> {
        let open = self.data.iter().chain([&self.trees]);
        let packs = open.map(|pack| mem::take(&mut *lock(pack))).filter(|pack| !pack.is_empty());
        packs.map(|pack| Ok(pack.finish(self.master, &nonce()?))).collect()
    }

    /// A pack by chance, or the next one that no other thread adds to right now.
    fn open(&self, kind: BlobKind, chance: u8) -> MutexGuard<'_, PackBuilder> {
        if kind == BlobKind::Tree {
            return lock(&self.trees);
        }
        let first = usize::from(chance) % self.data.len();
        let (before, from) = self.data.split_at(first);
        for pack in from.iter().chain(before) {
            match pack.try_lock() {
                Ok(pack) => return pack,
                Err(TryLockError::Poisoned(pack)) => return pack.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        lock(&self.data[first])
    }
}

/// A very large blob comes into a pack of its own, so that no pack outgrows what its header can tell.
fn fits(pack: &PackBuilder, length: usize) -> bool {
    pack.is_empty() || pack.len().saturating_add(length) <= LARGEST
}

/// A pack is whole whenever its lock is free: a blob is added to it last of all.
fn lock(pack: &Mutex<PackBuilder>) -> MutexGuard<'_, PackBuilder> {
    pack.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Smaller packs are a burden for every store.
const SMALLEST: usize = 64 << 10;

/// Whoever checks or prunes reads whole packs: this much is held at once, unless a single blob is larger.
const LARGEST: usize = 128 << 20;

/// So many empty blobs have a header of less than a megabyte.
const MOST_BLOBS: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MasterKey {
        MasterKey::from_bytes(&[7; 64])
    }

    fn add(
        packer: &Packer<'_>,
        kind: BlobKind,
        number: usize,
        length: usize,
    ) -> Option<FinishedPack> {
        let mut sealed = vec![0; length];
        sealed[..8].copy_from_slice(&number.to_le_bytes());
        let id = Id::of(&number.to_le_bytes());
        packer.add((kind, id), &sealed, None, &[0; 16]).unwrap()
    }

    fn rest(packer: &Packer<'_>) -> Vec<FinishedPack> {
        let packs = packer.rest(|| Ok::<_, FormatError>([1; 16])).unwrap();
        packs.into_iter().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn every_blob_comes_into_one_pack_and_kinds_are_kept_apart() {
        let master = key();
        let packer = Packer::new(&master, (2, 16 << 10));
        let mut packs = Vec::new();
        for number in 0..100 {
            let kind = if number % 4 == 0 { BlobKind::Tree } else { BlobKind::Data };
            packs.extend(add(&packer, kind, number, 10 << 10));
        }
        assert!(packs.len() >= 4, "{packs:?}");
        assert!(packs.iter().all(|pack| pack.bytes.len() >= SMALLEST), "{packs:?}");
        packs.extend(rest(&packer));
        assert!(rest(&packer).is_empty());
        let mut ids: Vec<_> =
            packs.iter().flat_map(|pack| &pack.blobs).map(|blob| blob.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 100);
        for pack in &packs {
            assert!(pack.blobs.iter().all(|blob| blob.kind == pack.blobs[0].kind));
            assert_eq!(pack.id, Id::of(&pack.bytes));
        }
    }

    #[test]
    fn a_pack_of_many_small_blobs_ends_before_its_header_is_too_large() {
        let master = key();
        let packer = Packer::new(&master, (1, 16 << 20));
        let full =
            (0..MOST_BLOBS).filter_map(|number| add(&packer, BlobKind::Data, number, 40)).count();
        assert_eq!(full, 1);
    }

    #[test]
    fn chance_decides_about_the_pack() {
        let master = key();
        let packer = Packer::new(&master, (2, 16 << 10));
        assert!((0..64).all(|number| add(&packer, BlobKind::Data, number, 100).is_none()));
        let packs = rest(&packer);
        assert_eq!(packs.iter().map(|pack| pack.blobs.len()).collect::<Vec<_>>(), [32, 32]);
    }
}
