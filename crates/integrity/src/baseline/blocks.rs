//! The entries of a baseline: sorted, sixteen a block, each block readable without the others.

use std::ffi::{OsStr, OsString};
use std::iter::FusedIterator;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Refusal;
use crate::codec::{self, Malformed};
use crate::{Entry, order};

/// A baseline's file of which every entry was read once: reading it again cannot fail.
#[derive(Clone)]
pub(super) struct Blocks {
    file: Vec<u8>,
    entry_count: u64,
    count: usize,
    /// Where the last block ends and the table of the blocks begins.
    table: usize,
}

/// The entries of a baseline, by directory first and name second.
#[derive(Clone, Debug)]
pub struct Entries<'b> {
    reader: Reader<'b>,
}

/// Reads entries one after the other. The path is that of the entry read last.
#[derive(Clone, Debug)]
struct Reader<'b> {
    bytes: &'b [u8],
    path: Vec<u8>,
}

impl Blocks {
    /// Checks the form of everything from `start` on: the entries and their order, the table of the blocks, the end.
    pub(super) fn check(file: Vec<u8>, start: usize) -> Result<Self, Refusal> {
        let (rest, mut end) = file
            .split_last_chunk::<END_BYTES>()
            .ok_or(Refusal::Torn)
            .map(|(rest, end)| (rest, end.as_slice()))?;
        let entry_count = u64::from_le_bytes(codec::take_array(&mut end)?);
        let table = u64::from_le_bytes(codec::take_array(&mut end)?);
        if end != END {
            return Err(Refusal::Torn);
        }
        let table =
            usize::try_from(table).ok().filter(|&table| start <= table && table <= rest.len());
        let table = table.ok_or(Refusal::Malformed("the table of the blocks lies elsewhere"))?;
        let table_bytes = rest.len() - table;
        let count = entry_count.div_ceil(BLOCK_ENTRIES as u64);
        if count.checked_mul(OFFSET_BYTES as u64) != Some(table_bytes as u64) {
            return Err(Refusal::Malformed("the table of the blocks has another size"));
        }
        let blocks = Self { file, entry_count, count: table_bytes / OFFSET_BYTES, table };
        let ends = (0..=blocks.count).map(|block| blocks.start(block));
        if blocks.start(0) != start || !ends.is_sorted_by(|left, right| left < right) {
            return Err(Refusal::Malformed("the table of the blocks is out of order"));
        }
        (0..blocks.count).into_par_iter().try_for_each(|block| blocks.check_block(block))?;
        Ok(blocks)
    }

