//! Names known to detectors, found without taking memory and, for most words of a text, with one look at a table.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// What is known of names, which are ASCII in lower case.
pub(crate) struct Lookup<T> {
    /// For each first letter, a bit for each length that a name has.
    lengths: [u64; 128],
    known: HashMap<&'static [u8], T, BuildHasherDefault<Fnv>>,
}

impl<T> Lookup<T> {
    /// Collects names; what `merge` makes of two counts where one is given twice.
    pub(crate) fn of(
        names: impl Iterator<Item = (&'static str, T)>,
        mut merge: impl FnMut(&mut T, T),
    ) -> Self {
        let mut lookup = Self { lengths: [0; 128], known: HashMap::default() };
        for (name, value) in names {
            let name = name.as_bytes();
            if let Some(bit) = bit(name) {
                lookup.lengths[usize::from(name[0] & 0x7f)] |= bit;
            }
            match lookup.known.get_mut(name) {
                Some(before) => merge(before, value),
                None => drop(lookup.known.insert(name, value)),
            }
        }
        lookup
    }

    /// Tells whether a name is known.
    pub(crate) fn has(&self, name: &[u8]) -> bool {
        self.get(name).is_some()
    }

    /// Returns what is known of a name, in whatever case it is written.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&T> {
        let first = usize::from(name.first()?.to_ascii_lowercase());
        if self.lengths.get(first)? & bit(name)? == 0 {
            return None;
        }
        let mut lower = [0; LONGEST];
        let lower = &mut lower[..name.len()];
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        self.known.get(&*lower)
    }
}

impl Lookup<()> {
    /// Collects the names of a list, which blanks separate.
    pub(crate) fn of_words(list: &'static str) -> Self {
        Self::of(list.split_ascii_whitespace().map(|name| (name, ())), |(), ()| {})
    }
}

fn bit(name: &[u8]) -> Option<u64> {
    (name.len() < LONGEST).then(|| 1 << name.len())
}

/// Fowler, Noll and Vo's hash. The names are ours, so nobody can choose them to collide.
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A bit for each length fits a word.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_nothing_else_is() {
        let names = [("alert", 1), ("cat", 2), ("alert", 3)];
        let lookup = Lookup::of(names.into_iter(), |before, value| *before += value);
        for (name, expected) in [
            ("alert", Some(4)),
            ("ALERT", Some(4)),
            ("Cat", Some(2)),
            ("cut", None),
            ("alerts", None),
            ("", None),
            ("\u{e9}t", None),
            (&"c".repeat(64), None),
            (&"c".repeat(100), None),
        ] {
            assert_eq!(lookup.get(name.as_bytes()).copied(), expected, "{name}");
        }
    }
}
