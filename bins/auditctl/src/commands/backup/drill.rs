//! `auditctl backup drill`: a restore that proves that the day of the real one can come.

mod keys;
mod probes;
mod told;
mod verify;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wardkit_backup::dr::{Drill, DrillReport, SignedReport};
use wardkit_backup::engine::{Error, Observer as _, Reader, Repository};
use wardkit_backup::format::Id;
use wardkit_cli::{Report, host_name};
use wardkit_core::{Clock as _, SystemClock};

use self::probes::Asked;
use super::memory::chain;
use super::opened::{Opener, unlock};
use super::watch::Watch;
use super::{refused, select};
use crate::cli::backup::{DrillCommand, DrillOptions};
use crate::commands::{could_not_run, note};

/// Holds a drill, or verifies the report of one.
pub(super) fn run(
    common: &wardkit_cli::Common,
    place: &crate::cli::backup::Place,
    options: &DrillOptions,
) -> Result<ExitCode, Report> {
    match &options.command {
        Some(DrillCommand::Verify { report, key, previous }) => {
            verify::run(common, report, key, previous.as_deref())
        }
        Some(DrillCommand::Key) => keys::print_public(common),
        None => hold(common, &Opener::new(common, place)?, options),
    }
}

fn hold(
    common: &wardkit_cli::Common,
    opener: &Opener<'_>,
    options: &DrillOptions,
) -> Result<ExitCode, Report> {
    // All that can be wrong with the question is, before hours are spent on the answer.
    let asked = Asked::new(options)?;
    let manifest = options.manifest.as_deref().map(super::manifest::read).transpose()?;
    let previous = options.previous.as_deref().map(verify::read).transpose()?;
    let previous = previous.map(|report| report.id());
    let kept =
        options.report.as_deref().map(|path| Kept::new(common, path, options)).transpose()?;
    let scratch = Scratch::new(&options.scratch)?;
    let report = match opener.try_reader()? {
        Ok(repository) => {
            let mut drill = asked.added_to(Drill::new(&scratch.path).on_host(host_name()));
            drill = drill.after(previous);
            if let Some(manifest) = &manifest {
                drill = drill.with_manifest(manifest);
            }
            held(opener, &repository, &drill, options)?
        }
        Err(error) => broken(error, String::new())?,
    };
    let report = DrillReport { previous: previous.map(|id| id.to_string()), ..report };
    drop(scratch);
    let signed = kept.map(|kept| kept.keep(&report)).transpose()?;
    told::held(opener, &report, options.report.as_deref().zip(signed.as_ref()))?;
    Ok(ExitCode::from(u8::from(!report.is_green())))
}

/// Restores and looks. What of the repository is damaged makes the drill red, wherever that shows first.
fn held(
    opener: &Opener<'_>,
    repository: &Repository<Reader>,
    drill: &Drill<'_>,
    options: &DrillOptions,
) -> Result<DrillReport, Report> {
    let (watch, _shown) = Watch::shown();
    let id = repository.config().id.to_string();
    let lock = opener.lock(repository, &*watch).map_err(refused)?;
    let found = match repository.snapshots() {
        Ok(found) => found,
        Err(error) => return broken(error, id),
    };
    for damaged in &found.damaged {
        note(&chain(&damaged.error));
    }
    let filter = select::filter(&options.selection);
    let chosen = match filter.find(&found.snapshots, &options.snapshot) {
        Ok((id, snapshot)) => (id, snapshot),
        Err(error) => return Err(select::unclear(error)),
    };
    let index = match repository.load_index(&*watch) {
        Ok(index) => index,
        Err(error) => return broken(error, id),
    };
    let report = drill.hold(repository, &index, chosen, &*watch).map_err(could_not_run)?;
    unlock(lock);
    if watch.is_cancelled() { Err(refused(Error::Cancelled)) } else { Ok(report) }
}

/// The report of a drill that ended before anything could be restored, if that is for damage.
fn broken(error: Error, repository: String) -> Result<DrillReport, Report> {
    if !error.is_damage() {
        return Err(refused(error));
    }
    let now = SystemClock.now().to_string();
    let mut report = DrillReport {
        version: 1,
        host: host_name(),
        repository,
        snapshot: String::new(),
        taken: String::new(),
        began: now,
        restore_millis: 0,
        files: 0,
        bytes: 0,
        compared: 0,
        isolation: "nothing was started".to_owned(),
        failures: Vec::new(),
        more_failures: 0,
        probes: Vec::new(),
        steps: Vec::new(),
        previous: None,
    };
    report.fail(format!("the snapshot cannot be restored: {}", chain(&error)));
    Ok(report)
}

/// The folder that is restored into. It is removed where it was not there before.
struct Scratch {
    path: PathBuf,
    is_made: bool,
}

impl Scratch {
    fn new(path: &Path) -> Result<Self, Report> {
        let is_made = !path.exists();
        if !is_made && !path.is_dir() {
            return Err(could_not_run(format!("{} is no folder", path.display())));
        }
        Ok(Self { path: path.to_owned(), is_made })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.is_made {
            // Who put something else there keeps it.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Where the signed report will be.
struct Kept {
    file: File,
    path: PathBuf,
    key: wardkit_tlog::SigningKey,
    is_written: bool,
}

impl Kept {
    /// Takes the place of the report, which is never replaced: it is evidence.
    fn new(
        common: &wardkit_cli::Common,
        path: &Path,
        options: &DrillOptions,
    ) -> Result<Self, Report> {
        let key = keys::signing(common, options.key.as_deref())?;
        let file = File::options().write(true).create_new(true).open(path);
        let file = file.map_err(|error| could_not_run(format!("{}: {error}", path.display())))?;
        Ok(Self { file, path: path.to_owned(), key, is_written: false })
    }

    fn keep(mut self, report: &DrillReport) -> Result<(Id, SignedReport), Report> {
        let signed = report.sign(&self.key).map_err(could_not_run)?;
        let text = signed.to_string();
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_all());
        written.map_err(|error| could_not_run(format!("{}: {error}", self.path.display())))?;
        self.is_written = true;
        Ok((signed.id(), signed))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.is_written {
            // Made by this command, and empty or torn.
            let _ = fs::remove_file(&self.path);
        }
    }
}
