//! A drill as the configuration describes it. Blocks for as long as it takes.

use std::path::PathBuf;

use rustix::process::geteuid;
use rustix::rand::{GetRandomFlags, getrandom};
use wardkit_backup::dr::{
    Action, Canary, Database, Drill, DrillReport, Manifest, Parses, Probe, Runbook, SignedReport,
    StartCommand, Step,
};
use wardkit_backup::engine::{LockKind, Observer as _, Reader, Repository};
use wardkit_backup::format::{Id, Snapshot};
use wardkit_cli::host_name;
use wardkit_custody::Custody;
use wardkit_process::{Account, Limit, Resource};

use super::place::open;
use super::prune::is_ours;
use super::{Kept, Progress, kept};
use crate::app::App;
use crate::config::{BackupConfig, DrillConfig, StepConfig, StepKind};
use crate::reload::error_chain;

/// Restores the newest snapshot, and in a second drill one of the older ones, and signs what was found.
pub(crate) fn hold(
    app: &App,
    config: &BackupConfig,
    kept: &Kept,
    progress: &Progress,
) -> Result<Vec<(DrillReport, SignedReport)>, String> {
    let repository: Repository<Reader> = open(config)?;
    let _lock = repository.lock(LockKind::Shared, progress).map_err(|error| error_chain(&error))?;
    let index = repository.load_index(progress).map_err(|error| error_chain(&error))?;
    let listed = repository.snapshots().map_err(|error| error_chain(&error))?;
    let here = host_name();
    let snapshots: Vec<_> =
        listed.snapshots.iter().filter(|(_, one)| is_ours(one, &here)).collect();
    let Some((newest, older)) = snapshots.split_last() else {
        return Err("the repository has no snapshot of this host by agentd".to_owned());
    };
    let key = Custody::new(app.data_dir(), &here)
        .keyring(KEYRING)
        .and_then(|keyring| keyring.signing_key())
        .map_err(|error| error_chain(&error))?;
    let manifest = kept::manifest(app.data_dir())
        .filter(|_| kept.snapshot.as_deref() == Some(&newest.0.to_string()));
    let (probes, isolation) = probes(&config.drill, manifest.as_ref())?;
    let runbook = runbook(&config.runbook)?;
    let mut previous: Option<Id> = kept.report.as_deref().and_then(|id| id.parse().ok());
    let mut reports = Vec::new();
    for (id, snapshot) in [Some(*newest), pick(older).copied()].into_iter().flatten() {
        let mut drill =
            Drill::new(scratch(app, config)).on_host(&here).isolated_by(isolation).after(previous);
        let is_newest = *id == newest.0;
        if let Some(manifest) = manifest.as_ref().filter(|_| is_newest) {
            drill = drill.with_manifest(manifest);
        }
        if is_newest {
            drill = drill.with_runbook(runbook.clone());
        }
        // What an older snapshot has to hold is not known; that it can be restored whole is.
        for probe in probes.iter().filter(|_| is_newest) {
            drill = drill.with_probe(&**probe);
        }
        let held = drill.hold(&repository, &index, (id, snapshot), progress);
        let report = held.map_err(|error| error_chain(&error))?;
        let signed = report.sign(&key).map_err(|error| error_chain(&error))?;
        previous = Some(signed.id());
        let name = if is_newest { NEWEST } else { OLDER };
        app.write_file(name, signed.to_string().as_bytes())
            .map_err(|error| format!("{name} cannot be kept: {error}"))?;
        reports.push((report, signed));
        if progress.is_cancelled() {
            break;
        }
    }
    Ok(reports)
}

/// Where drills restore to.
pub(super) fn scratch(app: &App, config: &BackupConfig) -> PathBuf {
    if config.drill.scratch.as_os_str().is_empty() {
        app.data_dir().join("backup-drill")
    } else {
        config.drill.scratch.clone()
    }
}

