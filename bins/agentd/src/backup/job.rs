//! A backup, and the part of the verification that follows it. Blocks for as long as it takes.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wardkit_backup::dr::{Rolling, Witness};
use wardkit_backup::engine::{
    BackupOptions, BackupReport, CheckOptions, CheckReport, Event, LockKind, Observer, Outcome,
    ReadData, Repository, Writer,
};
use wardkit_backup::source::{Chain, Files, FilesOptions, RowCounts, Sqlite, SqliteOptions};
use wardkit_backup::store::Kind;
use wardkit_core::{Clock as _, SystemClock, Timestamp};

use super::kept;
use super::memory::Memory;
use super::place::open;
use crate::app::App;
use crate::config::BackupConfig;
use crate::reload::error_chain;

/// Sees what a backup does, and ends it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    is_over: AtomicBool,
}

/// What became of a backup, and of the verification after it.
pub(crate) struct Ended {
    pub report: BackupReport,
    pub verified: Result<Verified, String>,
}

/// What was read again.
pub(crate) struct Verified {
    pub report: CheckReport,
    /// How long the pack has waited that waits longest.
    pub oldest: Duration,
    /// The bytes of packs that were never read again.
    pub unproven: u64,
}

impl Progress {
    /// Breaks off what is running.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

impl Observer for Progress {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Warning { path, text } => {
                let path = path.map(|path| path.display().to_string());
                tracing::warn!(path, text, "backup");
            }
            Event::Damaged { key, error } => {
                tracing::warn!(object = %key, error = error_chain(error), "damaged in the repository");
            }
            Event::LockRemoved { id, .. } => {
                tracing::info!(lock = %id, "the lock of a dead process was removed");
            }
            _ => {}
        }
    }

    fn is_cancelled(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }
}

/// Makes a backup.
pub(crate) fn run(
    app: &App,
    config: &BackupConfig,
    every: Duration,
    progress: &Progress,
) -> Result<Ended, String> {
    let repository: Repository<Writer> = open(config)?;
    let before = kept::manifest(app.data_dir()).unwrap_or_default();
    let rows = RowCounts::default();
    let source = sources(app, config, &rows).map_err(|error| error_chain(&*error))?;
    let mut source = Witness::new(source, before);
    let mut options = BackupOptions::default();
    options.tags = vec![super::TAG.to_owned()];
    options.excludes.clone_from(&config.exclude);
    let mut report =
        repository.backup(&mut source, &options, progress).map_err(|error| error_chain(&error))?;
    pass_over_vanished(app.data_dir(), &mut report);
    let mut manifest = source.into_manifest();
    for (database, table, rows) in rows.take() {
        manifest.insert_rows(database, table, rows);
    }
    Memory::new(app, &config.repository).saw(&repository, report.snapshot)?;
    kept::keep_manifest(app, &manifest)
        .map_err(|error| format!("the manifest cannot be kept: {error}"))?;
    let verified = verify(app, config, &repository, every, progress);
    Ok(Ended { report, verified })
}

/// What agentd itself made and removed while the backup ran is missing from nothing: without it the snapshot is as the
/// directory is now.
fn pass_over_vanished(data_dir: &Path, report: &mut BackupReport) {
    if let Outcome::Partial { failed } = &mut report.outcome {
        let is_gone = |path: &Path| {
            fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        };
        failed.retain(|one| !(one.path.starts_with(data_dir) && is_gone(&one.path)));
        if failed.is_empty() {
            report.outcome = Outcome::Complete;
        }
    }
}

