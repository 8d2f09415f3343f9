//! Files as they were when they were accepted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use super::Listed;
use crate::{Algorithm, Entry};

/// Files as they were when they were accepted last: a list for a [`Guard`](crate::Guard) without a baseline.
#[derive(Debug, Default)]
pub struct Pins {
    algorithm: Algorithm,
    entries: RwLock<BTreeMap<PathBuf, Entry>>,
}

impl Pins {
    /// Creates an empty list with digests of an algorithm.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self { algorithm, entries: RwLock::default() }
    }

    /// Lists a file as it is, and returns what it was listed as before.
    ///
    /// The entry is that of [`Checked`](crate::Checked): the one whose bytes were judged.
    pub fn accept(&self, entry: Entry) -> Option<Entry> {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(entry.path.clone(), entry)
    }
}

impl Listed for Pins {
    fn entry(&self, path: &Path) -> Option<Entry> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
