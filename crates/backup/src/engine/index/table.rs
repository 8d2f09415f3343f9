use crate::format::{BlobKind, Id, PackedBlob};

use super::Quality;

/// Places of blobs of one kind, sorted by id, the best place of each first.
#[derive(Debug, Default)]
pub(super) struct Table {
    entries: Vec<Entry>,
    /// Where the entries begin whose ids have these first bits; one more than there are such beginnings.
    starts: Vec<u32>,
}

/// One place, packed tightly: there are millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    id: Id,
    /// The number of the pack, and in the two highest bits the quality.
    pack: u32,
    offset: u32,
    length: u32,
    /// Zero where the blob is not compressed.
    uncompressed: u32,
}

impl Table {
    /// Sorts places; of several in one pack the best is kept.
    pub(super) fn of(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable();
        entries.dedup_by(|later, earlier| {
            later.id == earlier.id
                && later.pack() == earlier.pack()
                && later.offset == earlier.offset
        });
        let starts = starts(&entries);
        Self { entries, starts }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The number of the best place of a blob.
    pub(super) fn first(&self, id: &Id) -> Option<usize> {
        let from = *self.starts.get(bucket(id))? as usize;
        let to = *self.starts.get(bucket(id) + 1)? as usize;
        let first = from + self.entries[from..to].partition_point(|entry| entry.id < *id);
        self.entries.get(first).filter(|entry| entry.id == *id).map(|_| first)
    }

    pub(super) fn find(&self, id: &Id) -> &[Entry] {
        let Some(first) = self.first(id) else { return &[] };
        let rest = &self.entries[first..];
        &rest[..rest.iter().take_while(|entry| entry.id == *id).count()]
    }
}

impl Entry {
    /// A place in a pack of this number, which is below [`MOST_PACKS`].
    pub(super) fn new(pack: u32, blob: &PackedBlob) -> Self {
        Self {
            id: blob.id,
            pack,
            offset: blob.offset,
            length: blob.length,
            uncompressed: blob.uncompressed.map_or(0, std::num::NonZeroU32::get),
        }
    }

    pub(super) fn set_quality(&mut self, quality: Quality) {
        let bits = match quality {
            Quality::Good => 0,
            Quality::Superseded => 1,
            Quality::Marked => 2,
        };
        self.pack = self.pack & PACK_MASK | bits << PACK_BITS;
    }

    pub(super) fn quality(&self) -> Quality {
        match self.pack >> PACK_BITS {
            0 => Quality::Good,
            1 => Quality::Superseded,
            _ => Quality::Marked,
        }
    }

    pub(super) fn pack(&self) -> usize {
        (self.pack & PACK_MASK) as usize
    }

    pub(super) fn offset(&self) -> u32 {
        self.offset
    }

    pub(super) fn to_blob(self, kind: BlobKind) -> PackedBlob {
        PackedBlob {
            kind,
            id: self.id,
            offset: self.offset,
            length: self.length,
            uncompressed: std::num::NonZeroU32::new(self.uncompressed),
        }
    }
}

fn starts(entries: &[Entry]) -> Vec<u32> {
    let mut starts = Vec::with_capacity((1 << BUCKET_BITS) + 1);
    let mut from = 0;
    for number in 0..1_usize << BUCKET_BITS {
        starts.push(count(from));
        from += entries[from..].partition_point(|entry| bucket(&entry.id) <= number);
    }
    starts.push(count(from));
    starts
}

/// There are fewer entries than this can count: [`super::build`] refuses more.
fn count(entries: usize) -> u32 {
    u32::try_from(entries).unwrap_or(u32::MAX)
}

fn bucket(id: &Id) -> usize {
    let bytes = id.as_bytes();
    usize::from(u16::from_be_bytes([bytes[0], bytes[1]]) >> (16 - BUCKET_BITS))
}

/// More packs than this make no index: two bits of their numbers tell the quality.
pub(super) const MOST_PACKS: usize = 1 << PACK_BITS;
const PACK_BITS: u32 = 30;
const PACK_MASK: u32 = (1 << PACK_BITS) - 1;
/// Of ten million blobs it leaves eleven comparisons of twenty-three, for 16 KiB.
const BUCKET_BITS: u32 = 12;
