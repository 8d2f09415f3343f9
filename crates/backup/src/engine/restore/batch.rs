//! A part of a restore that fits into the memory it may take.

use std::collections::HashMap;
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::ops::Range;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::attributes::Attributes;
use crate::format::{BlobKind, Id, PackedBlob};

/// Files to be written, and what follows when they are: names for the same file, and what belongs to directories.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) files: Vec<File>,
    pub(super) pieces: Vec<Piece>,
    pub(super) others: Vec<Other>,
    pub(super) links: Vec<Link>,
    /// Directories whose entries are all in this batch or in one before it, the deepest first.
    pub(super) directories: Vec<Closed>,
    packs: Vec<Id>,
    numbers: HashMap<Id, u32>,
    weight: usize,
}

/// A directory by its path below the target.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: Vec<u8>,
}

/// A name in a directory.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) folder: Arc<Folder>,
    pub(super) name: Box<[u8]>,
}

/// A file to be written.
#[derive(Debug)]
pub(super) struct File {
    pub(super) place: Place,
    pub(super) size: u64,
    pub(super) content: Vec<Id>,
    pub(super) attributes: Attributes,
    /// Set when the file has its name, for files of several names.
    pub(super) is_there: Option<Arc<AtomicBool>>,
}

/// A blob that a file needs, and where both have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// The number of the pack in the batch.
    pub(super) pack: u32,
    pub(super) offset: u32,
    pub(super) length: u32,
    /// Without compression; zero if there is none.
    pub(super) uncompressed: u32,
    /// The number of the file in the batch.
    pub(super) file: u32,
    /// The number of the blob in the file's content.
    pub(super) part: u32,
    /// Where in the file it begins.
    pub(super) position: u64,
}

/// What is neither a file nor a directory.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) place: Place,
    pub(super) attributes: Attributes,
    pub(super) kind: OtherKind,
}

#[derive(Debug)]
pub(super) enum OtherKind {
    Symlink(Vec<u8>),
    Fifo,
    Socket,
    CharDevice(u64),
    BlockDevice(u64),
}

/// Another name for a file that was written under a first one.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) place: Place,
    pub(super) first: First,
}

/// The first name of a file that has several.
#[derive(Clone, Debug)]
pub(super) struct First {
    pub(super) place: Place,
    /// The hash of all that its content is made of: whoever has another is another file.
    pub(super) content: Id,
    pub(super) is_there: Arc<AtomicBool>,
}

/// A directory that gets no further entries.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) folder: Arc<Folder>,
    pub(super) attributes: Attributes,
}

impl Batch {
    /// About how many bytes it takes.
    pub(super) const fn weight(&self) -> usize {
        self.weight
    }

    /// The number that a pack has in this batch.
    pub(super) fn number(&mut self, pack: Id) -> u32 {
        let next = u32::try_from(self.packs.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(pack).or_insert_with(|| {
            self.packs.push(pack);
            self.weight += 3 * size_of::<Id>();
            next
        })
    }

    /// The pack of a number.
    pub(super) fn pack(&self, number: u32) -> Id {
        self.packs[number as usize]
    }

    pub(super) fn add_file(&mut self, file: File, pieces: &[Piece]) {
        let number = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.pieces.extend(pieces.iter().map(|piece| Piece { file: number, ..*piece }));
        self.weight += size_of::<File>()
            + file.place.name.len()
            + file.attributes.weight()
            + pieces.len() * (size_of::<Piece>() + size_of::<Id>() + size_of::<Task>());
        self.files.push(file);
    }

    pub(super) fn add_other(&mut self, other: Other) {
        self.weight +=
            size_of::<Other>() + other.place.name.len() + other.attributes.weight() + TEXT;
        self.others.push(other);
    }

    pub(super) fn add_link(&mut self, link: Link) {
        self.weight += size_of::<Link>() + link.place.name.len();
        self.links.push(link);
    }

    pub(super) fn close(&mut self, folder: Arc<Folder>, attributes: Attributes) {
        self.weight += size_of::<Closed>() + folder.path.len() + attributes.weight() + TEXT;
        self.directories.push(Closed { folder, attributes });
    }

    /// Puts the pieces into the order of the packs, and cuts them into what is read at once.
    pub(super) fn tasks(&mut self) -> Vec<Task> {
        self.pieces
            .sort_unstable_by_key(|piece| (piece.pack, piece.offset, piece.file, piece.part));
        let mut tasks: Vec<Task> = Vec::new();
        for (number, piece) in self.pieces.iter().enumerate() {
            if !tasks.last_mut().is_some_and(|task| task.take(piece)) {
                let (start, end) = (u64::from(piece.offset), piece.end());
                tasks.push(Task::Read { pack: piece.pack, start, end, pieces: number..number + 1 });
            }
        }
        for (number, _) in (0_u32..).zip(&self.files).filter(|(_, file)| file.content.is_empty()) {
            match tasks.last_mut() {
                Some(Task::Empty { files }) if files.len() < PIECES => files.push(number),
                _ => tasks.push(Task::Empty { files: vec![number] }),
            }
        }
        tasks
    }
}

/// What a thread does at once.
#[derive(Debug)]
pub(super) enum Task {
    /// A range of a pack is read, and what is in it is written.
    Read { pack: u32, start: u64, end: u64, pieces: Range<usize> },
    /// Files without bytes are made.
    Empty { files: Vec<u32> },
}

impl Task {
    /// Adds a piece, if it lies where the range ends and leaves it short enough.
    fn take(&mut self, piece: &Piece) -> bool {
        let Self::Read { pack, start, end, pieces } = self else { return false };
        let is_taken = *pack == piece.pack
            && u64::from(piece.offset) <= *end + GAP
            && (piece.end() - *start <= AT_ONCE || piece.end() <= *end)
            // Many places of one blob, or many small files: others may help.
            && pieces.len() < PIECES;
        if is_taken {
            *end = piece.end().max(*end);
            pieces.end += 1;
        }
        is_taken
    }
}

impl Piece {
    pub(super) fn blob(&self, id: Id) -> PackedBlob {
        PackedBlob {
            kind: BlobKind::Data,
            id,
            offset: self.offset,
            length: self.length,
            uncompressed: NonZeroU32::new(self.uncompressed),
        }
    }

    pub(super) const fn end(&self) -> u64 {
        self.offset as u64 + self.length as u64
    }
}

impl Place {
    /// The path in the snapshot.
    pub(super) fn path(&self) -> PathBuf {
        self.folder.path_of(&self.name)
    }
}

impl Folder {
    /// The path that an entry has below the target.
    pub(super) fn join(&self, name: &[u8]) -> Vec<u8> {
        let parts = [&self.path[..], name];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(&b'/')
    }

    /// The path that an entry has in the snapshot; that of the directory itself without a name.
    pub(super) fn path_of(&self, name: &[u8]) -> PathBuf {
        let path = [b"/", &self.join(name)[..]].concat();
        OsString::from_vec(path).into()
    }
}

impl First {
    pub(super) fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Acquire)
    }
}

/// Reading this much for nothing costs less than asking once more.
const GAP: u64 = 64 << 10;
/// What a thread has in hand, if no blob is larger.
const AT_ONCE: u64 = 4 << 20;
const PIECES: usize = 4096;
/// A guess of what short texts and the allocator take.
const TEXT: usize = 128;
