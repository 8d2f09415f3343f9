//! Findings that were there before, and may only become fewer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::report::SCHEMA_VERSION;
use crate::{Error, Finding, Report, Status, Suppressed, SuppressedBy};

/// Findings that were there before, by their fingerprints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Baseline {
    schema_version: u32,
    findings: BTreeMap<String, Known>,
}

/// What a baseline keeps of a finding, for those who read the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    id: String,
    path: String,
}

/// How a report differs from a baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BaselineDiff {
    /// Findings that are not in it: fingerprint, check and path.
    pub new: Vec<[String; 3]>,
    /// Entries that nothing was found for.
    pub gone: Vec<[String; 3]>,
}

impl Baseline {
    /// Makes a baseline of what failed in a report.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let known = |one: &Finding| {
            (one.fingerprint.clone(), Known { id: one.id.clone(), path: one.path().to_owned() })
        };
        Self { schema_version: SCHEMA_VERSION, findings: failed(report).map(known).collect() }
    }

    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Json`] for what is none, and [`Error::Version`] for one of another version.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let baseline: Self = serde_json::from_str(text)
            .map_err(|source| Error::Json { what: "baseline", source })?;
        if baseline.schema_version == SCHEMA_VERSION {
            return Ok(baseline);
        }
        Err(Error::Version {
            what: "baseline",
            version: baseline.schema_version,
            known: SCHEMA_VERSION,
        })
    }

    /// Returns the text of the file, sorted, so that version control shows what went.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self);
        text.map(|text| text + "\n").unwrap_or_default()
    }

    /// Takes from a report what was there before.
    pub fn apply(&self, report: &mut Report) {
        let (before, new): (Vec<_>, Vec<_>) = std::mem::take(&mut report.findings)
            .into_iter()
            .partition(|one| one.status == Status::Fail && self.holds(one));
        report.findings = new;
        report.suppressed.extend(before.into_iter().map(|finding| Suppressed {
            finding,
            by: SuppressedBy::Baseline,
            reason: "in the baseline".to_owned(),
        }));
        report.settle();
    }

    /// Compares a report, to which it may have been applied.
    #[must_use]
    pub fn diff(&self, report: &Report) -> BaselineDiff {
        let found: BTreeMap<&str, &Finding> =
            failed(report).map(|one| (one.fingerprint.as_str(), one)).collect();
        let new = found.values().filter(|one| !self.holds(one));
        let gone = self.findings.iter().filter(|(print, _)| !found.contains_key(print.as_str()));
        BaselineDiff {
            new: new
                .map(|one| [one.fingerprint.clone(), one.id.clone(), one.path().to_owned()])
                .collect(),
            gone: gone
                .map(|(print, known)| [print.clone(), known.id.clone(), known.path.clone()])
                .collect(),
        }
    }

    /// Returns the baseline without the entries that nothing was found for. It never grows.
    #[must_use]
    pub fn pruned(&self, report: &Report) -> Self {
        let gone = self.diff(report).gone;
        let is_gone = |print: &String| gone.iter().any(|[one, ..]| one == print);
        let mut pruned = self.clone();
        pruned.findings.retain(|print, _| !is_gone(print));
        pruned
    }

    fn holds(&self, finding: &Finding) -> bool {
        self.findings.contains_key(&finding.fingerprint)
    }
}

/// What failed, also what the baseline itself took away.
fn failed(report: &Report) -> impl Iterator<Item = &Finding> {
    let before = report.suppressed.iter().filter(|one| one.by == SuppressedBy::Baseline);
    let found = report.findings.iter().filter(|one| one.status == Status::Fail);
    found.chain(before.map(|one| &one.finding))
}
