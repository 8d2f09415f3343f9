//! Which package a path belongs to, and which changes the packages' records explain.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use wardkit_cli::Report;
use wardkit_core::Timestamp;
use wardkit_integrity::{
    Acceptance, Algorithm, Baseline, Case, Change, Dpkg, Finding, Known as _, Ledger, Package,
    Policy, Ruling, Snapshot,
};

use crate::commands::{could_not_run, note};

/// The packages of this host, as far as they are asked for.
pub(super) struct Packages(Option<Ledger>);

impl Packages {
    pub(super) fn for_accepting(accept: &[Acceptance]) -> Result<Self, Report> {
        if !accept.iter().any(|what| matches!(what, Acceptance::Package(_))) {
            return Ok(Self(None));
        }
        let mut ledger = ledger(Algorithm::default());
        ledger.begin(None).map_err(could_not_run)?;
        Ok(Self(Some(ledger)))
    }

    /// Returns the name of the package that a path belongs to.
    pub(super) fn owner(&self, path: &Path) -> Option<String> {
        Some(self.0.as_ref()?.package_of(path)?.name)
    }
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
        // Without a database nothing is explained, which is what is reported then.
        if changes.is_empty() || changes.len() > MOST || !Path::new(DPKG).exists() {
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
        let mut ledger = ledger(baseline.algorithm());
        let started = Some(baseline.header().scan_started);
        ledger.begin(started)?;
        // Judging each change takes longer than finding out that no package changed.
        if ledger.assess(Duration::ZERO, &[]).0.packages.is_empty() {
            return Ok(Self::default());
        }
        ledger.begin(started)?;
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

    /// Returns the package that explains the change of this number.
    pub(super) fn explains(&self, number: usize) -> bool {
        self.of.get(number).is_some_and(Option::is_some)
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

fn ledger(algorithm: Algorithm) -> Ledger {
    Ledger::new(vec![Box::new(Dpkg::new("/"))], algorithm)
}

const DPKG: &str = "/var/lib/dpkg/status";

/// More than all files of all packages of a host; beyond that an upgrade is not what happened.
const MOST: usize = 500_000;
