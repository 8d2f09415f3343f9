//! What is told of a change: how bad, who, of which package, and with which others.

mod acceptance;
mod event;

use std::fmt;
use std::path::PathBuf;

use wardkit_core::{Severity, Timestamp};

pub use self::acceptance::Acceptance;
use crate::{Actor, Change, LostReason};

/// A change with all that is known about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Finding {
    /// What changed, from the baseline to what it is now.
    pub change: Change,
    /// How much it matters.
    pub severity: Severity,
    /// What the package databases say of it.
    pub ruling: Ruling,
    /// The rule of the policy that has it watched, where there is one.
    pub rule: Option<String>,
    /// The package that the path belongs to.
    pub package: Option<Package>,
    /// Who touched the path, [`Finding::MOST_ACTORS`] at most: beyond that somebody may be missing.
    pub actors: Vec<Actor>,
    /// When it was first seen.
    pub at: Timestamp,
    /// How many other states of the path were seen and are told with this one.
    pub superseded: u64,
    /// Whether the path is as the baseline says, by now.
    pub outcome: Outcome,
}

impl Finding {
    /// How many actors are kept.
    pub const MOST_ACTORS: usize = 8;

    /// Creates a finding that nobody has judged.
    #[must_use]
    pub const fn new(change: Change, severity: Severity, at: Timestamp) -> Self {
        Self {
            change,
            severity,
            ruling: Ruling::Unassessed,
            rule: None,
            package: None,
            actors: Vec::new(),
            at,
            superseded: 0,
            outcome: Outcome::Lasting,
        }
    }

    /// Returns how many changes it stands for: itself and those that it superseded.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.superseded.saturating_add(1)
    }
}

/// How a change ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The path is still other than the baseline says.
    #[default]
    Lasting,
    /// The path was other for a while and is as before.
    Reverted,
}

/// A package, and the database that knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Package {
    /// The database: `dpkg`, `pip`, `npm`, …
    pub source: String,
    /// The name, as the database spells it.
    pub name: String,
    /// The version.
    pub version: String,
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A package's author chooses its name and its version: what would steer a terminal is escaped.
        write!(f, "{} {}", self.name.escape_debug(), self.version.escape_debug())
    }
}

/// A package that was installed, removed, or replaced by another version or by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PackageChange {
    /// The database: `dpkg`, `pip`, `npm`, …
    pub source: String,
    /// The name, as the database spells it.
    pub name: String,
    /// The version before, where it was installed.
    pub old: Option<String>,
    /// The version now, where it is installed.
    pub new: Option<String>,
}

impl fmt::Display for PackageChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.name.escape_debug())?;
        match (&self.old, &self.new) {
            (Some(old), Some(new)) if old == new => {
                write!(f, "{} again", new.escape_debug())
            }
            (Some(old), Some(new)) => {
                write!(f, "{} -> {}", old.escape_debug(), new.escape_debug())
            }
            (None, Some(new)) => write!(f, "{} installed", new.escape_debug()),
            (Some(old), None) => write!(f, "{} removed", old.escape_debug()),
            (None, None) => f.write_str("unknown"),
        }
    }
}

/// What the package databases say of a change. Only [`Ruling::Vouched`] makes it less than its rule says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Ruling {
    /// Nobody asked them.
    #[default]
    Unassessed,
    /// A package's record changed in the same transaction, and the path is what the new record says.
    Vouched,
    /// No package knows the path.
    Unlisted,
    /// A package knows the path, but did not change.
    RecordUnchanged,
    /// The package changed, and the path is not what its record says.
    Differs,
    /// The record says nothing of what changed: an owner, permission bits, a capability, inode flags.
    BeyondRecord,
    /// The record lists the path and says nothing of its content.
    ContentUnknown,
    /// The record agrees as far as it goes, but others than its trusted owner may write it.
    RecordExposed,
    /// Somebody wrote the path who does not descend from the package manager.
    ForeignWriter,
    /// The package manager is still at work; it is too early to tell.
    Pending,
}