    pub(super) const fn entry_count(&self) -> u64 {
        self.entry_count
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) fn block(&self, block: usize) -> Entries<'_> {
        Entries { reader: Reader::new(self.bytes(block)) }
    }

    pub(super) fn entries(&self) -> Entries<'_> {
        Entries { reader: Reader::new(&self.file[self.start(0)..self.table]) }
    }

    pub(super) fn entry(&self, path: &Path) -> Option<Entry> {
        let mut after = self
            .since(order::split(path))
            .skip_while(|entry| order::compare(&entry.path, path).is_lt());
        after.next().filter(|entry| entry.path.as_os_str() == path.as_os_str())
    }

    pub(super) fn children(&self, directory: &Path) -> impl Iterator<Item = Entry> + use<'_> {
        let directory = directory.as_os_str().as_bytes().to_owned();
        let is_before = {
            let directory = directory.clone();
            move |entry: &Entry| order::split(&entry.path).0 < directory.as_slice()
        };
        self.since((&directory, b""))
            .skip_while(is_before)
            .take_while(move |entry| order::split(&entry.path).0 == directory.as_slice())
    }

    /// Returns the entries from the last block on that begins before a place, or at it.
    fn since(&self, place: (&[u8], &[u8])) -> Entries<'_> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            if order::split(as_path(self.first_path(middle))) <= place {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let start = self.start(low.saturating_sub(1));
        Entries { reader: Reader::new(&self.file[start..self.table]) }
    }

    fn check_block(&self, block: usize) -> Result<(), Refusal> {
        let mut reader = Reader::new(self.bytes(block));
        let mut count = 0;
        let mut before = Vec::new();
        while !reader.bytes.is_empty() {
            reader.next()?;
            if count > 0 && order::compare(as_path(&before), as_path(&reader.path)).is_ge() {
                return Err(Refusal::Unsorted);
            }
            before.clone_from(&reader.path);
            count += 1;
        }
        let is_last = block + 1 == self.count;
        let expected = match self.entry_count % BLOCK_ENTRIES as u64 {
            rest @ 1.. if is_last => rest,
            _ => BLOCK_ENTRIES as u64,
        };
        if count != expected {
            return Err(Refusal::Malformed("a block has another number of entries"));
        }
        if !is_last {
            let mut next = Reader::new(self.bytes(block + 1));
            next.next()?;
            if order::compare(as_path(&before), as_path(&next.path)).is_ge() {
                return Err(Refusal::Unsorted);
            }
        }
        Ok(())
    }

    fn first_path(&self, block: usize) -> &[u8] {
        let mut bytes = &self.bytes(block)[1..];
        codec::take_bytes(&mut bytes).expect("each block was read when the baseline was opened")
    }

    fn bytes(&self, block: usize) -> &[u8] {
        &self.file[self.start(block)..self.start(block + 1)]
    }

    /// Returns where a block starts, and so where the one before ends.
    fn start(&self, block: usize) -> usize {
        let at = self.table + block * OFFSET_BYTES;
        match self.file[at..].first_chunk() {
            Some(&offset) if block < self.count => u32::from_le_bytes(offset) as usize,
            _ => self.table,
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        if self.reader.bytes.is_empty() {
            return None;
        }
        let entry = self.reader.next().expect("each block was read when the baseline was opened");
        Some(Entry { path: PathBuf::from(OsString::from_vec(self.reader.path.clone())), ..entry })
    }
}

impl FusedIterator for Entries<'_> {}

impl<'b> Reader<'b> {
    const fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, path: Vec::new() }
    }

    /// Reads an entry, and leaves its path where no allocation is needed.
    fn next(&mut self) -> Result<Entry, Malformed> {
        let shared = usize::try_from(codec::take_number(&mut self.bytes)?).ok();
        let rest = codec::take_bytes(&mut self.bytes)?;
        if shared.is_none_or(|shared| shared > self.path.len()) {
            return Err(Malformed("a path shares more than there is"));
        }
        self.path.truncate(shared.unwrap_or_default());
        self.path.extend_from_slice(rest);
        codec::decode(&mut self.bytes, PathBuf::new())
    }
}

/// Appends a block: each path by how much it shares with the one before, and what follows that.
pub(super) fn put_block(entries: &[Entry], out: &mut Vec<u8>) {
    let mut before: &[u8] = b"";
    for entry in entries {
        let path = entry.path.as_os_str().as_bytes();
        let shared = before.iter().zip(path).take_while(|(left, right)| left == right).count();
        codec::put_number(shared as u64, out);
        codec::put_bytes(&path[shared..], out);
        codec::encode(entry, out);
        before = path;
    }
}

/// Returns what follows the table of the blocks.
pub(super) fn end(entry_count: u64, table: u64) -> [u8; END_BYTES] {
    let mut end = [0; END_BYTES];
    end[..8].copy_from_slice(&entry_count.to_le_bytes());
    end[8..16].copy_from_slice(&table.to_le_bytes());
    end[16..].copy_from_slice(END);
    end
}

/// Tells whether bytes end as a file does that was written to its end.
pub(super) fn has_end(file: &[u8]) -> bool {
    file.ends_with(END)
}

fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// How many entries a block has: finding one reads half as many, and each block spells one path in full.
pub(super) const BLOCK_ENTRIES: usize = 16;
const OFFSET_BYTES: usize = 4;
const END_BYTES: usize = 24;
const END: &[u8; 8] = b"\nfimend\n";
