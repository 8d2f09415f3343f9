//! `auditctl backup restore`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};
use wardkit_backup::engine::{Existing, RestoreOptions, RestoreReport, Unrestored};
use wardkit_cli::{Format, Report, escaped};

use super::memory::chain;
use super::opened::{Opener, unlock};
use super::place::is_within;
use super::take::path_document;
use super::watch::{Watch, bytes};
use super::{INCOMPLETE, line, refused, select};
use crate::cli::backup::{Existing as Asked, Selection};
use crate::commands::{could_not_run, print};

/// What the command line says.
pub(super) struct Wanted<'c> {
    pub(super) snapshot: &'c str,
    pub(super) selection: &'c Selection,
    pub(super) target: &'c PathBuf,
    pub(super) include: &'c [PathBuf],
    pub(super) exclude: &'c [PathBuf],
    pub(super) existing: Asked,
}

/// Restores a snapshot.
pub(super) fn run(opener: &Opener<'_>, wanted: &Wanted<'_>) -> Result<ExitCode, Report> {
    if let Some(path) = wanted.include.iter().chain(wanted.exclude).find(|path| !path.is_absolute())
    {
        return Err(could_not_run(format!("{} is not absolute", path.display()))
            .with_hint("paths are named as in the snapshot: auditctl backup ls SNAPSHOT"));
    }
    if is_within(opener.address(), wanted.target) {
        let target = wanted.target.display();
        return Err(could_not_run(format!("{target} lies within the repository")));
    }
    let repository = opener.reader()?;
    let (watch, shown) = Watch::shown();
    let lock = opener.lock(&repository, &*watch).map_err(refused)?;
    let found = repository.snapshots().map_err(refused)?;
    let filter = select::filter(wanted.selection);
    let chosen = filter.find(&found.snapshots, wanted.snapshot);
    let (id, snapshot) = chosen.map_err(select::unclear)?;
    let index = repository.load_index(&*watch).map_err(refused)?;
    let mut options = RestoreOptions::new(wanted.target);
    options.include = wanted.include.to_vec();
    options.exclude = wanted.exclude.to_vec();
    options.existing = match wanted.existing {
        Asked::Overwrite => Existing::Overwrite,
        Asked::Keep => Existing::Keep,
    };
    let report = repository.restore(&index, snapshot, &options, &*watch);
    drop(shown);
    let report = report.map_err(refused)?;
    unlock(lock);
    let target = wanted.target.display().to_string();
    print(&match opener.format() {
        Format::Text => text(&report, &format!("snapshot {} in {target}", id.to_short())),
        Format::Json => line(&json!({
            "outcome": if report.is_complete() { "complete" } else { "partial" },
            "snapshot": id.to_string(),
            "target": target,
            "files": report.files,
            "directories": report.directories,
            "others": report.others,
            "bytes": report.bytes,
            "failed": documents(&report.failed),
            "failed_count": report.failed_count,
            "not_set": documents(&report.less),
            "not_set_count": report.less_count,
        }))?,
    })?;
    Ok(ExitCode::from(if report.is_complete() { 0 } else { INCOMPLETE }))
}

fn documents(list: &[Unrestored]) -> Vec<Value> {
    let document =
        |one: &Unrestored| path_document(&one.path, json!({"error": chain(&one.reason)}));
    list.iter().map(document).collect()
}

fn text(report: &RestoreReport, what: &str) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let mut tell = |label: &str, list: &[Unrestored]| {
        for one in list {
            let path = escaped(&one.path.to_string_lossy());
            let _ = writeln!(text, "{label}: {path}: {}", escaped(&chain(&one.reason)));
        }
    };
    tell("not set", &report.less);
    tell("failed", &report.failed);
    let (files, folders, size) = (report.files, report.directories, bytes(report.bytes));
    let end = match (report.failed_count, report.less_count) {
        (0, 0) => "every byte is proven".to_owned(),
        (0, less) => format!("every byte is proven; {less} owners or attributes are not set"),
        (failed, _) => format!("{failed} failed"),
    };
    let _ = writeln!(text, "{}: {files} files, {folders} folders, {size}; {end}", escaped(what));
    text
}