impl Ruling {
    /// Returns the name: `vouched`, `record-unchanged`, …
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unassessed => "unassessed",
            Self::Vouched => "vouched",
            Self::Unlisted => "unlisted",
            Self::RecordUnchanged => "record-unchanged",
            Self::Differs => "differs",
            Self::BeyondRecord => "beyond-record",
            Self::ContentUnknown => "content-unknown",
            Self::RecordExposed => "record-exposed",
            Self::ForeignWriter => "foreign-writer",
            Self::Pending => "pending",
        }
    }
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Several findings that are told as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Group {
    /// What they have in common.
    pub cause: Cause,
    /// The highest of them.
    pub severity: Severity,
    /// How many changes it stands for, listed or not.
    pub count: u64,
    /// The findings, as many as are kept.
    pub findings: Vec<Finding>,
    /// When the first of them was seen.
    pub at: Timestamp,
}

impl Group {
    /// Creates an empty group.
    #[must_use]
    pub const fn new(cause: Cause, at: Timestamp) -> Self {
        Self { cause, severity: Severity::Info, count: 0, findings: Vec::new(), at }
    }

    /// Adds a finding. It is counted in any case, and listed while there are fewer than `most`.
    pub fn add(&mut self, finding: Finding, most: usize) {
        self.count = self.count.saturating_add(finding.count());
        self.severity = self.severity.max(finding.severity);
        self.at = self.at.min(finding.at);
        if self.findings.len() < most {
            self.findings.push(finding);
        }
    }

    /// Takes in another group, as [`Group::add`] does each of its findings.
    pub fn merge(&mut self, other: Self, most: usize) {
        self.count = self.count.saturating_add(other.count);
        self.severity = self.severity.max(other.severity);
        self.at = self.at.min(other.at);
        let room = most.saturating_sub(self.findings.len());
        self.findings.extend(other.findings.into_iter().take(room));
    }
}

/// What the findings of a [`Group`] have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// One transaction of a package manager.
    Packages(Vec<PackageChange>),
    /// The program that wrote them.
    Program(PathBuf),
    /// The directory that they lie below.
    Below(PathBuf),
    /// The rule that found them, more often than it may report.
    Rule(String),
}

/// What an operator is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Report {
    /// One change.
    Finding(Box<Finding>),
    /// Several changes.
    Group(Group),
    /// Some changes may not have been seen; what lies below is scanned again.
    WatchLost {
        /// Where.
        scope: PathBuf,
        /// Why.
        reason: LostReason,
        /// When.
        at: Timestamp,
    },
    /// A scan ended.
    ScanFinished {
        /// What was scanned.
        scope: PathBuf,
        /// How many paths are other than the baseline says.
        changes: u64,
        /// When.
        at: Timestamp,
    },
    /// A scan could not be done. It is tried again.
    ScanFailed {
        /// What was to be scanned.
        scope: PathBuf,
        /// Why it could not be.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// The first baseline was made. Nothing can have changed yet.
    BaselineCreated {
        /// How many paths it holds.
        entries: u64,
        /// How many of them could not be read.
        unreadable: u64,
        /// When.
        at: Timestamp,
    },
    /// Somebody accepted changes into the baseline.
    BaselineAccepted {
        /// The generation that holds them.
        generation: u64,
        /// How many paths.
        count: u64,
        /// When.
        at: Timestamp,
    },
}

impl Report {
    /// Returns how many changes it stands for.
    #[must_use]
    pub const fn count(&self) -> u64 {
        match self {
            Self::Finding(finding) => finding.count(),
            Self::Group(group) => group.count,
            _ => 0,
        }
    }

    /// Returns how much it matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Finding(finding) => finding.severity,
            Self::Group(group) => group.severity,
            Self::WatchLost { reason, .. } => match reason {
                LostReason::Started | LostReason::Polled => Severity::Info,
                _ => Severity::Warning,
            },
            Self::ScanFailed { .. } => Severity::Error,
            Self::ScanFinished { .. } => Severity::Info,
            Self::BaselineCreated { .. } | Self::BaselineAccepted { .. } => Severity::Notice,
        }
    }
}
