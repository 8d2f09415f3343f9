//! Reads trees with few calls of the store, and large ones entry by entry.

use std::collections::VecDeque;
use std::io::Cursor;
use std::ops::Range;

use zstd::stream::read::Decoder;

use super::blobs::BlobOpener;
use super::role::Role;
use super::{Error, Index, IndexedBlob, Repository};
use crate::format::{BlobKind, FormatError, Id, Node, NodeReader, Tree};
use crate::store::{Key, Kind, ObjectStore};

/// Reads trees one after the other. One for each thread.
///
/// A backup packs the trees of a directory in front of its own, so with a tree is read what lies before it: the next
/// ones that are asked for are most often among that.
pub(crate) struct TreeReader<'r> {
    store: &'r dyn ObjectStore,
    index: &'r Index,
    opener: BlobOpener<'r>,
    /// What was read of packs, the last used first.
    stretches: VecDeque<Stretch>,
    sealed: Vec<u8>,
    plain: Vec<u8>,
}

/// The entries of a tree in its own order. After an error there are no more.
pub(crate) enum Entries {
    /// In memory.
    Whole(std::vec::IntoIter<Node>),
    /// As they are decompressed. The whole tree was proven before.
    OneByOne(Id, Box<NodeReader<Decoder<'static, Cursor<Vec<u8>>>>>),
}

/// A part of a pack.
struct Stretch {
    pack: Id,
    start: u64,
    bytes: Vec<u8>,
}

impl<'r> TreeReader<'r> {
    pub(crate) fn new<R: Role>(
        repository: &'r Repository<R>,
        index: &'r Index,
    ) -> Result<Self, Error> {
        Ok(Self {
            store: repository.store(),
            index,
            opener: repository.blob_opener()?,
            stretches: VecDeque::new(),
            sealed: Vec::new(),
            plain: Vec::new(),
        })
    }

    /// Reads a tree that the index knows. Where one place of it is damaged, another one is read.
    pub(crate) fn read(&mut self, id: &Id) -> Result<Tree, Error> {
        self.at_best(id, Self::whole)
    }

    /// As [`read`](Self::read), and entry by entry where the tree is large.
    pub(crate) fn entries(&mut self, id: &Id) -> Result<Entries, Error> {
        self.at_best(id, |reader, place| {
            if place.blob.uncompressed.is_some() && place.blob.plain_length() > LARGE {
                reader.one_by_one(place)
            } else {
                Ok(Entries::Whole(reader.whole(place)?.nodes.into_iter()))
            }
        })
    }

    fn at_best<T>(
        &mut self,
        id: &Id,
        mut read: impl FnMut(&mut Self, &IndexedBlob) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut first = None;
        for place in self.index.find(BlobKind::Tree, id) {
            match read(self, &place) {
                Ok(read) => return Ok(read),
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        Err(first.unwrap_or(Error::BlobMissing { kind: BlobKind::Tree, id: *id }))
    }

    fn whole(&mut self, place: &IndexedBlob) -> Result<Tree, Error> {
        self.fetch(place)?;
        let Self { opener, sealed, plain, .. } = self;
        let text = opener.open_in_place(&place.pack, &place.blob, sealed, plain)?;
        let tree = Tree::from_json(text);
        let tree = tree.map_err(|source| Error::MalformedTree { id: place.blob.id, source });
        for buffer in [sealed, plain] {
            buffer.clear();
            buffer.shrink_to(KEPT);
        }
        tree
    }

    fn one_by_one(&self, place: &IndexedBlob) -> Result<Entries, Error> {
        let mut sealed = self.get(place, range(place))?;
        let compressed = self.opener.open_compressed(&place.pack, &place.blob, &mut sealed)?;
        let id = place.blob.id;
        sealed.truncate(compressed.end);
        let mut text = Cursor::new(sealed);
        text.set_position(compressed.start as u64);
        let decoder = Decoder::with_buffer(text).map_err(|_| Error::MalformedTree {
            id,
            source: FormatError::Malformed { what: "a tree", reason: "cannot be decompressed" },
        })?;
        Ok(Entries::OneByOne(id, Box::new(NodeReader::new(decoder))))
    }

    /// Brings the sealed bytes of a tree into `sealed`.
    fn fetch(&mut self, place: &IndexedBlob) -> Result<(), Error> {
        let wanted = range(place);
        if wanted.end - wanted.start > STRETCH {
            self.sealed = self.get(place, wanted)?;
            return Ok(());
        }
        let known = self.stretches.iter().position(|stretch| stretch.has(&place.pack, &wanted));
        let known = known.and_then(|number| self.stretches.remove(number));
        let stretch = known.map_or_else(|| self.stretch(place, wanted.end), Ok)?;
        self.sealed.clear();
        self.sealed.extend_from_slice(stretch.part(&wanted));
        self.stretches.push_front(stretch);
        self.stretches.truncate(STRETCHES);
        Ok(())
    }

    /// What lies before the end of a tree in its pack.
    fn stretch(&self, place: &IndexedBlob, end: u64) -> Result<Stretch, Error> {
        let start = end.saturating_sub(STRETCH);
        Ok(Stretch { pack: place.pack, start, bytes: self.get(place, start..end)? })
    }

    fn get(&self, place: &IndexedBlob, range: Range<u64>) -> Result<Vec<u8>, Error> {
        Ok(self.store.get(&Key::Named(Kind::Pack, place.pack), Some(range))?)
    }
}

impl Stretch {
    fn has(&self, pack: &Id, wanted: &Range<u64>) -> bool {
        let end = self.start + self.bytes.len() as u64;
        self.pack == *pack && self.start <= wanted.start && wanted.end <= end
    }

    /// A range within it; nothing of another one.
    fn part(&self, wanted: &Range<u64>) -> &[u8] {
        let at = |place: u64| usize::try_from(place.checked_sub(self.start)?).ok();
        let (Some(start), Some(end)) = (at(wanted.start), at(wanted.end)) else { return &[] };
        self.bytes.get(start..end).unwrap_or_default()
    }
}

impl Iterator for Entries {
    type Item = Result<Node, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Whole(nodes) => nodes.next().map(Ok),
            Self::OneByOne(id, nodes) => match nodes.next() {
                Ok(node) => node.map(Ok),
                Err(source) => {
                    let error = Error::MalformedTree { id: *id, source };
                    *self = Self::default();
                    Some(Err(error))
                }
            },
        }
    }
}

impl Default for Entries {
    fn default() -> Self {
        Self::Whole(Vec::new().into_iter())
    }
}

fn range(place: &IndexedBlob) -> Range<u64> {
    let start = u64::from(place.blob.offset);
    start..start + u64::from(place.blob.length)
}

/// Some hundred trees of usual directories; little for a disk, and one request for a server.
const STRETCH: u64 = 256 << 10;

/// Trees that did not change lie in the packs of earlier backups.
const STRETCHES: usize = 16;

/// A tree with more text has some thousand entries.
const LARGE: u64 = 1 << 20;

/// Memory that stays for the next tree.
const KEPT: usize = 1 << 20;
