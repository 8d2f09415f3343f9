//! The instruments of one name by their label values.
//!
//! Looking up is what a program does all the time, and a scrape now and then: so they are found in a trie over the
//! hash of the values, which is read without any lock because nothing is ever taken out of it, and listed once more
//! in the order in which they came.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::declared::{Declared, check_names, refused};
use super::limits::Limits;
use crate::instrument::{Bounds, Counter, Instrument, Labelled};
use crate::samples::push_label;
use crate::{Error, Family, Samples};

pub(crate) struct Table<I> {
    pub(super) declared: Declared,
    root: Slot<I>,
    /// So that nobody can choose values that hash alike.
    seed: u64,
    list: Mutex<Vec<Listed<I>>>,
    /// Set for good when the list has reached its limit.
    is_full: AtomicBool,
    overflow: OnceLock<I>,
    /// Counts what went to the overflow; the table of that very counter has none.
    overflowed: Option<Labelled<Counter, 1>>,
    limits: Limits,
}

struct Listed<I> {
    /// The labels as they are printed, without braces.
    labels: Box<str>,
    instrument: I,
}

type Slot<I> = OnceLock<Box<Node<I>>>;

struct Node<I> {
    hash: u64,
    key: Box<[u8]>,
    instrument: I,
    children: [Slot<I>; FAN],
}

impl<I: Instrument> Table<I> {
    pub(super) fn new(
        declared: Declared,
        limits: Limits,
        overflowed: Option<Labelled<Counter, 1>>,
    ) -> Self {
        Self {
            declared,
            root: OnceLock::new(),
            seed: RandomState::new().hash_one(0_u64),
            list: Mutex::default(),
            is_full: AtomicBool::new(false),
            overflow: OnceLock::new(),
            overflowed,
            limits,
        }
    }

    /// Makes a table that is in no registry: who declares it samples it, and can let go of it.
    pub(crate) fn apart(
        (name, help): (&str, &str),
        labels: &[&str],
        bounds: &[f64],
        max_series: usize,
        overflowed: Labelled<Counter, 1>,
    ) -> Result<Self, Error> {
        check_names(name, labels)?;
        let bounds = Bounds::new(bounds).map_err(|reason| refused(name, reason))?;
        let declared = Declared::new("", name, help, labels, bounds);
        let limits = Limits { max_series, ..Limits::default() };
        Ok(Self::new(declared, limits, Some(overflowed)))
    }

    #[inline]
    pub(crate) fn find(&self, values: &[&str]) -> &I {
        let hash = hash(self.seed, values);
        match self.search(hash, values) {
            Ok(instrument) => instrument,
            Err(_) => self.insert(hash, values),
        }
    }

    /// Returns the instrument, or the free place where it belongs.
    #[inline]
    fn search(&self, hash: u64, values: &[&str]) -> Result<&I, &Slot<I>> {
        let mut slot = &self.root;
        let mut bits = hash;
        while let Some(node) = slot.get() {
            if node.hash == hash && is_key_of(&node.key, values) {
                return Ok(&node.instrument);
            }
            slot = &node.children[low_bits(bits)];
            bits >>= FAN_BITS;
        }
        Err(slot)
    }

    #[cold]
    fn insert(&self, hash: u64, values: &[&str]) -> &I {
        if self.is_full.load(Ordering::Relaxed)
            || values.iter().any(|value| value.len() > self.limits.max_label_bytes)
        {
            return self.overflow();
        }
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        // Only who holds the list makes nodes: what is free now stays free until it is filled here.
        let slot = match self.search(hash, values) {
            Ok(instrument) => return instrument,
            Err(slot) => slot,
        };
        if list.len() >= self.limits.max_series {
            self.is_full.store(true, Ordering::Relaxed);
            drop(list);
            return self.overflow();
        }
        let instrument = I::make(&self.declared.bounds);
        list.push(Listed { labels: self.written(values), instrument: instrument.clone() });
        let children = [const { OnceLock::new() }; FAN];
        let node =
            slot.get_or_init(|| Box::new(Node { hash, key: key(values), instrument, children }));
        &node.instrument
    }

    /// Returns the instrument for what there is no room for.
    fn overflow(&self) -> &I {
        if let Some(overflowed) = &self.overflowed {
            overflowed.with([&self.declared.name]).add(1);
        }
        self.overflow.get_or_init(|| I::make(&self.declared.bounds))
    }

    /// Returns the labels as they are printed.
    fn written(&self, values: &[&str]) -> Box<str> {
        let mut text = String::new();
        for (name, value) in self.declared.labels.iter().zip(values) {
            if !text.is_empty() {
                text.push(',');
            }
            push_label(name, value, &mut text);
        }
        text.into()
    }
}

/// What a registry does with all its tables, whatever they hold.
pub(crate) trait Sampled: Send + Sync {
    /// Appends the family, if it has a series.
    fn sample(&self, out: &mut Samples);
}

impl<I: Instrument> Sampled for Table<I> {
    fn sample(&self, out: &mut Samples) {
        let Declared { name, help, .. } = &self.declared;
        let family = Family { name, help, kind: I::KIND };
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let overflow = self.overflow.get();
        if list.is_empty() && overflow.is_none() {
            return;
        }
        out.family(family);
        for listed in &*list {
            listed.instrument.sample(&listed.labels, out);
        }
        if let Some(instrument) = overflow {
            instrument.sample(OVERFLOW, out);
        }
    }
}

impl<I> fmt::Debug for Table<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("declared", &self.declared).finish_non_exhaustive()
    }
}

/// Tells whether the key was made from these values.
#[inline]
fn is_key_of(key: &[u8], values: &[&str]) -> bool {
    let mut rest = key;
    for value in values {
        match rest.strip_prefix(value.as_bytes()) {
            Some([END, after @ ..]) => rest = after,
            _ => return false,
        }
    }
    rest.is_empty()
}

fn key(values: &[&str]) -> Box<[u8]> {
    let mut key = Vec::with_capacity(values.iter().map(|value| value.len() + 1).sum());
    for value in values {
        key.extend_from_slice(value.as_bytes());
        key.push(END);
    }
    key.into()
}

/// Hashes by multiplying and folding: a tenth of the time of `SipHash` on values as short as labels are. Its weakness, that
/// who sees hashes can make others, is of no use to anybody: no hash leaves the table, and the seed is random.
#[inline]
fn hash(seed: u64, values: &[&str]) -> u64 {
    let mut state = seed;
    for value in values {
        let bytes = value.as_bytes();
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            state = fold(state ^ u64::from_le_bytes(*chunk));
        }
        let tail = rest.iter().fold(0, |tail, byte| tail << 8 | u64::from(*byte));
        state = fold(state ^ tail ^ (bytes.len() as u64).rotate_right(8));
    }
    state
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
fn low_bits(bits: u64) -> usize {
    bits as usize % FAN
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the halves are what is folded")]
fn fold(state: u64) -> u64 {
    let product = u128::from(state) * u128::from(ODD);
    (product as u64) ^ ((product >> 64) as u64)
}

/// No text in UTF-8 has this byte, so no value can pretend to be two.
const END: u8 = 0xff;

/// The golden ratio's fraction: odd, and its bits are in no order.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Three bits of the hash a step: twenty thousand series are found in five.
const FAN: usize = 1 << FAN_BITS;

const FAN_BITS: u32 = 3;

/// The labels of the series for what there is no room for.
const OVERFLOW: &str = "overflow=\"true\"";
