//! What is done when a host is gone, step by step; and the same steps as a rehearsal, which a drill is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{Access, access};
use serde::{Deserialize, Serialize};
use wardkit_process::{Account, Limit};

use super::report::shorten;
use super::{Probe as _, RestoredTree, StartCommand, Verdict};

/// What is done when a host is gone: the snapshot is restored, proven, and what works with it is started and asked.
///
/// A [`Drill`](super::Drill) does the same steps in a place of its own: a rehearsal, in which programs are only looked
/// for, unless a step says that it may be rehearsed.
#[derive(Clone, Debug)]
pub struct Runbook {
    steps: Vec<Step>,
}

/// A step of a [`Runbook`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// Restores the snapshot.
    Restore,
    /// Compares each file with what was read for the backup, and asks the probes.
    Verify,
    /// Runs a program that starts again what works with the files.
    Restart(Action),
    /// Runs a program that tells by its end whether all works.
    HealthCheck(Action),
}

/// A program of a step: it has to end with 0 within its time.
#[derive(Clone, Debug)]
pub struct Action {
    command: Vec<OsString>,
    directory: PathBuf,
    within: Duration,
    account: Option<Account>,
    limits: Vec<Limit>,
    is_rehearsed: bool,
}

/// Steps that prove nothing in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the runbook {0}")]
pub struct RunbookError(&'static str);

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// Which step: `restore`, `health-check /usr/bin/curl`.
    pub step: String,
    /// Whether it was done.
    pub mode: StepMode,
    /// How it went.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Whether a step was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StepMode {
    /// It was.
    Ran,
    /// It was looked at whether it could be.
    Checked,
    /// A step before it failed.
    Skipped,
}

/// Where steps are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// Where nothing else works with the files.
    Scratch,
    /// Where the files belong.
    Live,
}

impl Default for Runbook {
    /// Restores and verifies.
    fn default() -> Self {
        Self { steps: vec![Step::Restore, Step::Verify] }
    }
}

impl Runbook {
    /// Takes steps in their order.
    ///
    /// # Errors
    ///
    /// When they do not begin with one [`Step::Restore`], or run a program before a [`Step::Verify`].
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Result<Self, RunbookError> {
        let steps: Vec<Step> = steps.into_iter().collect();
        let restores = steps.iter().filter(|step| matches!(step, Step::Restore)).count();
        if restores != 1 || !matches!(steps.first(), Some(Step::Restore)) {
            return Err(RunbookError("has to begin with the one step that restores"));
        }
        let first = |wanted: fn(&Step) -> bool| steps.iter().position(wanted);
        let verifies = first(|step| matches!(step, Step::Verify));
        let runs = first(|step| matches!(step, Step::Restart(_) | Step::HealthCheck(_)));
        match (verifies, runs) {
            (None, _) => Err(RunbookError("has to verify what it restored")),
            (Some(verifies), Some(runs)) if runs < verifies => {
                Err(RunbookError("has to verify before it runs a program"))
            }
            _ => Ok(Self { steps }),
        }
    }

    /// The steps, in their order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl Step {
    /// Which step it is, for the report.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Restore => "restore".to_owned(),
            Self::Verify => "verify".to_owned(),
            Self::Restart(action) => format!("restart {}", action.program()),
            Self::HealthCheck(action) => format!("health-check {}", action.program()),
        }
    }
}

impl Action {
    /// A program with its arguments, started in `directory`, a path of the host, without a shell.
    #[must_use]
    pub fn new<I>(command: I, directory: impl Into<PathBuf>, within: Duration) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        Self {
            command: command.into_iter().map(Into::into).collect(),
            directory: directory.into(),
            within,
            account: None,
            limits: Vec::new(),
            is_rehearsed: false,
        }
    }

    /// Runs it as somebody else.
    #[must_use]
    pub fn as_account(mut self, account: Account) -> Self {
        self.account = Some(account);
        self
    }

    /// Holds it within limits.
    #[must_use]
    pub fn with_limits(mut self, limits: impl IntoIterator<Item = Limit>) -> Self {
        self.limits = limits.into_iter().collect();
        self
    }

    /// Runs it in drills, too, in its directory of the restored tree: it does no harm to what works on this host.
    #[must_use]
    pub fn rehearsed(mut self) -> Self {
        self.is_rehearsed = true;
        self
    }

    fn program(&self) -> String {
        let program = self.command.first().map(|program| program.to_string_lossy().into_owned());
        shorten(program.unwrap_or_default())
    }

    /// Runs it, or looks whether it could be run.
    pub(super) fn run(
        &self,
        tree: &RestoredTree,
        ground: Ground,
        is_stopped: &dyn Fn() -> bool,
    ) -> (StepMode, Verdict) {
        if ground == Ground::Scratch && !self.is_rehearsed {
            return (StepMode::Checked, self.look(tree));
        }
        let mut start = StartCommand::new(&self.command, &self.directory, self.within)
            .with_limits(self.limits.clone());
        if let Some(account) = self.account.clone() {
            start = start.as_account(account);
        }
        (StepMode::Ran, start.run(tree, is_stopped))
    }

    /// Whether the program is there: in what was restored, or on this host.
    fn look(&self, tree: &RestoredTree) -> Verdict {
        let Some(program) = self.command.first().map(Path::new) else {
            return Verdict::failed("no program is named");
        };
        if !program.is_absolute() {
            return Verdict::failed("the program's path is not absolute");
        }
        let may_run = |path: &Path| path.is_file() && access(path, Access::EXEC_OK).is_ok();
        if tree.open(program).is_ok() && may_run(&tree.place(program)) {
            Verdict::passed("the program is in what was restored; it was not run")
        } else if may_run(program) {
            Verdict::passed("the program is on this host; it was not run")
        } else {
            Verdict::failed("the program is neither in what was restored nor on this host")
        }
    }
}
