//! The index of advisories: one file, written whole and read in parts.

mod build;
mod sources;
mod zip;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wardkit_core::Timestamp;

use crate::{Advisory, Ecosystem, Error};

pub use build::{Import, Imported};

/// An index of advisories that was opened.
///
/// It holds a table of names in memory and reads the blocks that it is asked about, each against its own checksum, so
/// that an audit of a thousand packages reads little of it.
#[derive(Debug)]
pub struct Database {
    file: File,
    path: PathBuf,
    about: About,
    /// The hash of a name and the block that it is in, sorted.
    names: Vec<(u64, u32)>,
    blocks: Vec<Block>,
}

/// What an index says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct About {
    /// Each ecosystem by OSV's name for it.
    pub ecosystems: BTreeMap<String, Coverage>,
}

/// What an index has of an ecosystem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Coverage {
    /// The day of the newest advisory, as `2026-11-22`: how old the data is, whenever it was imported.
    pub date: String,
    /// Packages that something is known of.
    pub packages: usize,
    /// Advisories.
    pub advisories: usize,
}

#[derive(Clone, Copy, Debug)]
struct Block {
    offset: u64,
    length: u32,
    hash: [u8; 16],
}

impl Database {
    /// Opens an index.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] when it cannot be read, [`Error::Index`] when it is none or damaged, and
    /// [`Error::Version`] when another version wrote it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let unread = |source| Error::File { path: path.to_owned(), action: "read", source };
        let damaged = |reason| Error::Index { path: path.to_owned(), reason };
        let file = File::open(path).map_err(unread)?;
        let mut head = [0; HEAD];
        file.read_exact_at(&mut head, 0).map_err(|_| damaged("too short"))?;
        let Some(head) = Head::read(&head) else { return Err(damaged("it begins otherwise")) };
        if head.version != VERSION {
            let (path, version) = (path.to_owned(), head.version);
            return Err(Error::Version { path, version, known: VERSION });
        }
        let end = file.metadata().map_err(unread)?.len();
        if head.table_at.checked_add(head.table_length) != Some(end) {
            return Err(damaged("its length is not what it says"));
        }
        let length =
            usize::try_from(head.table_length).map_err(|_| damaged("its table is too large"))?;
        let mut table = vec![0; length];
        file.read_exact_at(&mut table, head.table_at).map_err(unread)?;
        if short_hash(&table) != head.hash {
            return Err(damaged("its table is not what was written"));
        }
        let table = Table::read(&table).ok_or_else(|| damaged("its table is broken"))?;
        let Table { about, names, blocks } = table;
        Ok(Self { file, path: path.to_owned(), about, names, blocks })
    }

    /// Returns what it says of itself.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Returns of which day what it has of an ecosystem is.
    pub(crate) fn day_of(&self, ecosystem: Ecosystem) -> Option<(Timestamp, &str)> {
        let coverage = self.about.ecosystems.get(&ecosystem.osv_name())?;
        Some((build::day(&coverage.date)?, &coverage.date))
    }

    /// Returns what is known of packages, in the order in which they are asked for.
    ///
    /// # Errors
    ///
    /// Returns [`Error::File`] when a block cannot be read, and [`Error::Index`] when one is not what was written.
    pub fn look_up(&self, wanted: &[(Ecosystem, &str)]) -> Result<Vec<Vec<Advisory>>, Error> {
        let mut found = vec![Vec::new(); wanted.len()];
        let mut by_block: BTreeMap<u32, Vec<(usize, u64)>> = BTreeMap::new();
        for (index, (ecosystem, name)) in wanted.iter().enumerate() {
            let hash = name_hash(*ecosystem, &ecosystem.normal(name));
            if let Ok(at) = self.names.binary_search_by_key(&hash, |(hash, _)| *hash) {
                by_block.entry(self.names[at].1).or_default().push((index, hash));
            }
        }
        for (block, asked) in by_block {
            let content = self.block(block)?;
            for (index, hash) in asked {
                let bytes =
                    entry(&content, hash).ok_or_else(|| self.damaged("a block is broken"))?;
                let (_, name, advisories) =
                    build::stored(bytes).ok_or_else(|| self.damaged("an entry is broken"))?;
                // Two names may have the same hash.
                if name == wanted[index].0.normal(wanted[index].1) {
                    found[index] = advisories;
                }
            }
        }
        Ok(found)
    }

    /// Reads a block.
    fn block(&self, number: u32) -> Result<Vec<u8>, Error> {
        let block = usize::try_from(number).ok().and_then(|number| self.blocks.get(number));
        let block = block.ok_or_else(|| self.damaged("a block is not there"))?;
        let mut packed = vec![0; block.length as usize];
        let unread =
            |source: io::Error| Error::File { path: self.path.clone(), action: "read", source };
        self.file.read_exact_at(&mut packed, block.offset).map_err(unread)?;
        if short_hash(&packed) != block.hash {
            return Err(self.damaged("a block is not what was written"));
        }
        zstd::bulk::decompress(&packed, LARGEST_BLOCK)
            .map_err(|_| self.damaged("a block is broken"))
    }

    fn damaged(&self, reason: &'static str) -> Error {
        Error::Index { path: self.path.clone(), reason }
    }
}

