//! `auditctl backup prune`, `copy` and `repair`.

use std::process::ExitCode;

use serde_json::json;
use wardkit_backup::engine::{CopyReport, PruneOptions, PruneReport, RepairOptions, RepairReport};
use wardkit_backup::format::{Compression, Id};
use wardkit_cli::{Format, Report};

use super::doctor::forgery;
use super::memory::chain;
use super::opened::Opener;
use super::watch::{Watch, bytes};
use super::{INCOMPLETE, line, refused, select};
use crate::cli::backup::{Destination, Selection};
use crate::commands::{could_not_run, note, print};

/// Removes data that no snapshot needs.
pub(super) fn prune(
    opener: &Opener<'_>,
    dry_run: bool,
    accept_losses: bool,
) -> Result<ExitCode, Report> {
    let repository = opener.pruner()?;
    let memory = opener.memory();
    let found = repository.snapshots().map_err(refused)?;
    let present: Vec<Id> = found.snapshots.iter().map(|(id, _)| *id).collect();
    let forged = match memory.compare(&repository, &present) {
        Ok(forged) => forged.iter().map(forgery).collect(),
        Err(error) => vec![chain(&error)],
    };
    if !forged.is_empty() && !accept_losses {
        return Err(could_not_run(format!("nothing is pruned: {}", forged.join("; ")))
            .with_hint("look at what is there: auditctl backup list")
            .with_hint("where that is as it should be: auditctl backup check --accept"));
    }
    let mut options = PruneOptions::default();
    options.dry_run = dry_run;
    options.danger_ignore_brake = accept_losses;
    options.seen = memory.needed(&repository);
    let (watch, shown) = Watch::shown();
    let report = repository.prune(&options, &*watch);
    drop(shown);
    let report = report.map_err(refused)?;
    if !dry_run {
        memory.pruned(&repository, report.seen);
    }
    print(&match opener.format() {
        Format::Text => pruned(&report, dry_run),
        Format::Json => line(&json!({
            "dry_run": dry_run,
            "snapshots": report.seen.snapshots,
            "bytes_needed": report.seen.bytes,
            "packs_kept": report.packs_kept,
            "packs_repacked": report.packs_repacked,
            "packs_marked": report.packs_marked,
            "bytes_marked": report.bytes_marked,
            "packs_removed": report.packs_removed,
            "bytes_removed": report.bytes_removed,
        }))?,
    })?;
    Ok(ExitCode::SUCCESS)
}

fn pruned(report: &PruneReport, is_dry_run: bool) -> String {
    let would = if is_dry_run { "would be " } else { "" };
    format!(
        "{} packs stay, {} {would}packed anew; {} packs, {}, {would}removed; {}, {}, go after a day of grace\n",
        report.packs_kept,
        report.packs_repacked,
        report.packs_removed,
        bytes(report.bytes_removed),
        report.packs_marked,
        bytes(report.bytes_marked),
    )
}

/// Copies snapshots into another repository.
pub(super) fn copy(
    opener: &Opener<'_>,
    names: &[String],
    destination: &Destination,
    selection: &Selection,
) -> Result<ExitCode, Report> {
    let source = opener.reader()?;
    let target = opener.second(destination, Compression::default())?;
    let found = source.snapshots().map_err(refused)?;
    let filter = select::filter(selection);
    let chosen = filter.find_all(&found.snapshots, names).map_err(select::unclear)?;
    let chosen: Vec<Id> = chosen.into_iter().map(|(id, _)| *id).collect();
    let (watch, shown) = Watch::shown();
    let report = target.copy_from(&source, &chosen, &*watch);
    drop(shown);
    let CopyReport { copied, there, blobs, bytes: count, .. } = report.map_err(refused)?;
    opener.memory_of(&destination.to).saw(&target, copied.iter().map(|(_, id)| *id));
    print(&match opener.format() {
        Format::Text => format!(
            "{} snapshots copied, {} were there; {blobs} pieces, {}\n",
            copied.len(),
            there.len(),
            bytes(count)
        ),
        Format::Json => line(&json!({
            "copied": copied.iter().map(|(from, to)| json!({"from": from.to_string(), "to": to.to_string()})).collect::<Vec<_>>(),
            "there": there.iter().map(Id::to_string).collect::<Vec<_>>(),
            "blobs": blobs,
            "bytes": count,
        }))?,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Makes the index anew.
pub(super) fn repair_index(opener: &Opener<'_>) -> Result<ExitCode, Report> {
    let repository = opener.pruner()?;
    let (watch, shown) = Watch::shown();
    let report = repository.repair_index(&RepairOptions::default(), &*watch);
    drop(shown);
    let RepairReport { packs_kept, packs_read, packs_missing, damaged, .. } =
        report.map_err(refused)?;
    for one in &damaged {
        note(&format!("`{}`: {}", one.key, chain(&one.error)));
    }
    print(&match opener.format() {
        Format::Text => format!(
            "{packs_kept} packs as the index had them, {packs_read} from their headers, {} missing, {} damaged\n",
            packs_missing.len(),
            damaged.len()
        ),
        Format::Json => line(&json!({
            "packs_kept": packs_kept,
            "packs_read": packs_read,
            "packs_missing": packs_missing.iter().map(Id::to_string).collect::<Vec<_>>(),
            "damaged": damaged.iter().map(|one| one.key.to_string()).collect::<Vec<_>>(),
        }))?,
    })?;
    let is_whole = packs_missing.is_empty() && damaged.is_empty();
    Ok(ExitCode::from(if is_whole { 0 } else { INCOMPLETE }))
}
