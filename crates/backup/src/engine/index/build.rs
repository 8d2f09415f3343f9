use std::collections::{HashMap, HashSet};
use std::mem;

use wardkit_core::Timestamp;

use crate::engine::{Error, time};
use crate::format::{BlobKind, Id, IndexFile, IndexPack};

use super::table::{Entry, MOST_PACKS, Table};
use super::{Index, Quality};

/// Puts an index together from its files, in any order, within a budget of memory.
pub(crate) struct IndexBuilder {
    limit: u64,
    used: u64,
    packs: Vec<Id>,
    numbers: HashMap<Id, u32>,
    superseded: HashSet<Id>,
    files: Vec<Part>,
    damaged: Vec<Id>,
    marks: HashMap<Id, Timestamp>,
}

struct Part {
    file: Option<Id>,
    data: Vec<Entry>,
    trees: Vec<Entry>,
}

impl IndexBuilder {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            used: 0,
            packs: Vec::new(),
            numbers: HashMap::new(),
            superseded: HashSet::new(),
            files: Vec::new(),
            damaged: Vec::new(),
            marks: HashMap::new(),
        }
    }

    /// Takes a file of the index; without a name it is what is not stored yet.
    pub(crate) fn add(&mut self, file: Option<Id>, index: IndexFile) -> Result<(), Error> {
        let IndexFile { packs, packs_to_delete, supersedes } = index;
        let marked = packs_to_delete.iter().map(|marked| &marked.pack);
        let blobs = packs.iter().chain(marked).map(|pack| pack.blobs.len()).sum::<usize>();
        let names = packs.len() + packs_to_delete.len() + supersedes.len();
        self.charge(blobs, names)?;
        self.superseded.extend(supersedes);
        let mut part = Part { file, data: Vec::new(), trees: Vec::new() };
        for pack in packs {
            self.add_pack(&mut part, &pack, Quality::Good)?;
        }
        for marked in packs_to_delete {
            self.add_pack(&mut part, &marked.pack, Quality::Marked)?;
            if let Some(since) = &marked.since {
                let since = time::of_words(since);
                let known = self.marks.entry(marked.pack.id).or_insert(since);
                *known = since.max(*known);
            }
        }
        part.data.shrink_to_fit();
        part.trees.shrink_to_fit();
        self.files.push(part);
        Ok(())
    }

    /// Notes a file that cannot be read.
    pub(crate) fn add_damaged(&mut self, file: Id) {
        self.damaged.push(file);
    }

    /// Puts all together. What only files say that others replace is kept as a last resort: restic may be
    /// interrupted when not all of the files that replace them are there.
    pub(crate) fn finish(mut self) -> Index {
        drop(mem::take(&mut self.numbers));
        let count = |part: fn(&Part) -> usize| self.files.iter().map(part).sum();
        let mut data = Vec::with_capacity(count(|part| part.data.len()));
        let mut trees = Vec::with_capacity(count(|part| part.trees.len()));
        let mut files = Vec::new();
        for mut part in self.files {
            if part.file.is_some_and(|file| self.superseded.contains(&file)) {
                for entry in part.data.iter_mut().chain(&mut part.trees) {
                    entry.set_quality(entry.quality().max(Quality::Superseded));
                }
            }
            files.extend(part.file);
            data.append(&mut part.data);
            trees.append(&mut part.trees);
        }
        Index {
            packs: self.packs,
            data: Table::of(data),
            trees: Table::of(trees),
            files,
            damaged: self.damaged,
            marks: self.marks,
        }
    }

    fn add_pack(
        &mut self,
        part: &mut Part,
        pack: &IndexPack,
        quality: Quality,
    ) -> Result<(), Error> {
        let number = self.number(pack.id)?;
        for blob in &pack.blobs {
            let mut entry = Entry::new(number, blob);
            entry.set_quality(quality);
            match blob.kind {
                BlobKind::Data => part.data.push(entry),
                BlobKind::Tree => part.trees.push(entry),
            }
        }
        Ok(())
    }

    fn number(&mut self, pack: Id) -> Result<u32, Error> {
        if let Some(number) = self.numbers.get(&pack) {
            return Ok(*number);
        }
        let number = self.packs.len();
        let too_many = Error::IndexTooLarge { needed: u64::MAX, limit: self.limit };
        if number >= MOST_PACKS {
            return Err(too_many);
        }
        let number = u32::try_from(number).map_err(|_| too_many)?;
        self.packs.push(pack);
        self.numbers.insert(pack, number);
        Ok(number)
    }

    fn charge(&mut self, blobs: usize, names: usize) -> Result<(), Error> {
        let bytes = blobs as u64 * size_of::<Entry>() as u64 + names as u64 * NAME_BYTES;
        self.used = self.used.saturating_add(bytes);
        // What counts the entries has 32 bits.
        let limit = self.limit.min(u64::from(u32::MAX) * size_of::<Entry>() as u64);
        if self.used > limit {
            return Err(Error::IndexTooLarge { needed: self.used, limit });
        }
        Ok(())
    }
}

/// A pack's name in the list and in the map that is needed while the index is read.
const NAME_BYTES: u64 = 96;