/// Returns the bytes of an entry of a block: each is a hash, a length and JSON.
fn entry(block: &[u8], wanted: u64) -> Option<&[u8]> {
    entries(block).find_map(|(hash, bytes)| (hash == wanted).then_some(bytes))
}

fn entries(mut block: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        let (hash, rest) = block.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        block = rest;
        Some((u64::from_le_bytes(*hash), bytes))
    })
}

struct Head {
    version: u32,
    table_at: u64,
    table_length: u64,
    hash: [u8; 16],
}

impl Head {
    fn read(bytes: &[u8; HEAD]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (table_at, rest) = rest.split_first_chunk()?;
        let (table_length, rest) = rest.split_first_chunk()?;
        let (hash, _) = rest.split_first_chunk()?;
        (magic == MAGIC).then_some(Self {
            version: u32::from_le_bytes(*version),
            table_at: u64::from_le_bytes(*table_at),
            table_length: u64::from_le_bytes(*table_length),
            hash: *hash,
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let parts: [&[u8]; 5] = [
            MAGIC,
            &self.version.to_le_bytes(),
            &self.table_at.to_le_bytes(),
            &self.table_length.to_le_bytes(),
            &self.hash,
        ];
        parts.concat()
    }
}

/// What stands behind the blocks: JSON of [`About`], the names, and where the blocks are.
struct Table {
    about: About,
    names: Vec<(u64, u32)>,
    blocks: Vec<Block>,
}

impl Table {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk()?;
        let (about, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let (count, rest) = rest.split_first_chunk()?;
        let names_length = (u32::from_le_bytes(*count) as usize).checked_mul(12)?;
        let (names, blocks) = rest.split_at_checked(names_length)?;
        let name = |bytes: &[u8]| {
            let (hash, block) = bytes.split_first_chunk()?;
            Some((u64::from_le_bytes(*hash), u32::from_le_bytes(block.try_into().ok()?)))
        };
        let block = |bytes: &[u8]| {
            let (offset, rest) = bytes.split_first_chunk()?;
            let (length, hash) = rest.split_first_chunk()?;
            let length = u32::from_le_bytes(*length);
            let hash = hash.try_into().ok()?;
            // A block is never longer packed than it may be unpacked.
            let block = Block { offset: u64::from_le_bytes(*offset), length, hash };
            (length as usize <= LARGEST_BLOCK).then_some(block)
        };
        Some(Self {
            about: serde_json::from_slice(about).ok()?,
            names: names.chunks_exact(12).map(name).collect::<Option<_>>()?,
            blocks: blocks.chunks_exact(28).map(block).collect::<Option<_>>()?,
        })
    }

    fn bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let about = serde_json::to_vec(&self.about)?;
        let mut bytes = Vec::with_capacity(8 + about.len() + 12 * self.names.len());
        bytes.extend(u32::try_from(about.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(about);
        bytes.extend(u32::try_from(self.names.len()).unwrap_or(u32::MAX).to_le_bytes());
        for (hash, block) in &self.names {
            bytes.extend(hash.to_le_bytes());
            bytes.extend(block.to_le_bytes());
        }
        for block in &self.blocks {
            bytes.extend(block.offset.to_le_bytes());
            bytes.extend(block.length.to_le_bytes());
            bytes.extend(block.hash);
        }
        Ok(bytes)
    }
}

/// Eight bytes are enough: of a million names, two share one in a run of thirty million.
fn name_hash(ecosystem: Ecosystem, name: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(ecosystem.osv_name().as_bytes()).update(&[0]).update(name.as_bytes());
    let mut hash = [0; 8];
    hash.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(hash)
}

fn short_hash(bytes: &[u8]) -> [u8; 16] {
    let mut hash = [0; 16];
    hash.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    hash
}

const MAGIC: &[u8; 8] = b"wardosv\n";
const VERSION: u32 = 1;
const HEAD: usize = 8 + 4 + 8 + 8 + 16;

/// A package with thousands of advisories has a block of its own; nothing known comes near.
const LARGEST_BLOCK: usize = 64 << 20;
