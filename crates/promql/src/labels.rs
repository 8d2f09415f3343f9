//! The labels of a series: shared, sorted, hashed once.

use std::cmp::Ordering;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hash, Hasher};
use std::sync::{Arc, OnceLock};

/// The labels of a series, its name among them as `__name__`.
///
/// Sorted by name, without empty values: to PromQL a label without a value is one that is not there. A clone costs an
/// increment, and so does hashing: thousands of series go through every operator of every rule.
#[derive(Clone)]
pub struct Labels(Arc<Inner>);

struct Inner {
    hash: u64,
    pairs: Box<[Pair]>,
    /// The same labels without the name, made when first asked for: `rate` wants them at each evaluation.
    nameless: OnceLock<Labels>,
}

type Pair = (Arc<str>, Arc<str>);

impl Labels {
    /// The label that holds the name of a metric.
    pub const NAME: &'static str = "__name__";

    /// Creates an empty set.
    #[must_use]
    pub fn new() -> Self {
        static EMPTY: OnceLock<Labels> = OnceLock::new();
        EMPTY.get_or_init(|| Self::from_sorted(Vec::new())).clone()
    }

    /// Returns the value of a label.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        // Sets are small: a walk beats a binary search.
        self.0.pairs.iter().find(|(own, _)| **own == *name).map(|(_, value)| &**value)
    }

    /// Returns the name of the metric.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.value(Self::NAME)
    }

    /// Returns the pairs, sorted by name.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.pairs.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Returns the number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.pairs.len()
    }

    /// Returns whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.pairs.is_empty()
    }

    /// Returns the labels without the name of the metric.
    #[must_use]
    pub fn without_name(&self) -> Self {
        if self.name().is_none() {
            return self.clone();
        }
        self.0.nameless.get_or_init(|| self.filtered(|name| name != Self::NAME)).clone()
    }

    /// Returns the labels with one set to `value`, or taken away where that is empty.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut pairs = self.0.pairs.to_vec();
        match pairs.binary_search_by(|(own, _)| (**own).cmp(name)) {
            Ok(at) if value.is_empty() => drop(pairs.remove(at)),
            Ok(at) => pairs[at].1 = value.into(),
            Err(_) if value.is_empty() => {}
            Err(at) => pairs.insert(at, (name.into(), value.into())),
        }
        Self::from_sorted(pairs)
    }

    /// Returns the labels whose names `keep` wants.
    #[must_use]
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        Self::from_sorted(self.0.pairs.iter().filter(|(name, _)| keep(name)).cloned().collect())
    }

    /// Hashes the pairs whose names `keep` wants: equal sets of kept pairs have equal hashes.
    pub(crate) fn hash_of(&self, mut keep: impl FnMut(&str) -> bool) -> u64 {
        hash_pairs(self.0.pairs.iter().filter(|(name, _)| keep(name)))
    }

    /// Whether the pairs whose names `keep` wants are the same in both.
    pub(crate) fn same_of(&self, other: &Self, keep: impl Fn(&str) -> bool) -> bool {
        let mine = self.0.pairs.iter().filter(|(name, _)| keep(name));
        mine.eq(other.0.pairs.iter().filter(|(name, _)| keep(name)))
    }

    pub(crate) fn cached_hash(&self) -> u64 {
        self.0.hash
    }

    fn from_sorted(pairs: Vec<Pair>) -> Self {
        let hash = hash_pairs(pairs.iter());
        Self(Arc::new(Inner { hash, pairs: pairs.into(), nameless: OnceLock::new() }))
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Labels {
    /// Collects pairs; a later one replaces an earlier one of the same name, and an empty value takes it away.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        let mut sorted: Vec<Pair> =
            pairs.map(|(name, value)| (name.as_ref().into(), value.as_ref().into())).collect();
        // Stable, so that the last of one name ends up last; reversed, so that it is the one that stays.
        sorted.reverse();
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        sorted.dedup_by(|next, kept| next.0 == kept.0);
        sorted.retain(|(_, value)| !value.is_empty());
        Self::from_sorted(sorted)
    }
}

impl From<&wardkit_core::Labels> for Labels {
    fn from(labels: &wardkit_core::Labels) -> Self {
        labels.iter().collect()
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.hash == other.0.hash && self.0.pairs == other.0.pairs)
    }
}

impl Eq for Labels {}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.pairs.cmp(&other.0.pairs)
    }
}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name}={value:?}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Hashes with keys of this process: values come from outside, and nobody shall choose which of them collide.
fn hash_pairs<'a>(pairs: impl Iterator<Item = &'a Pair>) -> u64 {
    static KEYS: OnceLock<RandomState> = OnceLock::new();
    let mut hasher = KEYS.get_or_init(RandomState::new).build_hasher();
    for (name, value) in pairs {
        hasher.write(name.as_bytes());
        hasher.write_u8(0xff);
        hasher.write(value.as_bytes());
        hasher.write_u8(0xff);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_are_labels_that_are_not_there() {
        let labels: Labels = [("b", "2"), ("a", "1"), ("c", ""), ("a", "3")].into_iter().collect();
        assert_eq!(labels.to_string(), r#"{a="3", b="2"}"#);
        assert_eq!(labels.with("a", "").to_string(), r#"{b="2"}"#);
        assert_eq!(labels.with("ab", "x").to_string(), r#"{a="3", ab="x", b="2"}"#);
    }

    #[test]
    fn equal_labels_have_equal_hashes() {
        let one: Labels = [("__name__", "up"), ("job", "x")].into_iter().collect();
        let two: Labels = [("job", "x")].into_iter().collect();
        assert_eq!(one.without_name(), two);
        assert_eq!(one.without_name().cached_hash(), two.cached_hash());
        assert_eq!(one.hash_of(|name| name == "job"), two.cached_hash());
        assert!(one.same_of(&two, |name| name == "job") && one != two);
    }
}
