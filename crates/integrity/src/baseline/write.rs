//! Writing a baseline's file.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use wardkit_tlog::{Frontier, Hash, TreeHead};

use super::blocks::{self, BLOCK_ENTRIES};
use super::{Baseline, Refusal};
use crate::digest::Hasher;
use crate::{Algorithm, Digest, Entry, codec, order};

/// What a note says of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) head: TreeHead,
    pub(super) digest: Digest,
}

/// Why a file was not written.
#[derive(Debug)]
pub(super) enum Unwritten {
    Io(io::Error),
    Refused(Refusal),
}

/// Writes header, entries, table and end. `on_step` is asked before each write.
pub(super) fn write(
    header: &[u8],
    entries: impl IntoIterator<Item = Entry>,
    out: impl Write,
    mut on_step: impl FnMut() -> io::Result<()>,
) -> Result<Written, Unwritten> {
    let mut out = Out { to: out, hasher: Hasher::new(Algorithm::Blake3), written: 0 };
    let mut tree = Frontier::new();
    let mut table: Vec<u8> = Vec::new();
    let mut entries = entries.into_iter().fuse();
    let mut last: Option<PathBuf> = None;
    out.put(header)?;
    loop {
        let step: Vec<Entry> = entries.by_ref().take(STEP).collect();
        if step.is_empty() {
            break;
        }
        on_step()?;
        check_order(last.as_deref(), &step)?;
        let blocks: Vec<Block> = step.par_chunks(BLOCK_ENTRIES).map(Block::new).collect();
        for block in blocks {
            let start = u32::try_from(out.written).map_err(|_| Refusal::TooLarge)?;
            table.extend_from_slice(&start.to_le_bytes());
            out.put(&block.bytes)?;
            block.leaves.into_iter().for_each(|leaf| {
                tree.append(leaf);
            });
        }
        last = step.into_iter().next_back().map(|entry| entry.path);
    }
    let end = blocks::end(tree.size(), out.written);
    out.put(&table)?;
    out.put(&end)?;
    if out.written > Baseline::MAX_BYTES {
        return Err(Refusal::TooLarge.into());
    }
    on_step()?;
    out.to.flush()?;
    Ok(Written { head: tree.head(), digest: out.hasher.finish() })
}

/// Returns the leaf of an entry: the hash of its path, with its length before it, and of the entry.
pub(super) fn leaf(entry: &Entry) -> Hash {
    let mut bytes = Vec::with_capacity(LEAF_BYTES);
    codec::put_bytes(entry.path.as_os_str().as_bytes(), &mut bytes);
    codec::encode(entry, &mut bytes);
    Hash::leaf(&bytes)
}

struct Block {
    bytes: Vec<u8>,
    leaves: Vec<Hash>,
}

impl Block {
    fn new(entries: &[Entry]) -> Self {
        let mut bytes = Vec::with_capacity(entries.len() * LEAF_BYTES);
        blocks::put_block(entries, &mut bytes);
        Self { bytes, leaves: entries.iter().map(leaf).collect() }
    }
}

struct Out<W> {
    to: W,
    hasher: Hasher,
    written: u64,
}

impl<W: Write> Out<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.written += bytes.len() as u64;
        self.to.write_all(bytes)
    }
}

impl From<io::Error> for Unwritten {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Refusal> for Unwritten {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn check_order(last: Option<&Path>, step: &[Entry]) -> Result<(), Refusal> {
    let paths = last.into_iter().chain(step.iter().map(|entry| entry.path.as_path()));
    if paths.is_sorted_by(|left, right| order::compare(left, right).is_lt()) {
        Ok(())
    } else {
        Err(Refusal::Unsorted)
    }
}

/// How many entries are encoded and hashed in parallel at a time: enough work for each thread, and about 3 MB.
const STEP: usize = 512 * BLOCK_ENTRIES;

/// What a leaf usually takes at most: a path and the entry of a regular file.
const LEAF_BYTES: usize = 192;
