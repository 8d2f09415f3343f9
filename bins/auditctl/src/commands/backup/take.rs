//! `auditctl backup run`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use wardkit_backup::dr::Witness;
use wardkit_backup::engine::{
    BackupOptions, BackupReport, Outcome, Parent, Repository, SnapshotFilter, Writer,
};
use wardkit_backup::format::Compression as Level;
use wardkit_backup::source::{
    CommandStdout, Excludes, FileTime, Files, FilesOptions, PatternError, Program, Source, Tag,
};
use wardkit_cli::{Format, Report, escaped};
use wardkit_core::{Clock as _, SystemClock};

use super::opened::Opener;
use super::place::below;
use super::watch::{Watch, bytes};
use super::{INCOMPLETE, line, manifest, refused, select};
use crate::cli::backup::{Compression, RunOptions};
use crate::commands::{could_not_run, note, print};

/// Takes a snapshot.
pub(super) fn run(opener: &Opener<'_>, asked: &RunOptions) -> Result<ExitCode, Report> {
    let mut source = source(opener, asked)?;
    let before = asked.manifest.as_deref().map(manifest::before).transpose()?;
    let compression = match asked.compression {
        Compression::Off => Level::Off,
        Compression::Fast => Level::Fast,
        Compression::Auto => Level::Auto,
        Compression::Max => Level::Max,
    };
    let repository = opener.writer(compression)?;
    let options = options(&repository, asked)?;
    let (watch, shown) = Watch::shown();
    let (report, read) = match before {
        None => (repository.backup(&mut *source, &options, &*watch), None),
        Some(before) => {
            let mut source = Witness::new(source, before);
            let report = repository.backup(&mut source, &options, &*watch);
            (report, Some(source.into_manifest()))
        }
    };
    drop(shown);
    let report = report.map_err(refused)?;
    if let Some((path, read)) = asked.manifest.as_deref().zip(read) {
        manifest::keep(path, &read)?;
    }
    opener.memory().saw(&repository, [report.snapshot]);
    print(&match opener.format() {
        Format::Text => text(&report),
        Format::Json => document(&report)?,
    })?;
    Ok(ExitCode::from(if report.outcome.is_complete() { 0 } else { INCOMPLETE }))
}

fn source(opener: &Opener<'_>, asked: &RunOptions) -> Result<Box<dyn Source>, Report> {
    if let Some(command) = asked.command() {
        return output_of(&asked.stdin_filename, command);
    }
    let mut options = FilesOptions::default();
    options.excludes = excludes(asked)?;
    options.one_file_system = asked.one_file_system;
    options.exclude_larger_than = asked.exclude_larger_than;
    if asked.exclude_caches {
        options.exclude_if_present.push(Tag::cache());
    }
    for text in &asked.exclude_if_present {
        let (name, beginning) = text.split_once(':').unwrap_or((text, ""));
        let tag = Tag::new(name.as_bytes(), beginning.as_bytes());
        let tag = tag.ok_or_else(|| could_not_run(format!("`{name}` is no name of a file")))?;
        options.exclude_if_present.push(tag);
    }
    let roots = asked.paths.iter().map(|path| absolute(path)).collect::<Result<Vec<_>, _>>()?;
    // Each snapshot would hold all before it, and the packs that are being written.
    for own in roots.iter().filter_map(|root| below(opener.address(), root)) {
        options.excludes.add(&literal(&own)).map_err(could_not_run)?;
        note(&format!("{} is the repository, and left out", own.display()));
    }
    let files = Files::new(roots, options).map_err(could_not_run)?;
    Ok(Box::new(files))
}

/// Returns what a command prints, as a file of that name in the root.
fn output_of(name: &str, command: Vec<OsString>) -> Result<Box<dyn Source>, Report> {
    let program = Program::new(command, LONGEST_DUMP);
    let program = program.ok_or_else(|| could_not_run("no command is named"))?;
    let now = SystemClock.now();
    let taken = FileTime { seconds: now.as_unix_seconds(), nanos: 0 };
    let source = CommandStdout::new(Path::new("/").join(name), program, taken);
    Ok(Box::new(source.map_err(could_not_run)?))
}

/// Returns the path from the root down. What `..` leads to depends on the links before it.
pub(super) fn absolute(path: &Path) -> Result<std::path::PathBuf, Report> {
    let path = std::path::absolute(path).map_err(could_not_run)?;
    if !path.components().any(|part| part == std::path::Component::ParentDir) {
        return Ok(path);
    }
    match (path.parent(), path.file_name()) {
        (Some(above), Some(name)) => above.canonicalize().map(|above| above.join(name)),
        _ => path.canonicalize(),
    }
    .map_err(|error| could_not_run(format!("{}: {error}", path.display())))
}

