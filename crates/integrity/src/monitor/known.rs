//! What was told of each path.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Algorithm, Change};

/// The state of each path that was told, or is about to be.
#[derive(Debug)]
pub(super) struct Known {
    of: BTreeMap<PathBuf, Told>,
    most: usize,
}

#[derive(Debug)]
struct Told {
    print: [u8; 16],
    at: Duration,
}

impl Known {
    pub(super) const fn new(most: usize) -> Self {
        Self { of: BTreeMap::new(), most }
    }

    /// Remembers a change; tells whether it is new.
    pub(super) fn learn(&mut self, now: Duration, change: &Change) -> bool {
        let print = fingerprint(change);
        if let Some(told) = self.of.get_mut(&change.path) {
            let is_new = told.print != print;
            *told = Told { print, at: now };
            return is_new;
        }
        if self.of.len() >= self.most {
            // Whichever it is, the next scan tells it again: too often rather than never.
            self.of.pop_first();
        }
        self.of.insert(change.path.clone(), Told { print, at: now });
        true
    }

    pub(super) fn forget(&mut self, path: &Path) {
        self.of.remove(path);
    }

    /// Tells whether something was learnt of a path after this time.
    pub(super) fn is_newer(&self, path: &Path, than: Duration) -> bool {
        self.of.get(path).is_some_and(|told| told.at > than)
    }

    /// Forgets what lies below a scope and is not among the paths that a scan found to differ, unless it was learnt
    /// after the scan began.
    pub(super) fn keep_below(&mut self, scope: &Path, started: Duration, paths: &BTreeSet<&Path>) {
        // Paths sort by component, so all that lies below a scope follows it.
        let below =
            self.of.range(scope.to_owned()..).take_while(|(path, _)| path.starts_with(scope));
        let is_gone = |(path, told): &(&PathBuf, &Told)| {
            told.at <= started && !paths.contains(path.as_path())
        };
        let gone: Vec<PathBuf> = below.filter(is_gone).map(|(path, _)| path.clone()).collect();
        for path in gone {
            self.of.remove(&path);
        }
    }
}

/// A digest of what the path became. 128 bits: who makes two states collide hides the second from the reports, not
/// from verification.
fn fingerprint(change: &Change) -> [u8; 16] {
    let mut text = change.kind.as_str().to_owned();
    for change in &change.fields {
        let value = change.new.as_ref().map_or_else(String::new, ToString::to_string);
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{}:{}:{value}", change.field, value.len());
    }
    let digest = Algorithm::Blake3.digest(text.as_bytes());
    let mut print = [0; 16];
    print.copy_from_slice(&digest.as_bytes()[..16]);
    print
}
