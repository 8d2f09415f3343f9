//! A pack that is read from its beginning to its end, a part at a time.

use sha2::{Digest as _, Sha256};

use crate::format::Id;
use crate::store::{Key, Kind, ObjectStore, StoreError};

/// A pack that is read from its beginning to its end; in memory is one part of it, or the blob that is longer.
pub(super) struct Window<'a> {
    store: &'a dyn ObjectStore,
    key: Key,
    size: u64,
    hash: Sha256,
    bytes: Vec<u8>,
    /// Where in the pack `bytes` begin, what was asked for last, and how far the pack was read.
    start: u64,
    asked: u64,
    read: u64,
    /// How much is read at once.
    part: u64,
}

impl<'a> Window<'a> {
    pub(super) fn new(store: &'a dyn ObjectStore, pack: Id, size: u64) -> Self {
        let key = Key::Named(Kind::Pack, pack);
        Self {
            store,
            key,
            size,
            hash: Sha256::new(),
            bytes: Vec::new(),
            start: 0,
            asked: 0,
            read: 0,
            part: PART,
        }
    }

    /// The bytes of a range, which may be altered where they lie. None if they are behind the end of the pack, or before
    /// a range that was asked for already.
    pub(super) fn range(
        &mut self,
        from: u64,
        length: u64,
    ) -> Result<Option<&mut [u8]>, StoreError> {
        let end = from.checked_add(length).filter(|end| *end <= self.size);
        let (Some(end), Ok(length)) = (end, usize::try_from(length)) else { return Ok(None) };
        if from < self.asked {
            return Ok(None);
        }
        self.asked = from;
        while self.read < end {
            self.read_part()?;
        }
        let at = usize::try_from(from - self.start).ok();
        Ok(at.and_then(|at| self.bytes.get_mut(at..at.checked_add(length)?)))
    }

    /// Reads the rest, and tells the hash of the whole pack.
    pub(super) fn hash(mut self) -> Result<Id, StoreError> {
        while self.read < self.size {
            self.asked = self.read;
            self.read_part()?;
        }
        Ok(Id::from_bytes(self.hash.finalize().into()))
    }

    fn read_part(&mut self) -> Result<(), StoreError> {
        self.forget();
        let end = self.size.min(self.read + self.part);
        let part = self.store.get(&self.key, Some(self.read..end))?;
        let wanted = end - self.read;
        if part.len() as u64 != wanted {
            let size = self.read + part.len() as u64;
            return Err(StoreError::TooShort { key: self.key, size, wanted: end });
        }
        self.hash.update(&part);
        if self.bytes.is_empty() {
            self.bytes = part;
        } else {
            self.bytes.extend_from_slice(&part);
        }
        self.read = end;
        Ok(())
    }

    /// Lets go what lies before that which is asked for. Only when more is read: what stays is moved, and a pack of
    /// small blobs would be moved once for each of them.
    fn forget(&mut self) {
        let from = self.asked.min(self.read);
        let count = usize::try_from(from - self.start).unwrap_or(usize::MAX).min(self.bytes.len());
        self.bytes.drain(..count);
        self.start = from;
    }
}

/// A whole pack of the usual length, so that each is asked for once.
const PART: u64 = 20 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Memory;

    #[test]
    fn ranges_are_read_in_order_and_the_hash_is_that_of_all() {
        let bytes: Vec<u8> = (0..45_u32 << 8).flat_map(u32::to_be_bytes).collect();
        let (store, id) = (Memory::new(), Id::of(&bytes));
        store.put(&Key::Named(Kind::Pack, id), &bytes).unwrap();
        let mut window = Window::new(&store, id, bytes.len() as u64);
        let kib = 1 << 10;
        window.part = 20 << 10;
        for (from, length) in [(0, 5), (5, 0), (7, 3 * kib), (19 * kib, 22 * kib), (44 * kib, kib)]
        {
            let range = window.range(from as u64, length as u64).unwrap().unwrap();
            assert!(range == &bytes[from..from + length], "{from}");
            range.fill(0);
        }
        assert!(window.range(0, 1).unwrap().is_none(), "it is behind");
        assert!(window.range(45 * kib as u64, 1).unwrap().is_none(), "it is not there");
        assert!(window.range(u64::MAX, 2).unwrap().is_none());
        assert_eq!(window.hash().unwrap(), id);
    }

    #[test]
    fn a_pack_that_got_shorter_is_an_error() {
        let (store, id) = (Memory::new(), Id::of(b"x"));
        store.put(&Key::Named(Kind::Pack, id), b"short").unwrap();
        assert!(Window::new(&store, id, 6).hash().is_err());
    }
}