/// A pattern that matches this path and no other.
fn literal(path: &Path) -> Vec<u8> {
    let escape = |byte: &u8| matches!(byte, b'*' | b'?' | b'[' | b'\\').then_some(b'\\');
    let bytes = path.as_os_str().as_bytes().iter();
    bytes.flat_map(|byte| escape(byte).into_iter().chain([*byte])).collect()
}

fn excludes(asked: &RunOptions) -> Result<Excludes, Report> {
    let wrong = |error: PatternError| could_not_run(error);
    let mut excludes = Excludes::default();
    for pattern in &asked.exclude {
        excludes.add(pattern.as_bytes()).map_err(wrong)?;
    }
    for pattern in &asked.iexclude {
        excludes.add_any_case(pattern.as_bytes()).map_err(wrong)?;
    }
    for file in &asked.exclude_file {
        let text = wardkit_cli::read_small(file)
            .map_err(|error| could_not_run(format!("{}: {error}", file.display())))?;
        excludes.add_lines(&text, &|name| std::env::var(name).ok()).map_err(wrong)?;
    }
    Ok(excludes)
}

fn options(repository: &Repository<Writer>, asked: &RunOptions) -> Result<BackupOptions, Report> {
    let mut options = BackupOptions::default();
    options.host.clone_from(&asked.host);
    options.tags.clone_from(&asked.tag);
    options.excludes = asked.exclude.iter().chain(&asked.iexclude).cloned().collect();
    options.ignore_ctime = asked.ignore_ctime;
    options.ignore_inode = asked.ignore_inode;
    options.danger_skip_verify = asked.no_verify;
    options.parent = match &asked.parent {
        _ if asked.force => Parent::Nothing,
        None => Parent::Newest,
        Some(text) => {
            let found = repository.snapshots().map_err(refused)?;
            let filter = SnapshotFilter::default();
            Parent::Snapshot(filter.find(&found.snapshots, text).map_err(select::unclear)?.0)
        }
    };
    Ok(options)
}

fn text(report: &BackupReport) -> String {
    let counts = &report.counts;
    let mut text = String::new();
    // Writing to a String cannot fail.
    if let Outcome::Partial { failed } = &report.outcome {
        for one in failed {
            let _ = writeln!(
                text,
                "failed: {}: {}",
                escaped(&one.path.to_string_lossy()),
                escaped(&one.error)
            );
        }
    }
    let _ = writeln!(
        text,
        "files: {} new, {} changed, {} unmodified; {} processed, {} added ({} stored)",
        counts.files_new,
        counts.files_changed,
        counts.files_unmodified,
        bytes(counts.bytes_processed),
        bytes(counts.data_added),
        bytes(counts.data_added_packed),
    );
    let outcome = match &report.outcome {
        Outcome::Complete => "complete".to_owned(),
        Outcome::Partial { failed } => format!("partial: {} failed", failed.len()),
    };
    let seconds = report.took.as_secs_f64();
    let _ = writeln!(text, "snapshot {} in {seconds:.1} s, {outcome}", report.snapshot.to_short());
    text
}

fn document(report: &BackupReport) -> Result<String, Report> {
    let counts = &report.counts;
    let (outcome, failed) = match &report.outcome {
        Outcome::Complete => ("complete", &[][..]),
        Outcome::Partial { failed } => ("partial", &failed[..]),
    };
    let failed: Vec<_> =
        failed.iter().map(|one| path_document(&one.path, json!({"error": one.error}))).collect();
    line(&json!({
        "outcome": outcome,
        "failed": failed,
        "snapshot": report.snapshot.to_string(),
        "short_id": report.snapshot.to_short(),
        "tree": report.tree.to_string(),
        "parent": report.parent.map(|id| id.to_string()),
        "files_new": counts.files_new,
        "files_changed": counts.files_changed,
        "files_unmodified": counts.files_unmodified,
        "dirs_new": counts.dirs_new,
        "dirs_changed": counts.dirs_changed,
        "dirs_unmodified": counts.dirs_unmodified,
        "data_blobs": counts.data_blobs,
        "tree_blobs": counts.tree_blobs,
        "bytes_processed": counts.bytes_processed,
        "data_added": counts.data_added,
        "data_added_packed": counts.data_added_packed,
        "seconds": report.took.as_secs_f64(),
    }))
}

/// Adds a path to a document; one that is no text also byte by byte.
pub(super) fn path_document(path: &Path, mut document: serde_json::Value) -> serde_json::Value {
    document["path"] = path.to_string_lossy().into();
    if path.to_str().is_none() {
        document["path_bytes"] = path.as_os_str().as_bytes().into();
    }
    document
}

/// A command that hangs would keep the lock for ever.
const LONGEST_DUMP: Duration = Duration::from_hours(24);
