//! `[[backup.runbook]]`: what is done when this host is gone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_backup::dr::{Action, Runbook, Step};

use super::{found, is_plain, not_plain};
use crate::reload::error_chain;

/// A step of what is done when this host is gone. Drills rehearse them in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct StepConfig {
    /// What is done.
    #[serde(rename = "do")]
    pub kind: StepKind,
    /// For `restart` and `health-check`: a program by its absolute path, with its arguments, without a shell.
    #[serde(default)]
    pub command: Vec<String>,
    /// The folder that it is started in; `/` without one.
    #[serde(default = "root")]
    pub directory: PathBuf,
    /// How long it may take.
    #[serde(default = "minute", with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub within: Duration,
    /// The user that it runs as; without one agentd's own, which rehearses nothing as root.
    #[serde(default)]
    pub user: String,
    /// Whether drills run it, too, in the restored folder: only what does no harm to what works on this host.
    #[serde(default)]
    pub rehearse: bool,
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StepKind {
    /// Restores the snapshot.
    Restore,
    /// Compares each file with what was read for the backup, and asks the probes of drills.
    Verify,
    /// Runs a program that starts again what works with the files.
    Restart,
    /// Runs a program that tells by its end whether all works.
    HealthCheck,
}

impl StepConfig {
    const fn runs(&self) -> bool {
        matches!(self.kind, StepKind::Restart | StepKind::HealthCheck)
    }
}

/// Returns what is wrong with the steps: `(key, reason)`.
pub(super) fn violations(steps: &[StepConfig]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let mut wrong = |key: &str, reason: &str| {
            all.push(found(&format!("runbook[{index}].{key}"), reason));
        };
        match step.command.first().map(Path::new) {
            Some(_) if !step.runs() => wrong("command", "this step runs no program"),
            Some(program) if !is_plain(program) => wrong("command", &not_plain(program)),
            None if step.runs() => wrong("command", "is missing"),
            _ => {}
        }
        if !is_plain(&step.directory) {
            wrong("directory", &not_plain(&step.directory));
        }
    }
    // In their order, whatever they run.
    let plain = |step: &StepConfig| match step.kind {
        StepKind::Restore => Step::Restore,
        StepKind::Verify => Step::Verify,
        _ => Step::Restart(Action::new(&step.command, &step.directory, step.within)),
    };
    if !steps.is_empty()
        && let Err(error) = Runbook::new(steps.iter().map(plain))
    {
        all.push(found("runbook", &error_chain(&error)));
    }
    all
}

fn root() -> PathBuf {
    "/".into()
}

const fn minute() -> Duration {
    Duration::from_mins(1)
}
