//! The packs that a run fills.

use std::mem;
use std::num::NonZeroU32;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::format::{BlobKind, FinishedPack, FormatError, Id, MasterKey, Nonce, PackBuilder};

/// Packs that threads fill at the same time. Which pack a blob comes into is chance, so that the lengths of packs do
/// not tell which files are in them.
#[derive(Debug)]
pub(crate) struct Packer<'k> {
    master: &'k MasterKey,
    full: usize,
    data: Vec<Mutex<Filling>>,
    /// Trees are read together, and so are packed together.
    trees: Mutex<Filling>,
    rooms: Arc<Rooms>,
}

/// A pack that is full, and is to be stored.
#[derive(Debug)]
pub(crate) struct FullPack {
    pub(crate) pack: FinishedPack,
    /// To be held for as long as the pack's bytes are in memory.
    pub(crate) room: Option<Room>,
}

/// How many packs of data may be in memory at once, and whoever waits for one.
#[derive(Debug)]
struct Rooms {
    free: Mutex<usize>,
    freed: Condvar,
}

/// The right to hold a pack; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Room(Arc<Rooms>);

#[derive(Debug, Default)]
struct Filling {
    pack: PackBuilder,
    room: Option<Room>,
}

impl<'k> Packer<'k> {
    /// Fills so many packs with data at once, and one with trees, up to this size. In memory is at most one pack of data
    /// more: whoever wants to begin yet another waits until one is stored.
    pub(crate) fn new(master: &'k MasterKey, data_packs: usize, size: usize) -> Self {
        let data = (0..data_packs.max(1)).map(|_| Mutex::default()).collect::<Vec<_>>();
        let rooms = Arc::new(Rooms { free: Mutex::new(data.len() + 1), freed: Condvar::new() });
        let full = size.clamp(SMALLEST, LARGEST);
        Self { master, full, data, trees: Mutex::default(), rooms }
    }

    /// Adds a sealed blob; a pack that is full by it is returned, and is to be stored. The nonce in front of the sealed
    /// bytes is the chance by which the pack is chosen; `header` is the nonce of the pack's own header.
    pub(crate) fn add(
        &self,
        (kind, id): (BlobKind, Id),
        sealed: &[u8],
        uncompressed: Option<NonZeroU32>,
        header: &Nonce,
    ) -> Result<Option<FullPack>, FormatError> {
        let mut open = self.open(kind, sealed.first().copied().unwrap_or_default());
        let full = if fits(&open.pack, sealed.len()) { None } else { Some(mem::take(&mut *open)) };
        if open.pack.is_empty() {
            *open = self.begin(kind);
        }
        open.pack.add(kind, id, sealed, uncompressed)?;
        let full = match full {
            None if open.pack.len() >= self.full || open.pack.blobs().len() >= MOST_BLOBS => {
                Some(mem::take(&mut *open))
            }
            other => other,
        };
        drop(open);
        let finish = |Filling { pack, room }: Filling| {
            Ok(FullPack { pack: pack.finish(self.master, header)?, room })
        };
        full.map(finish).transpose()
    }

    /// What is in the packs that are not full. Each of their headers needs a nonce.
    pub(crate) fn rest<E>(
        &self,
        mut nonce: impl FnMut() -> Result<Nonce, E>,
    ) -> Result<Vec<Result<FinishedPack, FormatError>>, E> {
        let open = self.data.iter().chain([&self.trees]);
        let packs = open.map(|open| mem::take(&mut *lock(open)).pack);
        packs
            .filter(|pack| !pack.is_empty())
            .map(|pack| Ok(pack.finish(self.master, &nonce()?)))
            .collect()
    }

    fn begin(&self, kind: BlobKind) -> Filling {
        let room = (kind == BlobKind::Data).then(|| Rooms::take(&self.rooms));
        Filling { pack: PackBuilder::with_capacity(self.room()), room }
    }

    /// How much memory a new pack asks for. From 32 MiB on, the C library takes it from the system alone and gives it back
    /// as a whole; what is not written to is never there. A pack that grew step by step would be copied each time, and
    /// leave holes that nothing else fits into.
    fn room(&self) -> usize {
        if self.full < USUAL { self.full } else { self.full + SLACK }
    }

    /// A pack by chance, or the next one that no other thread adds to right now.
    fn open(&self, kind: BlobKind, chance: u8) -> MutexGuard<'_, Filling> {
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

impl Rooms {
    /// Waits until there is room for a pack.
    fn take(rooms: &Arc<Self>) -> Room {
        let mut free = rooms.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            free = rooms.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Room(Arc::clone(rooms))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

/// A very large blob comes into a pack of its own, so that no pack outgrows what its header can tell.
fn fits(pack: &PackBuilder, length: usize) -> bool {
    pack.is_empty() || pack.len().saturating_add(length) <= LARGEST
}

/// A pack is whole whenever its lock is free: a blob is added to it last of all.
fn lock(pack: &Mutex<Filling>) -> MutexGuard<'_, Filling> {
    pack.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Smaller packs are a burden for every store.
const SMALLEST: usize = 64 << 10;

/// The size that packs usually have, and what makes room for the blob that fills one and for the header.
const USUAL: usize = 16 << 20;
const SLACK: usize = 17 << 20;

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
        packer.add((kind, id), &sealed, None, &[0; 16]).unwrap().map(|full| full.pack)
    }

    fn rest(packer: &Packer<'_>) -> Vec<FinishedPack> {
        let packs = packer.rest(|| Ok::<_, FormatError>([1; 16])).unwrap();
        packs.into_iter().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn every_blob_comes_into_one_pack_and_kinds_are_kept_apart() {
        let master = key();
        let packer = Packer::new(&master, 2, 16 << 10);
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
        let packer = Packer::new(&master, 1, 16 << 20);
        let full =
            (0..MOST_BLOBS).filter_map(|number| add(&packer, BlobKind::Data, number, 40)).count();
        assert_eq!(full, 1);
    }

    #[test]
    fn chance_decides_about_the_pack() {
        let master = key();
        let packer = Packer::new(&master, 2, 16 << 10);
        assert!((0..64).all(|number| add(&packer, BlobKind::Data, number, 100).is_none()));
        let packs = rest(&packer);
        assert_eq!(packs.iter().map(|pack| pack.blobs.len()).collect::<Vec<_>>(), [32, 32]);
    }

    #[test]
    fn whoever_begins_one_pack_too_many_waits_for_one_to_be_stored() {
        let master = key();
        let packer = Packer::new(&master, 1, 0);
        let fill = |number: u8| {
            let blob = (BlobKind::Data, Id::of(&[number]));
            packer.add(blob, &vec![number; SMALLEST], None, &[0; 16]).unwrap().unwrap()
        };
        let both = [fill(0), fill(1)];
        let (told, hears) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| told.send(fill(2).pack.blobs.len()).unwrap());
            assert!(hears.try_recv().is_err());
            assert_eq!(*lock_free(&packer), 0);
            drop(both);
            assert_eq!(hears.recv(), Ok(1));
        });
        assert_eq!(*lock_free(&packer), 2);
    }

    fn lock_free<'p>(packer: &'p Packer<'_>) -> MutexGuard<'p, usize> {
        packer.rooms.free.lock().unwrap()
    }
}
