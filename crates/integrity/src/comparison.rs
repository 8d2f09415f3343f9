//! What is, beside what a baseline says, by the rules of a policy.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::selection::is_below_any;
use crate::{
    Around, Baseline, Change, Entry, Fault, Fields, Outside, Policy, Selection as _, Snapshot,
    Take, compare_entries, inspect, join,
};

/// Compares what is with what a baseline says, by the rules of a policy.
#[derive(Clone, Debug)]
#[must_use]
pub struct Comparison<'a> {
    baseline: &'a Baseline,
    policy: &'a Policy,
    /// Directories that are left out whatever the policy says.
    exclude: Cow<'a, [PathBuf]>,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compared {
    /// What is other than the baseline says, in the order of paths.
    pub changes: Vec<Change>,
    /// What could not be looked at in full, whether or not that is news.
    pub faulty: Vec<Faulty>,
}

/// A path that could not be looked at in full.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Faulty {
    /// The absolute path.
    pub path: PathBuf,
    /// Why not.
    pub fault: Fault,
}

impl Faulty {
    /// Returns the path and the fault of an entry that has one.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        entry.fault.map(|fault| Self { path: entry.path.clone(), fault })
    }
}

impl<'a> Comparison<'a> {
    /// Puts baseline and policy side by side.
    pub const fn new(baseline: &'a Baseline, policy: &'a Policy) -> Self {
        Self { baseline, policy, exclude: Cow::Borrowed(&[]) }
    }

    /// Leaves out directories with all below them: those where the baseline itself is kept, which has its signature.
    pub fn with_exclude(mut self, exclude: impl Into<Cow<'a, [PathBuf]>>) -> Self {
        self.exclude = exclude.into();
        self
    }

    /// Compares a scan, as far as its roots reach.
    #[must_use]
    pub fn of_snapshot(&self, now: &Snapshot) -> Compared {
        let mut compared = Compared::default();
        for (old, new) in join(self.below(now.roots()), now.entries()) {
            if let Some(change) = self.change(old.as_ref(), new.as_ref(), Some(now)) {
                compared.changes.push(change);
            }
            compared.faulty.extend(new.as_ref().and_then(Faulty::of));
        }
        compared
    }

    /// Compares one path with what it is now: nothing when it is not there.
    #[must_use]
    pub fn of_path(&self, path: &Path, now: Option<&Entry>) -> Option<Change> {
        self.change(self.baseline.entry(path).as_ref(), now, None)
    }

    /// Looks at one path, compares it, and returns what changed with what it is now: nothing when it is not there.
    #[must_use]
    pub fn inspect(&self, path: &Path) -> Option<(Change, Option<Entry>)> {
        let old = self.baseline.entry(path);
        let selection = Outside::new(self.policy, &self.exclude);
        let algorithm = self.baseline.algorithm();
        // What it is decides what is taken of it, and that is known only after a first look.
        let mut now = inspect(path, algorithm, Take::Metadata, None);
        if let Some(entry) = &now {
            now = match selection.take(path, entry.kind) {
                Take::Skip => None,
                Take::Metadata => now,
                take => inspect(path, algorithm, take, old.as_ref()),
            };
        }
        self.change(old.as_ref(), now.as_ref(), None).map(|change| (change, now))
    }

    /// Returns the entries of the next baseline: for each path what it is now where `accept` says so or nothing
    /// changed, and otherwise what it was. Outside of the scan's roots everything stays.
    pub fn accepted<'s>(
        &'s self,
        now: &'s Snapshot,
        accept: impl Fn(&Change) -> bool + 's,
    ) -> impl Iterator<Item = Entry> + 's {
        join(self.baseline.entries(), now.entries()).filter_map(move |(old, new)| {
            let is_in_reach = |entry: &Entry| is_below_any(&entry.path, now.roots());
            if new.is_none() && !old.as_ref().is_some_and(is_in_reach) {
                return old;
            }
            match self.change(old.as_ref(), new.as_ref(), Some(now)) {
                Some(change) if !accept(&change) => old,
                _ => new,
            }
        })
    }

    fn change(
        &self,
        old: Option<&Entry>,
        new: Option<&Entry>,
        scan: Option<&Snapshot>,
    ) -> Option<Change> {
        let fields = [old, new].into_iter().flatten().fold(Fields::NONE, |fields, entry| {
            let excluded = is_below_any(&entry.path, &self.exclude);
            let own =
                if excluded { Fields::NONE } else { self.policy.fields(&entry.path, entry.kind) };
            fields.union(own)
        });
        let change = compare_entries(old, new, fields)?;
        let around = Around::new(self.baseline);
        // What the scan has read need not be read again, as far as it has seen the whole directory.
        let directory = change.path.parent();
        let seen =
            |scan: &&Snapshot| directory.is_some_and(|path| is_below_any(path, scan.roots()));
        let around = scan.filter(seen).map_or(around, |scan| around.with_scan(scan));
        self.policy.judge(change, old, new, &around)
    }

    fn below<'s>(&'s self, roots: &'s [PathBuf]) -> impl Iterator<Item = Entry> + 's {
        let is_whole = self.baseline.header().roots.iter().all(|root| is_below_any(root, roots));
        self.baseline.entries().filter(move |entry| is_whole || is_below_any(&entry.path, roots))
    }
}
