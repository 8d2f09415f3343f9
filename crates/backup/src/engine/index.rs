use std::collections::HashMap;
use std::iter;

use wardkit_core::Timestamp;

use crate::format::{BlobKind, Id, PackedBlob};

mod build;
mod load;
mod rewrite;
mod table;

pub(crate) use build::IndexBuilder;
pub(crate) use rewrite::IndexRewriter;

use table::Table;

/// Where the blobs of a repository are. In memory it takes 48 bytes for each blob.
#[derive(Debug, Default)]
pub struct Index {
    packs: Vec<Id>,
    data: Table,
    trees: Table,
    files: Vec<Id>,
    damaged: Vec<Id>,
    marks: HashMap<Id, Timestamp>,
}

/// One place of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a place is a pack, and where in it")]
pub struct IndexedBlob {
    /// The pack.
    pub pack: Id,
    /// The blob, and where in the pack it is.
    pub blob: PackedBlob,
    /// Whether one may rely on it.
    pub quality: Quality,
}

/// How far one may rely on what an index says of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever asks must answer each")]
pub enum Quality {
    /// The pack is there and stays.
    Good,
    /// Only an index that another one replaces knows it, as after a prune that was interrupted.
    Superseded,
    /// It is marked, and will be removed.
    Marked,
}

impl Index {
    /// All places of a blob, the best first.
    pub fn find(&self, kind: BlobKind, id: &Id) -> impl Iterator<Item = IndexedBlob> + '_ {
        self.table(kind).find(id).iter().map(move |entry| self.place(kind, entry))
    }

    /// The best place of a blob.
    #[must_use]
    pub fn best(&self, kind: BlobKind, id: &Id) -> Option<IndexedBlob> {
        self.find(kind, id).next()
    }

    /// Whether a blob is in a pack that stays, so that it need not be stored again.
    #[must_use]
    pub fn contains(&self, kind: BlobKind, id: &Id) -> bool {
        self.table(kind).find(id).first().is_some_and(|entry| entry.quality() == Quality::Good)
    }

    /// The length of a blob without compression and encryption, if it is known.
    #[must_use]
    pub fn plain_len(&self, kind: BlobKind, id: &Id) -> Option<u64> {
        self.best(kind, id).map(|place| place.blob.plain_length())
    }

    /// All places of all blobs; a blob that is in several packs several times.
    pub fn blobs(&self) -> impl Iterator<Item = IndexedBlob> + '_ {
        let places = |kind| self.table(kind).entries().iter().map(move |entry| (kind, entry));
        places(BlobKind::Data)
            .chain(places(BlobKind::Tree))
            .map(|(kind, entry)| self.place(kind, entry))
    }

    /// All packs that an index names, in no order.
    #[must_use]
    pub fn packs(&self) -> &[Id] {
        &self.packs
    }

    /// The index files that this was read from.
    #[must_use]
    pub fn files(&self) -> &[Id] {
        &self.files
    }

    /// The index files that cannot be read: what only they name is not in here.
    #[must_use]
    pub fn damaged(&self) -> &[Id] {
        &self.damaged
    }

    /// How many places of blobs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.entries().len() + self.trees.entries().len()
    }

    /// Whether there is no blob.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The blobs pack by pack, by their offsets; needs four more bytes for each blob while it is used.
    #[must_use]
    pub fn by_pack(&self) -> ByPack<'_> {
        ByPack::of(self)
    }

    /// When packs were found to be needed by nobody, of those that are marked.
    pub(crate) fn marks(&self) -> &HashMap<Id, Timestamp> {
        &self.marks
    }

    /// The number of a blob: that of its best place, below [`len`](Self::len).
    pub(crate) fn number(&self, kind: BlobKind, id: &Id) -> Option<usize> {
        let before = match kind {
            BlobKind::Data => 0,
            BlobKind::Tree => self.data.entries().len(),
        };
        self.table(kind).first(id).map(|number| before + number)
    }

    fn table(&self, kind: BlobKind) -> &Table {
        match kind {
            BlobKind::Data => &self.data,
            BlobKind::Tree => &self.trees,
        }
    }

    fn place(&self, kind: BlobKind, entry: &table::Entry) -> IndexedBlob {
        IndexedBlob {
            pack: self.packs[entry.pack()],
            blob: entry.to_blob(kind),
            quality: entry.quality(),
        }
    }
}

/// The places of an index in the order of packs and offsets.
#[derive(Debug)]
pub struct ByPack<'i> {
    index: &'i Index,
    /// Numbers of places: first all of the data, then all of the trees.
    order: Vec<u32>,
}

impl<'i> ByPack<'i> {
    fn of(index: &'i Index) -> Self {
        let count = u32::try_from(index.len()).unwrap_or(u32::MAX);
        let mut order: Vec<u32> = (0..count).collect();
        let this = Self { index, order: Vec::new() };
        order.sort_unstable_by_key(|number| {
            let (_, entry) = this.entry(*number);
            (entry.pack(), entry.offset())
        });
        Self { index, order }
    }

    /// Each pack once, with its blobs.
    pub fn iter(&self) -> impl Iterator<Item = (Id, Vec<IndexedBlob>)> + '_ {
        let mut rest = &self.order[..];
        iter::from_fn(move || {
            let (_, first) = self.entry(*rest.first()?);
            let len = rest.partition_point(|number| self.entry(*number).1.pack() == first.pack());
            let (pack, others) = rest.split_at(len);
            rest = others;
            let blobs = pack.iter().map(|number| {
                let (kind, entry) = self.entry(*number);
                self.index.place(kind, entry)
            });
            Some((self.index.packs[first.pack()], blobs.collect()))
        })
    }

    fn entry(&self, number: u32) -> (BlobKind, &'i table::Entry) {
        let data = self.index.data.entries();
        let number = number as usize;
        match data.get(number) {
            Some(entry) => (BlobKind::Data, entry),
            None => (BlobKind::Tree, &self.index.trees.entries()[number - data.len()]),
        }
    }
}
