//! `auditctl backup`: snapshots that restic can read, and the proof that they can be restored.

mod browse;
mod check;
mod diff;
mod doctor;
mod drill;
mod explain;
mod forget;
mod key;
mod kit;
mod list;
mod restore;
mod take;
mod tend;

mod interrupt;
mod manifest;
mod memory;
mod opened;
mod password;
mod place;
mod select;
mod watch;

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::json;
use wardkit_backup::engine::Error;
use wardkit_backup::source::SourceError;
use wardkit_cli::{Common, Format, Report};

use self::opened::Opener;
use crate::cli::backup::{Backup, BackupCommand, KeyCommand, RepairCommand};

/// Runs the command; one that was asked to end does so with the number of the signal.
pub(super) fn run(common: &Common, backup: &Backup) -> Result<ExitCode, Report> {
    match (command(common, backup), interrupt::exit_code()) {
        (Err(report), Some(code)) => {
            // Nobody can be told that standard error is gone.
            let _ = std::io::stderr().write_all(report.render(common.format).as_bytes());
            Ok(code)
        }
        (ended, _) => ended,
    }
}

fn command(common: &Common, backup: &Backup) -> Result<ExitCode, Report> {
    // A report is verified where there is no repository.
    if let BackupCommand::Drill(options) = &backup.command {
        return drill::run(common, &backup.place, options);
    }
    let opener = Opener::new(common, &backup.place)?;
    match &backup.command {
        BackupCommand::Init => init(&opener),
        BackupCommand::Run(options) => take::run(&opener, options),
        BackupCommand::List { selection } => list::list(&opener, selection),
        BackupCommand::Ls { snapshot, paths, selection } => {
            browse::ls(&opener, snapshot, paths, selection)
        }
        BackupCommand::Find { patterns, snapshot, ignore_case, selection } => {
            browse::find(&opener, patterns, snapshot, *ignore_case, selection)
        }
        BackupCommand::Diff { from, to, metadata } => diff::run(&opener, (from, to), *metadata),
        BackupCommand::Restore { snapshot, target, include, exclude, existing, selection } => {
            let existing = *existing;
            let wanted =
                restore::Wanted { snapshot, selection, target, include, exclude, existing };
            restore::run(&opener, &wanted)
        }
        BackupCommand::Check { read_data, read_data_subset, accept } => {
            let subset = read_data_subset.as_deref();
            let wanted = check::Wanted { read_data: *read_data, subset, accept: *accept };
            check::run(&opener, &wanted)
        }
        BackupCommand::Forget { ids, keep, selection, dry_run } => {
            let wanted = forget::Wanted { ids, keep, selection, dry_run: *dry_run };
            forget::run(&opener, &wanted)
        }
        BackupCommand::Prune { dry_run, danger_accept_losses } => {
            tend::prune(&opener, *dry_run, *danger_accept_losses)
        }
        BackupCommand::Copy { ids, destination, selection } => {
            tend::copy(&opener, ids, destination, selection)
        }
        BackupCommand::Repair { what: RepairCommand::Index } => tend::repair_index(&opener),
        BackupCommand::Key { command } => match command {
            KeyCommand::List => key::list(&opener),
            KeyCommand::Add(new) => key::add(&opener, new),
            KeyCommand::Remove { id } => key::remove(&opener, id),
            KeyCommand::Password(new) => key::change(&opener, new),
        },
        BackupCommand::Drill(options) => drill::run(common, &backup.place, options),
        BackupCommand::Recover(options) => drill::recover(common, &opener, options),
        BackupCommand::Explain { path, parent } => explain::run(&opener, path, parent.as_deref()),
        BackupCommand::Doctor => doctor::run(&opener),
        BackupCommand::Kit { out } => kit::run(&opener, out),
    }
}

/// Makes a repository.
fn init(opener: &Opener<'_>) -> Result<ExitCode, Report> {
    let repository = opener.init()?;
    opener.memory().made(&repository);
    let id = repository.config().id;
    super::print(&match opener.format() {
        Format::Text => format!(
            "repository {} made in {}\nwithout the password nobody restores anything: auditctl backup kit --out FILE\n",
            id.to_short(),
            wardkit_cli::escaped(&opener.shown()),
        ),
        Format::Json => line(&json!({
            "id": id.to_string(),
            "short_id": id.to_short(),
            "repository": opener.shown(),
        }))?,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Returns a document as a line that steers no terminal.
fn line(value: &impl serde::Serialize) -> Result<String, Report> {
    wardkit_cli::escaped_json(value).map(|line| line + "\n").map_err(super::could_not_run)
}

/// Reports what failed, and what to do about it.
fn refused(error: Error) -> Report {
    if let Error::Source(SourceError::Nothing { failures }) = &error {
        let reasons: Vec<String> = failures.iter().map(|one| memory::chain(one)).collect();
        return super::could_not_run(format!("nothing to back up: {}", reasons.join("; ")));
    }
    let hints: &[&str] = match &error {
        Error::WrongPassword { .. } => {
            &["name the file that holds the right one: --password-file FILE"]
        }
        Error::NoRepository { .. } => {
            &["make one: auditctl backup init", "or name another: --repo PLACE"]
        }
        Error::RepositoryThere => &["list what is in it: auditctl backup list"],
        Error::Locked { .. } => &[
            "wait until it is done: --wait 600",
            "where that process is dead on another host: restic unlock",
        ],
        Error::PruneRefused { .. } => &[
            "look at what is there: auditctl backup list",
            "where that is as it should be: --danger-accept-losses",
        ],
        Error::IndexDamaged { .. } => &["mend it: auditctl backup repair index"],
        Error::NoKey { .. } => &["bring the folder `keys` back from a copy of the repository"],
        error if is_read_only(error) => &["who only reads needs no lock: --no-lock"],
        error if error.is_damage() => &["find out how much is damaged: auditctl backup check"],
        _ => &[],
    };
    let hints: Vec<String> = hints.iter().map(|hint| (*hint).to_owned()).collect();
    super::could_not_run(error).with_hints(hints)
}

/// Whether the repository lies where nothing can be written.
fn is_read_only(error: &Error) -> bool {
    use std::error::Error as _;
    let causes = std::iter::successors(error.source(), |&error| error.source());
    let mut kinds = causes.filter_map(|error| error.downcast_ref::<std::io::Error>());
    kinds.any(|error| error.kind() == std::io::ErrorKind::ReadOnlyFilesystem)
}

/// The exit code of what is incomplete.
const INCOMPLETE: u8 = 3;
