use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Finding, Severity};
use crate::engine::{Error, Observer, Repository};
use crate::format::Id;

/// What a check found, and how much it looked at.
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use = "the repository may be damaged"]
pub struct CheckReport {
    /// The first [`LISTED`](Self::LISTED) findings of each severity.
    pub findings: Vec<Finding>,
    /// How many findings are damage.
    pub damaged: u64,
    /// How many objects could not be read.
    pub unreadable: u64,
    /// How many findings are notes.
    pub notes: u64,
    /// The snapshots that are whole files, by their ids: for whoever remembers which were there. What they need may be
    /// damaged.
    pub snapshots: Vec<Id>,
    /// How many index files there are.
    pub indexes: u64,
    /// How many packs there are.
    pub packs: u64,
    /// How many blobs the index knows.
    pub blobs: u64,
    /// How many different trees were read.
    pub trees: u64,
    /// The packs that were read whole, and are.
    pub proven: Vec<Id>,
    /// How many bytes of packs were read for it.
    pub bytes: u64,
}

/// What a check found in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever asks must answer each")]
pub enum CheckOutcome {
    /// What was looked at is whole.
    Clean,
    /// Something is lost, or was altered.
    Damaged,
    /// No damage was found, but not everything could be read.
    Unreadable,
}

impl CheckReport {
    /// How many findings of each severity are listed; the rest is counted.
    pub const LISTED: u64 = 10_000;

    /// What was found in all.
    #[must_use]
    pub const fn outcome(&self) -> CheckOutcome {
        match (self.damaged, self.unreadable) {
            (0, 0) => CheckOutcome::Clean,
            (0, _) => CheckOutcome::Unreadable,
            _ => CheckOutcome::Damaged,
        }
    }

    /// Notes what was found.
    pub(super) fn add(&mut self, finding: Finding) {
        let count = match finding.severity() {
            Severity::Damage => &mut self.damaged,
            Severity::Unreadable => &mut self.unreadable,
            Severity::Note => &mut self.notes,
        };
        *count += 1;
        if *count <= Self::LISTED {
            self.findings.push(finding);
        }
    }
}

/// What all parts of a check share.
pub(super) struct Check<'a, R> {
    pub(super) repository: &'a Repository<R>,
    pub(super) observer: &'a dyn Observer,
    report: Mutex<CheckReport>,
}

impl<'a, R> Check<'a, R> {
    pub(super) fn begin(repository: &'a Repository<R>, observer: &'a dyn Observer) -> Self {
        Self { repository, observer, report: Mutex::default() }
    }

    pub(super) fn end(self) -> CheckReport {
        let mut report = self.report.into_inner().unwrap_or_else(PoisonError::into_inner);
        report.proven.sort_unstable();
        report.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
        report
    }

    pub(super) fn report(&self) -> MutexGuard<'_, CheckReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn find(&self, finding: Finding) {
        self.report().add(finding);
    }

    pub(super) fn go_on(&self) -> Result<(), Error> {
        if self.observer.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}
