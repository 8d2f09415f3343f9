//! `auditctl integrity`: baselines, and what is other than they say.

mod baselines;
mod explain;
mod lists;
mod packages;
mod report;
mod rules;
mod scan;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wardkit_cli::{Common, Format, Report};
use wardkit_custody::{Baselines, Custody, Error};
use wardkit_integrity::{Error as IntegrityError, Refusal};

use super::could_not_run;
use crate::cli::{Integrity, IntegrityCommand, Store};

/// Runs the command.
pub(super) fn run(common: &Common, integrity: &Integrity) -> Result<ExitCode, Report> {
    let kept = |store: &Store| Kept::new(common, store);
    match &integrity.command {
        IntegrityCommand::Init { store, scope, algorithm, effort } => {
            baselines::init(&kept(store)?, scope, (*algorithm).into(), *effort)
        }
        IntegrityCommand::Verify { store, scope, depth, effort } => {
            baselines::verify(&kept(store)?, scope, *depth, *effort)
        }
        IntegrityCommand::Update { store, scope, accept, effort } => {
            baselines::update(&kept(store)?, scope, accept, *effort)
        }
        IntegrityCommand::Diff { store, from, to } => baselines::diff(&kept(store)?, *from, *to),
        IntegrityCommand::Explain { path, store, policy } => {
            explain::explain(&kept(store)?, path, policy.as_deref())
        }
        IntegrityCommand::Import { file, format, root } => {
            lists::import(common.format, file, *format, root)
        }
        IntegrityCommand::Export { format, store, root } => {
            lists::export(&kept(store)?, *format, root.as_deref())
        }
    }
}

/// The baselines that a command is about.
struct Kept {
    custody: Custody,
    baselines: Baselines,
    format: Format,
}

impl Kept {
    fn new(common: &Common, store: &Store) -> Result<Self, Report> {
        let custody = super::custody(common)?;
        let dir = store.baseline.clone().unwrap_or_else(|| custody.data_dir().join("baseline"));
        let baselines = custody.baselines(dir);
        Ok(Self { custody, baselines, format: common.format })
    }

    /// What no scan looks at: it has signatures of its own, and changes with every command. It is named as the scan
    /// of these roots names it, where a link leads to one of them.
    fn own(&self, roots: &[PathBuf]) -> Vec<PathBuf> {
        let mut own = vec![resolved(self.custody.data_dir()), self.baselines.path().to_owned()];
        for index in 0..own.len() {
            for root in roots {
                if let Ok(below) = own[index].strip_prefix(resolved(root)) {
                    own.push(root.join(below));
                }
            }
        }
        own
    }
}

/// Returns the path as it is from everywhere.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Returns the path without links, where there is something.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| absolute(path))
}

/// Reports what was refused, and what to do about it.
fn refused(error: Error) -> Report {
    let hint = match &error {
        Error::Integrity(IntegrityError::Baseline { path, reason }) => match reason {
            Refusal::Missing
                if path.extension().is_some_and(|end| end == "fim" || end == "note") =>
            {
                "bring it back from a backup; to begin anew, move what is left of the baseline away first"
            }
            Refusal::Missing => {
                "make the first one: auditctl integrity init --root PATH; or name its directory: --baseline DIR"
            }
            Refusal::Exists => "accept what changed instead: auditctl integrity update",
            Refusal::Busy => "another agentd or auditctl writes there: try again when it is done",
            Refusal::ForeignKey => "name the data directory that it was made with: --data-dir DIR",
            Refusal::Superseded { .. } => "look again: auditctl integrity update",
            Refusal::Torn | Refusal::Altered | Refusal::Older { .. } | Refusal::Forked { .. } => {
                "bring the signed one back from a backup; the trail says which was accepted: auditctl trail query --kind integrity.baseline"
            }
            _ => return could_not_run(error),
        },
        Error::Unsigned { .. } => "name the data directory that it was made with: --data-dir DIR",
        Error::Policy { .. } => "give the policy again: --policy FILE",
        _ => return super::trail::refused(error),
    };
    could_not_run(error).with_hint(hint)
}