/// One of the older ones, by chance.
fn pick<'s>(older: &'s [&'s (Id, Snapshot)]) -> Option<&'s &'s (Id, Snapshot)> {
    let mut bytes = [0; 8];
    getrandom(&mut bytes, GetRandomFlags::empty()).ok()?;
    let count = u64::try_from(older.len()).ok().filter(|count| *count > 0)?;
    older.get(usize::try_from(u64::from_le_bytes(bytes) % count).ok()?)
}

type Probes = Vec<Box<dyn Probe>>;

fn probes(
    config: &DrillConfig,
    manifest: Option<&Manifest>,
) -> Result<(Probes, &'static str), String> {
    let mut probes: Probes = Vec::new();
    if !config.canary.as_os_str().is_empty() {
        probes.push(Box::new(Canary::new(&config.canary, config.canary_text.as_bytes())));
    }
    let parses = config.parse.iter().filter_map(|path| Parses::by_name(path.clone()));
    probes.extend(parses.map(|probe| Box::new(probe) as Box<dyn Probe>));
    let databases = config.sqlite.iter().map(|path| {
        let rows = manifest.into_iter().flat_map(|manifest| manifest.rows(path));
        rows.fold(Database::new(path.clone()), |database, (table, rows)| {
            database.with_rows(table, least_rows(rows, config.min_rows_ratio))
        })
    });
    probes.extend(databases.map(|probe| Box::new(probe) as Box<dyn Probe>));
    if config.start.is_empty() {
        return Ok((probes, "no program was started"));
    }
    let mut start = StartCommand::new(&config.start, &config.start_in, config.start_within)
        .with_limits(limits());
    let isolation = if config.start_as.is_empty() {
        if geteuid().is_root() {
            return Err("`backup.drill.start-as` is missing: nothing is started as root".to_owned());
        }
        "limits, in agentd's own account; no sandbox"
    } else {
        let account = Account::look_up(&config.start_as).map_err(|error| error_chain(&error))?;
        start = start.as_account(account);
        "limits, in an account of its own; no sandbox"
    };
    probes.push(Box::new(start));
    Ok((probes, isolation))
}

/// How many rows there have to be, where there were so many.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "rows are counted in less than 2^53, and the ratio is from 0 to 1"
)]
fn least_rows(rows: u64, ratio: f64) -> u64 {
    (rows as f64 * ratio).ceil() as u64
}

/// The steps that drills rehearse; restoring and verifying, where none are named.
fn runbook(steps: &[StepConfig]) -> Result<Runbook, String> {
    if steps.is_empty() {
        return Ok(Runbook::default());
    }
    let steps: Vec<Step> = steps.iter().map(step).collect::<Result<_, _>>()?;
    Runbook::new(steps).map_err(|error| error_chain(&error))
}

fn step(config: &StepConfig) -> Result<Step, String> {
    let mut action =
        Action::new(&config.command, &config.directory, config.within).with_limits(limits());
    if !config.user.is_empty() {
        let account = Account::look_up(&config.user).map_err(|error| error_chain(&error))?;
        action = action.as_account(account);
    } else if config.rehearse && geteuid().is_root() {
        let program = config.command.first().map_or("", String::as_str);
        return Err(format!("the step of {program} needs a `user`: nothing is rehearsed as root"));
    }
    if config.rehearse {
        action = action.rehearsed();
    }
    Ok(match config.kind {
        StepKind::Restore => Step::Restore,
        StepKind::Verify => Step::Verify,
        StepKind::Restart => Step::Restart(action),
        StepKind::HealthCheck => Step::HealthCheck(action),
    })
}

/// Enough to start, and not to take the host along.
fn limits() -> Vec<Limit> {
    let limits = [(Resource::Processes, 512), (Resource::OpenFiles, 4096), (Resource::Core, 0)];
    limits.into_iter().map(|(resource, most)| Limit::hard(resource, most)).collect()
}

const KEYRING: &str = "drills";
/// The last reports, for `auditctl` and for people.
const NEWEST: &str = "backup-drill-newest.note";
const OLDER: &str = "backup-drill-older.note";