/// Reads the packs that have waited longest.
fn verify(
    app: &App,
    config: &BackupConfig,
    repository: &Repository<Writer>,
    every: Duration,
    progress: &Progress,
) -> Result<Verified, String> {
    // Whoever prunes meanwhile would make packs that are gone look like damage.
    let _lock = repository.lock(LockKind::Shared, progress).map_err(|error| error_chain(&error))?;
    let mut packs = HashMap::new();
    let mut note = |found: wardkit_backup::store::ObjectMeta| {
        if let wardkit_backup::store::Key::Named(_, id) = found.key {
            packs.insert(id, found.size);
        }
        std::ops::ControlFlow::Continue(())
    };
    repository.store().list(Kind::Pack, &mut note).map_err(|error| error_chain(&error))?;
    let now = SystemClock.now();
    let mut rolling: Rolling = kept::rolling(app);
    let share = rolling.share(now, &packs, every, config.verify_within);
    let options = CheckOptions::reading(ReadData::Packs(share.packs));
    let report = repository.check(&options, progress).map_err(|error| error_chain(&error))?;
    for pack in &report.proven {
        rolling.proven(*pack, now);
    }
    kept::keep_rolling(app, &rolling).map_err(|error| format!("what was verified: {error}"))?;
    let rest = rolling.share(now, &packs, every, config.verify_within);
    Ok(Verified { report, oldest: rest.oldest, unproven: rest.unproven })
}

type Error = Box<dyn std::error::Error + Send + Sync>;

/// All that is backed up, databases first: what they say of themselves goes before what their files look like.
fn sources(app: &App, config: &BackupConfig, rows: &RowCounts) -> Result<Chain, Error> {
    let mut options = SqliteOptions::new(app.data_dir(), Arc::new(SystemClock));
    options.deadline = COPY;
    options.rows = Some(rows.clone());
    let (mut paths, mut databases) = (config.paths.clone(), config.sqlite.clone());
    if config.own_state {
        paths.push(app.data_dir().to_owned());
        paths.extend(app.fixed.config_file.clone());
        databases.extend(databases_in(app.data_dir())?);
    }
    let mut chain = Chain::new();
    for path in databases {
        chain = chain.with(Sqlite::new(path, options.clone())?);
    }
    if paths.is_empty() {
        return Ok(chain);
    }
    let mut files = FilesOptions::default();
    for path in config.written().chain([super::drill::scratch(app, config)]) {
        files.excludes.add(&literal(&path))?;
    }
    // Copies of databases, and files that are about to take the place of others.
    for name in [".wardkit-copy-*", "*.agentd-tmp"] {
        let pattern = [literal(app.data_dir()), b"/".to_vec(), name.as_bytes().to_vec()].concat();
        files.excludes.add(&pattern)?;
    }
    for pattern in &config.exclude {
        files.excludes.add(pattern.as_bytes())?;
    }
    Ok(chain.with(Files::new(&paths, files)?))
}

/// A pattern that is this path and nothing else.
fn literal(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut pattern = Vec::new();
    for byte in path.as_os_str().as_bytes() {
        if b"*?[]\\!$".contains(byte) {
            pattern.push(b'\\');
        }
        pattern.push(*byte);
    }
    pattern
}

/// The databases of agentd itself: in its data directory, and in the folders that its parts have there.
fn databases_in(data_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = vec![data_dir.to_owned()];
    for entry in fs::read_dir(data_dir)? {
        let entry = entry?;
        // What is hidden is a copy that was left behind.
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if entry.file_type()?.is_dir() && !is_hidden {
            folders.push(entry.path());
        }
    }
    let mut found = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let mut head = [0; 16];
            let is_database = entry.file_type()?.is_file()
                && File::open(entry.path()).and_then(|mut file| file.read_exact(&mut head)).is_ok()
                && head == *b"SQLite format 3\0";
            if is_database {
                found.push(entry.path());
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Tells the age of what was stored at a time; a clock that was set back makes nothing younger than now.
pub(crate) fn age(now: Timestamp, at: Timestamp) -> Duration {
    now.duration_since(at).unwrap_or_default()
}

/// Somebody may be pruning.
pub(super) const LOCK_WAIT: Duration = Duration::from_mins(30);
/// A database that is written to all the time may take so long.
const COPY: Duration = Duration::from_mins(15);
