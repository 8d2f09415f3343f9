//! Where the blocks lie. It can be lost: the segments tell all of it again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::IndexError;

/// How coarse what is kept is.
///
/// Exhaustive on purpose: a tier is part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Samples as they were taken.
    Raw,
    /// A row a minute.
    Minute,
    /// A row a quarter of an hour.
    Quarter,
}

impl Tier {
    /// Returns its number in files and indexes.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Raw => 0,
            Self::Minute => 1,
            Self::Quarter => 2,
        }
    }

    /// Returns the tier of a number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Raw),
            1 => Some(Self::Minute),
            2 => Some(Self::Quarter),
            _ => None,
        }
    }
}

/// Where a block lies and of when it tells. Times are milliseconds since the Unix epoch, both ends included.
///
/// Exhaustive on purpose: an index stores every field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockAt {
    /// The number of its series.
    pub series: u32,
    /// Its tier.
    pub tier: Tier,
    /// Its first sample.
    pub start: i64,
    /// Its last sample.
    pub end: i64,
    /// The number of the segment's file.
    pub segment: u32,
    /// Where its frame begins there.
    pub offset: u64,
    /// How long the frame is.
    pub length: u32,
}

/// How much of a segment the index knows.
///
/// Exhaustive on purpose: an index stores every field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentState {
    /// The number of its file.
    pub segment: u32,
    /// The tier of all its blocks.
    pub tier: Tier,
    /// Up to which byte the index knows it.
    pub length: u64,
    /// Its earliest sample.
    pub start: i64,
    /// Its latest sample.
    pub end: i64,
}

/// What was added to a segment, all of which becomes visible at once or not at all.
///
/// Exhaustive on purpose: an index stores every field.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// The segment as it is now.
    pub segment: SegmentState,
    /// Series that the segment names: their numbers and keys. Some may be known.
    pub names: &'a [(u32, &'a str)],
    /// The blocks.
    pub blocks: &'a [BlockAt],
}

/// Knows which series there are and where their blocks lie.
///
/// [`History`](super::History) calls the writing methods from its one owner's thread, a few times an hour; every
/// [`Reader`](super::Reader) calls the reading ones from any thread. An error leaves the index as it was; the history
/// keeps the samples and tries again.
pub trait Index: Send + Sync {
    /// Adds what a segment grew by. What is there already is replaced.
    ///
    /// # Errors
    ///
    /// When nothing of it was stored.
    fn commit(&self, commit: &Commit<'_>) -> Result<(), IndexError>;

    /// Forgets a segment with its blocks, and the series that have no block left.
    ///
    /// # Errors
    ///
    /// When nothing was forgotten.
    fn forget(&self, segment: u32) -> Result<(), IndexError>;

    /// Returns the segments that it knows.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    fn segments(&self) -> Result<Vec<SegmentState>, IndexError>;

    /// Returns the numbers of these keys, in their order; `None` for those it does not know.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    fn numbers(&self, keys: &[&str]) -> Result<Vec<Option<u32>>, IndexError>;

    /// Returns the largest number that a series has.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    fn largest_number(&self) -> Result<Option<u32>, IndexError>;

    /// Returns number and key of the series with this name, or of all; sorted by key.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    fn series(&self, name: Option<&str>) -> Result<Vec<(u32, String)>, IndexError>;

    /// Returns the blocks of a series that touch the time from `from` to `to`, both included, by tier and start.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    fn blocks(&self, series: u32, from: i64, to: i64) -> Result<Vec<BlockAt>, IndexError>;

    /// Returns the numbers and keys of the series with a block of this tier that touches the time from `from` to `to`.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    fn present(&self, tier: Tier, from: i64, to: i64) -> Result<Vec<(u32, String)>, IndexError>;
}

/// An index in memory, which a restart builds again from the segments: for tests, and where SQLite is too much.
#[derive(Debug, Default)]
pub struct MemoryIndex(RwLock<Tables>);

#[derive(Debug, Default)]
struct Tables {
    segments: BTreeMap<u32, SegmentState>,
    numbers: HashMap<String, u32>,
    keys: BTreeMap<u32, String>,
    blocks: BTreeMap<u32, Vec<BlockAt>>,
}

impl MemoryIndex {
    /// Creates an index that knows nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index for MemoryIndex {
    fn commit(&self, commit: &Commit<'_>) -> Result<(), IndexError> {
        let mut tables = self.write();
        tables.segments.insert(commit.segment.segment, commit.segment);
        for &(number, key) in commit.names {
            tables.numbers.insert(key.to_owned(), number);
            tables.keys.insert(number, key.to_owned());
        }
        for block in commit.blocks {
            let blocks = tables.blocks.entry(block.series).or_default();
            let order = |one: &BlockAt| (one.tier, one.start, one.segment, one.offset);
            match blocks.binary_search_by_key(&order(block), order) {
                Ok(at) => blocks[at] = *block,
                Err(at) => blocks.insert(at, *block),
            }
        }
        Ok(())
    }

    fn forget(&self, segment: u32) -> Result<(), IndexError> {
        let mut guard = self.write();
        let tables = &mut *guard;
        tables.segments.remove(&segment);
        tables.blocks.retain(|_, blocks| {
            blocks.retain(|block| block.segment != segment);
            !blocks.is_empty()
        });
        tables.keys.retain(|number, _| tables.blocks.contains_key(number));
        tables.numbers.retain(|_, number| tables.blocks.contains_key(number));
        Ok(())
    }

    fn segments(&self) -> Result<Vec<SegmentState>, IndexError> {
        Ok(self.read().segments.values().copied().collect())
    }

    fn numbers(&self, keys: &[&str]) -> Result<Vec<Option<u32>>, IndexError> {
        let tables = self.read();
        Ok(keys.iter().map(|key| tables.numbers.get(*key).copied()).collect())
    }

    fn largest_number(&self) -> Result<Option<u32>, IndexError> {
        Ok(self.read().keys.last_key_value().map(|(number, _)| *number))
    }

    fn series(&self, name: Option<&str>) -> Result<Vec<(u32, String)>, IndexError> {
        let tables = self.read();
        let named = |key: &str| name.is_none_or(|name| crate::series::name(key) == name);
        let mut found: Vec<_> = tables
            .keys
            .iter()
            .filter(|(_, key)| named(key))
            .map(|(number, key)| (*number, key.clone()))
            .collect();
        found.sort_by(|a, b| a.1.cmp(&b.1));
        Ok(found)
    }

    fn blocks(&self, series: u32, from: i64, to: i64) -> Result<Vec<BlockAt>, IndexError> {
        let tables = self.read();
        let blocks = tables.blocks.get(&series).map_or(&[][..], Vec::as_slice);
        Ok(blocks.iter().filter(|one| one.start <= to && one.end >= from).copied().collect())
    }

    fn present(&self, tier: Tier, from: i64, to: i64) -> Result<Vec<(u32, String)>, IndexError> {
        let tables = self.read();
        let touches = |one: &BlockAt| one.tier == tier && one.start <= to && one.end >= from;
        Ok(tables
            .blocks
            .iter()
            .filter(|(_, blocks)| blocks.iter().any(touches))
            .filter_map(|(number, _)| Some((*number, tables.keys.get(number)?.clone())))
            .collect())
    }
}
