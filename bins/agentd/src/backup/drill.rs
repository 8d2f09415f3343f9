//! A drill as the configuration describes it. Blocks for as long as it takes.

use std::path::PathBuf;

use rustix::process::geteuid;
use rustix::rand::{GetRandomFlags, getrandom};
use wardkit_backup::dr::{
    Canary, Database, Drill, DrillReport, Parses, Probe, SignedReport, StartCommand,
};
use wardkit_backup::engine::{LockKind, Observer as _};
use wardkit_backup::format::{Id, Snapshot};
use wardkit_cli::host_name;
use wardkit_custody::Custody;
use wardkit_process::{Account, Limit, Resource};

use super::job::open;
use super::{Kept, Progress, kept};
use crate::app::App;
use crate::config::{BackupConfig, DrillConfig};
use crate::reload::error_chain;

/// Restores the newest snapshot, and in a second drill one of the older ones, and signs what was found.
pub(crate) fn hold(
    app: &App,
    config: &BackupConfig,
    kept: &Kept,
    progress: &Progress,
) -> Result<Vec<(DrillReport, SignedReport)>, String> {
    let repository = open(config)?;
    let _lock = repository.lock(LockKind::Shared, progress).map_err(|error| error_chain(&error))?;
    let index = repository.load_index(progress).map_err(|error| error_chain(&error))?;
    let listed = repository.snapshots().map_err(|error| error_chain(&error))?;
    let here = host_name();
    let ours = |snapshot: &Snapshot| {
        snapshot.hostname == here && snapshot.tags.iter().any(|tag| tag == "agentd")
    };
    let snapshots: Vec<_> = listed.snapshots.iter().filter(|(_, one)| ours(one)).collect();
    let Some((newest, older)) = snapshots.split_last() else {
        return Err("the repository has no snapshot of this host by agentd".to_owned());
    };
    let key = Custody::new(app.data_dir(), &here)
        .keyring(KEYRING)
        .and_then(|keyring| keyring.signing_key())
        .map_err(|error| error_chain(&error))?;
    let (probes, isolation) = probes(&config.drill)?;
    let manifest = kept::manifest(app.data_dir())
        .filter(|_| kept.snapshot.as_deref() == Some(&newest.0.to_string()));
    let mut previous: Option<Id> = kept.report.as_deref().and_then(|id| id.parse().ok());
    let mut reports = Vec::new();
    for (id, snapshot) in [Some(*newest), pick(older).copied()].into_iter().flatten() {
        let mut drill =
            Drill::new(scratch(app, config)).on_host(&here).isolated_by(isolation).after(previous);
        let is_newest = *id == newest.0;
        if let Some(manifest) = manifest.as_ref().filter(|_| is_newest) {
            drill = drill.with_manifest(manifest);
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

fn probes(config: &DrillConfig) -> Result<(Probes, &'static str), String> {
    let mut probes: Probes = Vec::new();
    if !config.canary.as_os_str().is_empty() {
        probes.push(Box::new(Canary::new(&config.canary, config.canary_text.as_bytes())));
    }
    let parses = config.parse.iter().filter_map(|path| Parses::by_name(path.clone()));
    probes.extend(parses.map(|probe| Box::new(probe) as Box<dyn Probe>));
    let databases = config.sqlite.iter().map(|path| Database::new(path.clone()));
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

/// Enough to start, and not to take the host along.
fn limits() -> Vec<Limit> {
    let limits = [(Resource::Processes, 512), (Resource::OpenFiles, 4096), (Resource::Core, 0)];
    limits.into_iter().map(|(resource, most)| Limit::hard(resource, most)).collect()
}

const KEYRING: &str = "drills";
/// The last reports, for `auditctl` and for people.
const NEWEST: &str = "backup-drill-newest.note";
const OLDER: &str = "backup-drill-older.note";
