//! Baselines: what was accepted, sorted, signed and never changed.

mod blocks;
mod dir;
mod header;
mod refusal;
mod seal;
mod steps;
mod write;

use std::fmt;
use std::path::Path;

use rayon::prelude::*;
use wardkit_tlog::{Frontier, Hash, TreeHead, VerifierKey};

pub use blocks::Entries;
pub use dir::BaselineDir;
pub use header::BaselineHeader;
pub use refusal::Refusal;

use crate::{Algorithm, Digest, Entry, FileTime, Known};
use blocks::Blocks;
use seal::Claim;

/// A generation of a baseline that was verified: signature, digest of the file, and the form of every entry.
///
/// It is in memory, about 100 bytes an entry, and does not change. Cloning copies it.
#[derive(Clone)]
pub struct Baseline {
    header: BaselineHeader,
    generation: u64,
    head: TreeHead,
    digest: Digest,
    blocks: Blocks,
}

/// Which generation was accepted last. Whoever keeps it, best for each directory and for each lineage, notices when an
/// older one, or another one, is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seen {
    /// The generation, from 1.
    pub generation: u64,
    /// The BLAKE3 digest of its file, which fixes all of it.
    pub digest: Digest,
}

impl Baseline {
    /// The most bytes that a baseline's file may have.
    pub const MAX_BYTES: u64 = u32::MAX as u64;

    /// Verifies the bytes of a file and of its note.
    ///
    /// [`BaselineDir`] does this and more: it knows which generation is the newest.
    ///
    /// # Errors
    ///
    /// When no key of `keys` signed the note, the file is not the one that was signed, or a version of this library
    /// wrote it that this one does not know.
    pub fn from_bytes<'k>(
        file: Vec<u8>,
        note: &[u8],
        keys: impl IntoIterator<Item = &'k VerifierKey, IntoIter: Clone>,
    ) -> Result<Self, Refusal> {
        Self::claimed(file, &Claim::open(note, keys)?)
    }

    /// Checks the tree over the entries against the signed root.
    ///
    /// Opening has held the file against its signed digest, so this tells nothing new of what was opened. It tells
    /// whether who signed made the tree from these entries: ask before you prove a single entry to somebody.
    ///
    /// # Errors
    ///
    /// When the root is another.
    pub fn check_tree(&self) -> Result<(), Refusal> {
        let mut tree = Frontier::new();
        for first in (0..self.blocks.count()).step_by(TREE_STEP) {
            let last = self.blocks.count().min(first + TREE_STEP);
            let leaves: Vec<Vec<Hash>> = (first..last)
                .into_par_iter()
                .map(|block| self.blocks.block(block).map(|entry| write::leaf(&entry)).collect())
                .collect();
            leaves.into_iter().flatten().for_each(|leaf| {
                tree.append(leaf);
            });
        }
        if tree.head() == self.head { Ok(()) } else { Err(Refusal::Altered) }
    }

    /// Returns what the baseline says of itself.
    #[must_use]
    pub const fn header(&self) -> &BaselineHeader {
        &self.header
    }

    /// Returns the generation, from 1.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns the size and the root of the tree over the entries.
    #[must_use]
    pub const fn head(&self) -> TreeHead {
        self.head
    }

    /// Returns what to remember of it once it is accepted.
    #[must_use]
    pub const fn seen(&self) -> Seen {
        Seen { generation: self.generation, digest: self.digest }
    }

    /// Returns the algorithm of the content digests.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// Returns the number of entries.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.head.size
    }

    /// Tells whether there is no entry.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.head.size == 0
    }

    /// Returns all entries, by directory first and name second.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        self.blocks.entries()
    }

    /// Returns what was known of a path.
    #[must_use]
    pub fn entry(&self, path: &Path) -> Option<Entry> {
        self.blocks.entry(path)
    }

    /// Returns what was known of the names of a directory, sorted by name.
    pub fn children(&self, directory: &Path) -> impl Iterator<Item = Entry> + use<'_> {
        self.blocks.children(directory)
    }

    /// Holds the baseline against the one that was accepted last.
    ///
    /// # Errors
    ///
    /// When it is older, or of the same generation and other.
    pub fn check_seen(&self, seen: &Seen) -> Result<(), Refusal> {
        let found = self.seen();
        if found.generation == seen.generation && found.digest != seen.digest {
            return Err(Refusal::Forked { generation: found.generation });
        }
        if found.generation < seen.generation {
            return Err(Refusal::Older { found: found.generation, seen: seen.generation });
        }
        Ok(())
    }

    /// Takes a file whose note was verified.
    fn claimed(file: Vec<u8>, claim: &Claim) -> Result<Self, Refusal> {
        if Algorithm::Blake3.digest(&file) != claim.digest {
            return Err(if blocks::has_end(&file) { Refusal::Altered } else { Refusal::Torn });
        }
        let (header, generation, start) = header::parse(&file)?;
        let blocks = Blocks::check(file, start)?;
        let is_claimed = seal::origin(&header.host) == claim.origin
            && header.lineage == claim.lineage
            && generation == claim.generation
            && blocks.entry_count() == claim.head.size;
        if !is_claimed {
            return Err(Refusal::Malformed("file and note are of different baselines"));
        }
        Ok(Self { header, generation, head: claim.head, digest: claim.digest, blocks })
    }
}

impl fmt::Debug for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Baseline")
            .field("header", &self.header)
            .field("generation", &self.generation)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

impl Known for Baseline {
    fn children(&self, directory: &Path) -> Box<dyn Iterator<Item = Entry> + '_> {
        Box::new(self.children(directory))
    }

    fn entry(&self, path: &Path) -> Option<Entry> {
        self.entry(path)
    }

    fn scan_started(&self) -> FileTime {
        self.header.scan_started
    }

    fn algorithm(&self) -> Algorithm {
        self.algorithm()
    }
}

/// How many blocks are hashed in parallel at a time: their leaves take half a megabyte.
const TREE_STEP: usize = 1024;
