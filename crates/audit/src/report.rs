//! What an audit found, all of it.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::{Check, EngineKind, Error, Finding, Severity, Status, fingerprint};

/// What an audit found. Two audits of the same content are equal, to the byte of every rendering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Report {
    /// The version of this form. It rises when a field goes or changes its meaning.
    pub schema_version: u32,
    /// The engines that looked.
    pub engines: Vec<EngineKind>,
    /// How often each thing happened.
    pub totals: Totals,
    /// How each check ended, by its name.
    pub checks: Vec<Outcome>,
    /// What is to be looked at, the gravest first.
    pub findings: Vec<Finding>,
    /// What was found and is not to be told.
    pub suppressed: Vec<Suppressed>,
    /// What was not looked at, and why.
    pub notes: Vec<Note>,
    /// The checks that ran.
    #[serde(skip)]
    pub catalogue: Vec<Check>,
}

/// The version of the report's form.
pub(crate) const SCHEMA_VERSION: u32 = 1;

impl Report {
    /// Reads a report that was rendered as JSON; the catalogue is not in it.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Json`] for what is no report, and [`Error::Version`] for one of another version.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let report: Self =
            serde_json::from_str(text).map_err(|source| Error::Json { what: "report", source })?;
        if report.schema_version == SCHEMA_VERSION {
            return Ok(report);
        }
        Err(Error::Version {
            what: "report",
            version: report.schema_version,
            known: SCHEMA_VERSION,
        })
    }

    /// Makes a report of what something else than an [`Audit`](crate::Audit) found, so that it is rendered alike. Every
    /// check of the catalogue ran.
    #[must_use]
    pub fn of(catalogue: Vec<Check>, mut findings: Vec<Finding>) -> Self {
        fingerprint::assign(&mut findings);
        let status = |check: &Check| {
            let found = findings.iter().filter(|finding| finding.id == check.id);
            found.map(|finding| finding.status).max().unwrap_or(Status::Pass)
        };
        let ended = |check: &Check| Outcome::new(&*check.id, status(check), Vec::new());
        let mut report = Self {
            schema_version: SCHEMA_VERSION,
            engines: catalogue.iter().map(|check| check.engine).collect(),
            totals: Totals::default(),
            checks: catalogue.iter().map(ended).collect(),
            findings,
            suppressed: Vec::new(),
            notes: Vec::new(),
            catalogue,
        };
        report.engines.sort_unstable();
        report.engines.dedup();
        report.settle();
        report
    }

    /// Returns the JSON Schema of the report.
    #[cfg(feature = "schema")]
    #[must_use]
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Self)
    }

    /// Decides whether the audited thing is as it should be. What was found decides before what could not be looked at.
    #[must_use]
    pub fn verdict(&self, fail_on: Severity, gaps: Gaps) -> Verdict {
        let is_grave =
            |finding: &Finding| finding.status == Status::Fail && finding.severity >= fail_on;
        if self.findings.iter().any(is_grave) {
            Verdict::Findings
        } else if gaps == Gaps::Matter && !self.is_complete() {
            Verdict::Incomplete
        } else {
            Verdict::Clean
        }
    }

    /// Whether everything was looked at.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.checks.iter().all(|check| check.status != Status::Unknown)
            && self.notes.iter().all(|note| note.kind == NoteKind::Skipped)
    }

    /// Returns the findings in the order in which to put them right: by severity over effort, both from one to four.
    #[must_use]
    pub fn roadmap(&self) -> Vec<&Finding> {
        let mut ordered: Vec<&Finding> = self.findings.iter().collect();
        // Compared as fractions, without dividing: a/b > c/d where a*d > c*b; 12 is divisible by each effort.
        let worth = |one: &Finding| (one.severity as u32 + 1) * 12 / (one.effort as u32 + 1);
        ordered
            .sort_by_key(|one| (Reverse(one.status), Reverse(worth(one)), Reverse(one.severity)));
        ordered
    }

    /// Sorts, and counts. What renders a report may rely on the order.
    pub(crate) fn settle(&mut self) {
        self.checks.sort_by(|a, b| a.id.cmp(&b.id));
        self.findings.sort_by(|a, b| order(a).cmp(&order(b)));
        self.suppressed.sort_by(|a, b| order(&a.finding).cmp(&order(&b.finding)));
        self.notes.sort();
        self.notes.dedup();
        let mut totals = Totals { suppressed: self.suppressed.len(), ..Totals::default() };
        for finding in self.findings.iter().filter(|one| one.status == Status::Fail) {
            *match finding.severity {
                Severity::Critical => &mut totals.critical,
                Severity::High => &mut totals.high,
                Severity::Medium => &mut totals.medium,
                Severity::Low => &mut totals.low,
            } += 1;
        }
        for check in &self.checks {
            match check.status {
                Status::Pass => totals.passed += 1,
                Status::Manual => totals.manual += 1,
                Status::Unknown => totals.unknown += 1,
                Status::NotApplicable | Status::Fail => {}
            }
        }
        totals.files = self.totals.files;
        self.totals = totals;
    }
}

fn order(finding: &Finding) -> impl Ord + '_ {
    (
        Reverse(finding.status),
        Reverse(finding.severity),
        &finding.id,
        &finding.files,
        &finding.fingerprint,
        &finding.current,
    )
}

/// How often each thing happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Totals {
    /// Files that were read.
    pub files: usize,
    /// Findings that are critical.
    pub critical: usize,
    /// Findings that are high.
    pub high: usize,
    /// Findings that are medium.
    pub medium: usize,
    /// Findings that are low.
    pub low: usize,
    /// Findings that are not told.
    pub suppressed: usize,
    /// Checks that passed.
    pub passed: usize,
    /// Checks that a person has to decide.
    pub manual: usize,
    /// Checks that could not look.
    pub unknown: usize,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Outcome {
    /// The check.
    pub id: String,
    /// How it ended.
    pub status: Status,
    /// What was seen.
    pub evidence: Vec<String>,
}

impl Outcome {
    /// Creates the outcome of a check.
    #[must_use]
    pub fn new(id: impl Into<String>, status: Status, evidence: Vec<String>) -> Self {
        Self { id: id.into(), status, evidence }
    }
}

/// A finding that is not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// Where somebody said so.
    pub by: SuppressedBy,
    /// Why.
    pub reason: String,
}

/// Where somebody said that a finding is not to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SuppressedBy {
    /// In a comment beside it.
    Comment,
    /// In the settings.
    Settings,
    /// It is in the baseline.
    Baseline,
    /// It is on no line that changed.
    Unchanged,
}

impl SuppressedBy {
    /// Returns the name, as reports print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Settings => "settings",
            Self::Baseline => "baseline",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Something that was not looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Note {
    /// The path from the root; empty for what has none.
    pub path: String,
    /// Whether the audit lacks it.
    pub kind: NoteKind,
    /// Why.
    pub message: String,
}

impl Note {
    /// Creates a note.
    #[must_use]
    pub fn new(kind: NoteKind, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), kind, message: message.into() }
    }
}

/// Whether the audit lacks what was not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NoteKind {
    /// No: nobody would want it looked at.
    Skipped,
    /// Yes: it should have been looked at, and could not.
    Unread,
}

/// Whether what could not be looked at makes an audit fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gaps {
    /// It does.
    Matter,
    /// It does not.
    Allowed,
}

/// Whether what was audited is as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is.
    Clean,
    /// It is not.
    Findings,
    /// Nobody knows: not everything was looked at.
    Incomplete,
}
