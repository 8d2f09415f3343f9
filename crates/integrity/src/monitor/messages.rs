//! What goes into a monitor and what comes out of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Clock, Severity, Timestamp};

use crate::{Batch, Change, Entry, Finding, Package, PackageChange, Report, Ruling};

/// What happens at which time: a point on the clock that never runs backwards, and the wall time to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Time that never runs backwards.
    pub uptime: Duration,
    /// Wall time.
    pub wall: Timestamp,
}

impl Moment {
    /// Reads a clock.
    #[must_use]
    pub fn of(clock: &dyn Clock) -> Self {
        Self { uptime: clock.uptime(), wall: clock.now() }
    }
}

/// What a look at a path found: a change from the baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// The change.
    pub change: Change,
    /// What the path is now; `None` when it is gone.
    pub entry: Option<Entry>,
    /// The rule of the policy that has it watched.
    pub rule: Option<String>,
    /// How much the rule says that a change matters.
    pub severity: Severity,
}

impl Observation {
    /// Creates an observation that no rule makes less of: an error.
    #[must_use]
    pub const fn new(change: Change, entry: Option<Entry>) -> Self {
        Self { change, entry, rule: None, severity: Severity::Error }
    }

    /// Sets the rule and how much it says that a change matters.
    #[must_use]
    pub fn with_rule(mut self, rule: impl Into<String>, severity: Severity) -> Self {
        self.rule = Some(rule.into());
        self.severity = severity;
        self
    }
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// A watch named what was touched, and what it could not see.
    Watched(Batch),
    /// The answer to [`Action::Inspect`]: the change, or `None` where the path is as the baseline says.
    Inspected {
        /// The path.
        path: PathBuf,
        /// What was found.
        observation: Option<Box<Observation>>,
    },
    /// A scan is complete, one that was asked for or any other.
    ScanFinished {
        /// What was scanned.
        scope: PathBuf,
        /// When it began, on the clock that never runs backwards. What was inspected since is newer.
        started: Duration,
        /// All that differs from the baseline.
        observations: Vec<Observation>,
    },
    /// A scan could not be done.
    ScanFailed {
        /// What was to be scanned.
        scope: PathBuf,
        /// Why it could not be.
        reason: String,
    },
    /// The answer to [`Action::Assess`].
    Assessed {
        /// Which.
        batch: u64,
        /// What the package databases say.
        assessment: Assessment,
    },
    /// The first baseline was made.
    BaselineCreated {
        /// How many paths it holds.
        entries: u64,
        /// How many of them could not be read.
        unreadable: u64,
    },
    /// Changes were accepted into the baseline.
    Accepted {
        /// The new generation.
        generation: u64,
        /// The paths.
        paths: Vec<PathBuf>,
    },
    /// Nothing but time passed.
    Tick,
}

/// What to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// Look at a path and compare it with the baseline.
    Inspect(PathBuf),
    /// Scan what lies here.
    Rescan(PathBuf),
    /// A change that nobody has judged yet, at the moment that it is known.
    Detected(Box<Finding>),
    /// Ask the package databases about these.
    Assess {
        /// Which, for the answer.
        batch: u64,
        /// The changes.
        cases: Arc<[Case]>,
    },
    /// Tell the operator.
    Report(Report),
}

/// A finding with what the path is now, for whoever judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Case {
    /// The finding.
    pub finding: Finding,
    /// What the path is now; `None` when it is gone.
    pub entry: Option<Entry>,
    /// When it was first seen, on the clock that never runs backwards.
    pub since: Duration,
}

impl Case {
    /// Creates a case.
    #[must_use]
    pub const fn new(finding: Finding, entry: Option<Entry>, since: Duration) -> Self {
        Self { finding, entry, since }
    }
}

/// What the package databases say of a batch of cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// The packages that changed.
    pub packages: Vec<PackageChange>,
    /// A verdict for each case, in their order. Cases without one are [`Ruling::Unassessed`].
    pub verdicts: Vec<Verdict>,
}

/// What the package databases say of one case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// What they say.
    pub ruling: Ruling,
    /// The package that the path belongs to.
    pub package: Option<Package>,
}
