//! Removal of what is not to stay. Blocks for as long as it takes.

use wardkit_backup::engine::{Error, LockKind, PruneOptions, PruneReport, Pruner, Repository};
use wardkit_backup::format::{Id, Snapshot, Timestamp};
use wardkit_cli::host_name;
use wardkit_core::{Clock as _, SystemClock};

use super::memory::Memory;
use super::place::open_to_prune;
use super::{Kept, Progress};
use crate::app::App;
use crate::config::BackupConfig;
use crate::reload::error_chain;

/// What was removed.
pub(crate) struct Pruned {
    pub forgotten: usize,
    pub report: PruneReport,
}

/// Why nothing was removed, or not all.
pub(crate) enum Unpruned {
    /// Something is not as it should be: whoever is destroying backups is not to be helped.
    Refused(String),
    /// It did not work.
    Failed(String),
}

/// Forgets the snapshots that no rule keeps, and removes what only they needed.
pub(crate) fn run(
    app: &App,
    config: &BackupConfig,
    kept: &Kept,
    progress: &Progress,
) -> Result<Pruned, Unpruned> {
    // What a drill finds wrong with the newest may be why an older one is needed.
    if config.drill.is_enabled() && kept.drill_tried > kept.drill_green {
        return Err(Unpruned::Refused("the last drill is red".to_owned()));
    }
    if kept.backup_stored > kept.backup_complete {
        return Err(Unpruned::Refused("the newest backup is partial".to_owned()));
    }
    let repository = open_to_prune(config).map_err(Unpruned::Failed)?;
    let memory = Memory::new(app, &config.repository);
    let present = repository.snapshots().map_err(|error| unpruned(&error))?;
    let present: Vec<Id> = present.snapshots.iter().map(|(id, _)| *id).collect();
    let mut options = PruneOptions::default();
    options.grace = config.keep.grace;
    options.seen = memory.needed(&repository, &present).map_err(Unpruned::Refused)?;
    // Nothing is forgotten either where the brake would hold.
    options.dry_run = true;
    let _ = repository.prune(&options, progress).map_err(|error| unpruned(&error))?;
    let forgotten = forget(&repository, &memory, config, progress)?;
    options.dry_run = false;
    options.seen = options.seen.map(|mut seen| {
        seen.snapshots = seen.snapshots.saturating_sub(forgotten as u64);
        seen
    });
    let report = repository.prune(&options, progress).map_err(|error| unpruned(&error))?;
    memory.pruned(&repository, report.seen).map_err(Unpruned::Failed)?;
    Ok(Pruned { forgotten, report })
}

fn forget(
    repository: &Repository<Pruner>,
    memory: &Memory,
    config: &BackupConfig,
    progress: &Progress,
) -> Result<usize, Unpruned> {
    let Some(policy) = config.keep.policy().filter(|policy| !policy.is_empty()) else {
        return Ok(0);
    };
    let lock = repository.lock(LockKind::Exclusive, progress).map_err(|error| unpruned(&error))?;
    let listed = repository.snapshots().map_err(|error| unpruned(&error))?;
    let here = host_name();
    let ours = listed.snapshots.iter().filter(|(_, one)| is_ours(one, &here));
    let now = Timestamp::new(SystemClock.now().as_unix_seconds(), 0);
    let gone: Vec<Id> = policy
        .decide(ours, now)
        .iter()
        .filter(|decision| !decision.keeps())
        .map(|decision| decision.snapshot.0)
        .collect();
    memory.forgot(repository, &gone).map_err(Unpruned::Failed)?;
    for id in &gone {
        lock.check().map_err(|error| unpruned(&error))?;
        repository.forget_snapshot(id).map_err(|error| unpruned(&error))?;
    }
    lock.release().map_err(|error| unpruned(&error))?;
    Ok(gone.len())
}

/// Whether agentd made a snapshot, on this host.
pub(super) fn is_ours(snapshot: &Snapshot, host: &str) -> bool {
    snapshot.hostname == host && snapshot.tags.iter().any(|tag| tag == super::TAG)
}

fn unpruned(error: &Error) -> Unpruned {
    match error {
        Error::PruneRefused { .. } => Unpruned::Refused(error_chain(error)),
        _ => Unpruned::Failed(error_chain(error)),
    }
}
