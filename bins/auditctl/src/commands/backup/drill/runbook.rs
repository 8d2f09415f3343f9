//! The steps of a runbook, from a file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::geteuid;
use serde::Deserialize;
use wardkit_backup::dr::{Action, Runbook, Step};
use wardkit_cli::Report;
use wardkit_process::Account;

use super::super::memory::chain;
use super::probes::limits;
use crate::commands::could_not_run;

/// Of agentd's configuration, what is of use here; the rest is agentd's to judge.
#[derive(Deserialize)]
struct File {
    backup: Section,
}

#[derive(Deserialize)]
struct Section {
    runbook: Vec<Written>,
}

/// A step as it is written; its keys are those of agentd's `[[backup.runbook]]`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    #[serde(rename = "do")]
    kind: Kind,
    #[serde(default)]
    command: Vec<String>,
    #[serde(default = "root")]
    directory: PathBuf,
    #[serde(default = "minute", with = "wardkit_retry::duration")]
    within: Duration,
    #[serde(default)]
    user: String,
    #[serde(default)]
    rehearse: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Restore,
    Verify,
    Restart,
    HealthCheck,
}

/// Reads the steps. What a rehearsal runs, it runs as somebody who can do no harm.
pub(super) fn read(path: &Path, is_rehearsal: bool) -> Result<Runbook, Report> {
    let failed = |reason: String| could_not_run(format!("{}: {reason}", path.display()));
    let text = wardkit_cli::read_small_text(path).map_err(|error| failed(chain(&error)))?;
    let file: File = toml::from_str(&text).map_err(|error| failed(chain(&error)))?;
    let steps = file.backup.runbook.into_iter().enumerate().map(|(index, written)| {
        written
            .step(is_rehearsal)
            .map_err(|reason| failed(format!("backup.runbook[{index}]: {reason}")))
    });
    let steps: Vec<Step> = steps.collect::<Result<_, _>>()?;
    Runbook::new(steps).map_err(|error| failed(chain(&error)))
}

impl Written {
    fn step(self, is_rehearsal: bool) -> Result<Step, String> {
        let runs = matches!(self.kind, Kind::Restart | Kind::HealthCheck);
        match self.command.first() {
            Some(_) if !runs => return Err("this step runs no program".to_owned()),
            None if runs => return Err("`command` is missing".to_owned()),
            Some(program) if !Path::new(program).is_absolute() => {
                return Err(format!("{program} is not absolute"));
            }
            _ => {}
        }
        let kind = self.kind;
        Ok(match kind {
            Kind::Restore => Step::Restore,
            Kind::Verify => Step::Verify,
            Kind::Restart => Step::Restart(self.action(is_rehearsal)?),
            Kind::HealthCheck => Step::HealthCheck(self.action(is_rehearsal)?),
        })
    }

    fn action(self, is_rehearsal: bool) -> Result<Action, String> {
        let mut action = Action::new(&self.command, &self.directory, self.within);
        if !self.user.is_empty() {
            action = action.as_account(Account::look_up(&self.user).map_err(|e| chain(&e))?);
        } else if is_rehearsal && self.rehearse && geteuid().is_root() {
            return Err("needs a `user`: nothing is rehearsed as root".to_owned());
        }
        if is_rehearsal {
            action = action.with_limits(limits());
        }
        Ok(if self.rehearse { action.rehearsed() } else { action })
    }
}

fn root() -> PathBuf {
    "/".into()
}

const fn minute() -> Duration {
    Duration::from_mins(1)
}
