//! Elements found by labels, or by some of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

use crate::{Element, Labels, Sample, Series};

/// Takes the hash that labels bring along.
pub(super) type Prehashed = BuildHasherDefault<Brought>;

#[derive(Debug, Default)]
pub(super) struct Brought(u64);

impl Hasher for Brought {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("labels and their hashes are numbers to a hasher")
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Which labels count: those listed, or all but those and the name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    pub(super) listed: bool,
    pub(super) labels: &'a [String],
}

impl Counted<'_> {
    pub(super) fn counts(self, name: &str) -> bool {
        let is_listed = self.labels.iter().any(|own| own == name);
        if self.listed { is_listed } else { !is_listed && name != Labels::NAME }
    }

    fn same(self, a: &Labels, b: &Labels) -> bool {
        a.same_of(b, |name| self.counts(name))
    }
}

/// Numbers for the different sets of labels that count, in the order of their first appearance.
#[derive(Debug)]
pub(super) struct Index<'a> {
    counted: Counted<'a>,
    numbers: HashMap<u64, usize, Prehashed>,
    /// What counts of each.
    keys: Vec<Labels>,
}

impl<'a> Index<'a> {
    pub(super) fn new(counted: Counted<'a>) -> Self {
        Self { counted, numbers: HashMap::default(), keys: Vec::new() }
    }

    /// Returns the number of these labels, a new one where they are new.
    pub(super) fn number(&mut self, labels: &Labels) -> usize {
        let counted = self.counted;
        let mut hash = self.hash(labels);
        loop {
            match self.numbers.entry(hash) {
                Entry::Occupied(entry) if counted.same(&self.keys[*entry.get()], labels) => {
                    return *entry.get();
                }
                // Two sets with one hash: the second lives next door.
                Entry::Occupied(_) => hash = hash.wrapping_add(1),
                Entry::Vacant(entry) => {
                    entry.insert(self.keys.len());
                    self.keys.push(self.key(labels));
                    return self.keys.len() - 1;
                }
            }
        }
    }

    pub(super) fn find(&self, labels: &Labels) -> Option<usize> {
        let mut hash = self.hash(labels);
        loop {
            let number = *self.numbers.get(&hash)?;
            if self.counted.same(&self.keys[number], labels) {
                return Some(number);
            }
            hash = hash.wrapping_add(1);
        }
    }

    pub(super) fn into_keys(self) -> Vec<Labels> {
        self.keys
    }

    fn hash(&self, labels: &Labels) -> u64 {
        if self.is_all_but_name() {
            return labels.without_name().cached_hash();
        }
        labels.hash_of(|name| self.counted.counts(name))
    }

    fn key(&self, labels: &Labels) -> Labels {
        if self.is_all_but_name() {
            return labels.without_name();
        }
        labels.filtered(|name| self.counted.counts(name))
    }

    fn is_all_but_name(&self) -> bool {
        !self.counted.listed && self.counted.labels.is_empty()
    }
}

/// Series that are put together step by step.
#[derive(Debug, Default)]
pub(super) struct ByLabels {
    numbers: HashMap<Labels, usize, Prehashed>,
    pub(super) series: Vec<Series>,
}

impl ByLabels {
    pub(super) fn add(&mut self, elements: &[Element], at_ms: i64) {
        for Element { labels, value } in elements {
            let sample = Sample::new(at_ms, *value);
            if let Some(number) = self.numbers.get(labels) {
                self.series[*number].samples.push(sample);
            } else {
                self.numbers.insert(labels.clone(), self.series.len());
                self.series.push(Series::new(labels.clone(), vec![sample]));
            }
        }
    }
}
