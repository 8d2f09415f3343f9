//! Which changes the packages' records explain.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use wardkit_cli::Report;
use wardkit_core::Timestamp;
use wardkit_integrity::{
    Acceptance, Baseline, Case, Change, Dpkg, Finding, Known as _, Ledger, Package, Policy, Ruling,
    Snapshot,
};

use crate::commands::{could_not_run, note};

/// Checks that there is somebody to ask where somebody accepts by package.
pub(super) fn check(accept: &[Acceptance]) -> Result<(), Report> {
    let is_asked = accept.iter().any(|what| matches!(what, Acceptance::Package(_)));
    if is_asked && !Path::new(DPKG).exists() {
        return Err(could_not_run(format!("no package database to ask: there is no {DPKG}"))
            .with_hint("accept by path: --accept path:/DIRECTORY"));
    }
    Ok(())
}

/// What upgrades since a baseline explain.
#[derive(Default)]
pub(super) struct Upgrades {
    /// For each change the package whose new record says the same, in their order. Empty when there is none.
    of: Vec<Option<Package>>,
}

impl Upgrades {
    /// Asks the records of packages that changed since the baseline.
    pub(super) fn since(
        baseline: &Baseline,
        policy: &Policy,
        now: &Snapshot,
        changes: &[Change],
    ) -> Self {
        let started = baseline.header().scan_started;
        // Reading the database takes longer than finding out that no package changed since.
        let is_later = |list: &Metadata| {
            (list.ctime(), list.ctime_nsec()) >= (started.seconds, i64::from(started.nanos))
        };
        let has_changed = || fs::metadata(DPKG).is_ok_and(|list| is_later(&list));
        if changes.is_empty() || changes.len() > MOST || !has_changed() {
            return Self::default();
        }
        Self::ask(baseline, policy, now, changes).unwrap_or_else(|error| {
            note(&format!("the packages' records explain nothing: {error}"));
            Self::default()
        })
    }

    fn ask(
        baseline: &Baseline,
        policy: &Policy,
        now: &Snapshot,
        changes: &[Change],
    ) -> Result<Self, wardkit_integrity::Error> {
        let mut ledger = Ledger::new(vec![Box::new(Dpkg::new("/"))], baseline.algorithm());
        ledger.begin(Some(baseline.header().scan_started))?;
        let case = |change: &Change| {
            let severity = policy.rule(&change.path).severity();
            let finding = Finding::new(change.clone(), severity, Timestamp::UNIX_EPOCH);
            Case::new(finding, now.entry(&change.path), Duration::ZERO)
        };
        let cases: Vec<Case> = changes.iter().map(case).collect();
        let (assessment, errors) = ledger.assess(Duration::ZERO, &cases);
        if let Some(error) = errors.into_iter().next() {
            return Err(error);
        }
        let vouched = assessment
            .verdicts
            .into_iter()
            .map(|verdict| verdict.package.filter(|_| verdict.ruling == Ruling::Vouched));
        Ok(Self { of: vouched.collect() })
    }

    /// Returns the name of the package that explains the change of this number.
    pub(super) fn package(&self, number: usize) -> Option<&str> {
        self.of.get(number)?.as_ref().map(|package| package.name.as_str())
    }

    /// Returns how many changes each package explains.
    pub(super) fn counts(&self) -> BTreeMap<&Package, usize> {
        let mut counts = BTreeMap::new();
        for package in self.of.iter().flatten() {
            *counts.entry(package).or_default() += 1;
        }
        counts
    }

    pub(super) fn json(&self) -> Value {
        let one = |(package, count): (&Package, usize)| {
            json!({
                "source": package.source,
                "name": package.name,
                "version": package.version,
                "explains": count,
            })
        };
        self.counts().into_iter().map(one).collect()
    }
}

const DPKG: &str = "/var/lib/dpkg/status";

/// More than all files of all packages of a host; beyond that an upgrade is not what happened.
const MOST: usize = 500_000;
