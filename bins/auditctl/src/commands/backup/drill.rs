//! `auditctl backup drill`: a restore that proves that the day of the real one can come; and `recover`, for that day.

mod keys;
mod probes;
mod runbook;
mod told;
mod verify;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wardkit_backup::dr::{Drill, DrillReport, Manifest, Recovery, Runbook, SignedReport};
use wardkit_backup::engine::{Error, Index, Observer as _, Reader, Repository};
use wardkit_backup::format::{Id, Snapshot};
use wardkit_cli::{Report, host_name};
use wardkit_core::{Clock as _, SystemClock};

use self::probes::Asked;
use super::memory::chain;
use super::opened::{Opener, unlock};
use super::place::is_within;
use super::watch::Watch;
use super::{refused, select};
use crate::cli::backup::{DrillCommand, DrillOptions, Proof, RecoverOptions};
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
        None => {
            let scratch = Scratch::new(&options.scratch)?;
            let ground = Ground::Scratch(&scratch.path);
            hold(common, &Opener::new(common, place)?, ground, &options.proof)
        }
    }
}

/// Does a runbook in earnest.
pub(super) fn recover(
    common: &wardkit_cli::Common,
    opener: &Opener<'_>,
    options: &RecoverOptions,
) -> Result<ExitCode, Report> {
    if is_within(opener.address(), &options.target) {
        let target = options.target.display();
        return Err(could_not_run(format!("{target} lies within the repository")));
    }
    hold(common, opener, Ground::Live(&options.target), &options.proof)
}

/// Where the steps are done.
#[derive(Clone, Copy)]
enum Ground<'p> {
    /// In a folder of their own: a rehearsal.
    Scratch(&'p Path),
    /// Where the files belong.
    Live(&'p Path),
}

/// What is done, and with what it is compared.
struct Wanted<'p> {
    ground: Ground<'p>,
    asked: Asked,
    runbook: Runbook,
    manifest: Option<Manifest>,
}

fn hold(
    common: &wardkit_cli::Common,
    opener: &Opener<'_>,
    ground: Ground<'_>,
    options: &Proof,
) -> Result<ExitCode, Report> {
    // All that can be wrong with the question is, before hours are spent on the answer.
    let is_rehearsal = matches!(ground, Ground::Scratch(_));
    let runbook = options.runbook.as_deref().map(|path| runbook::read(path, is_rehearsal));
    let wanted = Wanted {
        ground,
        asked: Asked::new(options)?,
        runbook: runbook.transpose()?.unwrap_or_default(),
        manifest: options.manifest.as_deref().map(super::manifest::read).transpose()?,
    };
    let previous = options.previous.as_deref().map(verify::read).transpose()?;
    let previous = previous.map(|report| report.id());
    let kept =
        options.report.as_deref().map(|path| Kept::new(common, path, options)).transpose()?;
    let report = match opener.try_reader()? {
        Ok(repository) => held(opener, &repository, wanted, options)?,
        Err(error) => broken(error, String::new())?,
    };
    let report = DrillReport { previous: previous.map(|id| id.to_string()), ..report };
    let signed = kept.map(|kept| kept.keep(&report)).transpose()?;
    told::held(opener, &report, options.report.as_deref().zip(signed.as_ref()))?;
    Ok(ExitCode::from(u8::from(!report.is_green())))
}

/// Restores and looks. What of the repository is damaged makes the drill red, wherever that shows first.
fn held(
    opener: &Opener<'_>,
    repository: &Repository<Reader>,
    wanted: Wanted<'_>,
    options: &Proof,
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
    let report = wanted.perform(repository, &index, chosen, &watch)?;
    unlock(lock);
    if watch.is_cancelled() { Err(refused(Error::Cancelled)) } else { Ok(report) }
}

impl Wanted<'_> {
    fn perform(
        self,
        repository: &Repository<Reader>,
        index: &Index,
        chosen: (&Id, &Snapshot),
        watch: &Watch,
    ) -> Result<DrillReport, Report> {
        let manifest = self.manifest.as_ref();
        match self.ground {
            Ground::Scratch(path) => {
                let drill = Drill::new(path).on_host(host_name()).with_runbook(self.runbook);
                let drill = self.asked.added_to(drill);
                let drill = manifest.into_iter().fold(drill, Drill::with_manifest);
                drill.hold(repository, index, chosen, watch).map_err(could_not_run)
            }
            Ground::Live(path) => {
                let recovery = Recovery::new(path, self.runbook).on_host(host_name());
                let recovery = self.asked.added_to_recovery(recovery);
                let recovery = manifest.into_iter().fold(recovery, Recovery::with_manifest);
                Ok(recovery.run(repository, index, chosen, watch))
            }
        }
    }
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
    fn new(common: &wardkit_cli::Common, path: &Path, options: &Proof) -> Result<Self, Report> {
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
