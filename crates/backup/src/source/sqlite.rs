//! A SQLite database, copied while it is in use.

use std::fs;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use wardkit_core::Clock;

use self::scratch::Scratch;
use super::path::absolute;
use super::{
    Content, Entry, Failure, FileTime, Files, FilesOptions, Metadata, Opened, Source, SourceError,
};

mod rows;
mod scratch;

pub use self::rows::RowCounts;

/// A SQLite database, copied while it is in use by SQLite's own backup, with what its log holds.
///
/// The copy is checked for damage before anything is written, and stands in the snapshot under the database's own path,
/// as a database that no program has open. In a [`Chain`](super::Chain) the live database, its log and its journal are
/// left out.
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    options: SqliteOptions,
    /// Tells of the database itself and of the way to it.
    way: Files,
    scratch: Option<Arc<Scratch>>,
}

/// How a database is copied.
#[derive(Clone)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// The folder that the copy lies in while it is backed up; nobody else can read the copy.
    pub scratch: PathBuf,
    /// How long a copy may take, waiting for whoever writes included.
    pub deadline: Duration,
    /// Measures that.
    pub clock: Arc<dyn Clock>,
    /// Where the rows of each table of the copy are noted, for who wants to know them; counting reads the copy once.
    pub rows: Option<RowCounts>,
}

impl SqliteOptions {
    /// Copies into a folder, within five minutes.
    #[must_use]
    pub fn new(scratch: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self { scratch: scratch.into(), deadline: Duration::from_mins(5), clock, rows: None }
    }
}

impl std::fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("SqliteOptions");
        debug.field("scratch", &self.scratch).field("deadline", &self.deadline);
        debug.finish_non_exhaustive()
    }
}

impl Sqlite {
    /// Backs up the database of this path.
    ///
    /// # Errors
    ///
    /// When the path is not absolute.
    pub fn new(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, SourceError> {
        let path = absolute(path.as_ref())?;
        let way = Files::new([&path], FilesOptions::default())?;
        Ok(Self { path, options, way, scratch: None })
    }

    fn copy(&self, scratch: &Scratch) -> Result<(), SourceError> {
        let failed = |source: rusqlite::Error| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                self.busy()
            }
            _ => self.failed(source),
        };
        let began = self.options.clock.uptime();
        let live = self.path.canonicalize().map_err(|source| self.failed(source))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NOFOLLOW
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let live = Connection::open_with_flags(live, flags).map_err(failed)?;
        live.busy_timeout(self.options.deadline).map_err(failed)?;
        // From here to the end it is one state of the database, whoever writes meanwhile.
        let state = live.unchecked_transaction().map_err(failed)?;
        let tables = "SELECT count(*) FROM sqlite_schema";
        state.query_row(tables, [], |row| row.get::<_, i64>(0)).map_err(failed)?;

        let mut copy = Connection::open(scratch.path()).map_err(failed)?;
        // What is lost with the power was a copy.
        copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
            .map_err(failed)?;
        let backup = Backup::new(&live, &mut copy).map_err(failed)?;
        while !matches!(backup.step(PAGES).map_err(failed)?, StepResult::Done) {
            if self.options.clock.uptime().saturating_sub(began) > self.options.deadline {
                return Err(self.busy());
            }
        }
        drop(backup);
        let said: String =
            copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(failed)?;
        if said != "ok" {
            return Err(SourceError::DamagedDatabase { path: self.path.clone(), said });
        }
        if let Some(rows) = &self.options.rows {
            rows.note(&self.path, &copy).map_err(failed)?;
        }
        // Whatever the copy's own log holds is written into it.
        copy.close().map_err(|(_, error)| failed(error))
    }

    fn busy(&self) -> SourceError {
        SourceError::Busy { path: self.path.clone(), deadline: self.options.deadline }
    }

    fn failed(&self, source: impl std::error::Error + Send + Sync + 'static) -> SourceError {
        SourceError::Database { path: self.path.clone(), source: Box::new(source) }
    }
}

impl Source for Sqlite {
    fn paths(&self) -> Vec<PathBuf> {
        vec![self.path.clone()]
    }

    fn claims(&self) -> Vec<PathBuf> {
        let beside = |end: &str| {
            let mut path = self.path.clone().into_os_string();
            path.push(end);
            path.into()
        };
        ["", "-wal", "-shm", "-journal"].map(beside).into()
    }

    fn prepare(&mut self) -> Result<(), SourceError> {
        self.way.prepare()?;
        let scratch = Scratch::new(&self.options.scratch).map_err(|source| self.failed(source))?;
        self.copy(&scratch)?;
        self.scratch = Some(Arc::new(scratch));
        Ok(())
    }

    fn next_entry(&mut self) -> Option<Result<Entry, Failure>> {
        let mut entry = match self.way.next_entry()? {
            Ok(entry) if entry.path == self.path => entry,
            other => return Some(other),
        };
        let scratch = Arc::clone(self.scratch.as_ref()?);
        match scratch.path().metadata() {
            Ok(copy) => {
                entry.metadata.size = copy.len();
                // The database's own times do not tell what its log holds: this copy is like none before.
                let (seconds, nanos) = (copy.ctime(), copy.ctime_nsec());
                let nanos = u32::try_from(nanos).unwrap_or_default();
                entry.metadata.changed = FileTime { seconds, nanos };
            }
            Err(reason) => return Some(Err(Failure::new(&self.path, "read the copy of", reason))),
        }
        let metadata = entry.metadata.clone();
        entry.content = Some(Box::new(CopyContent { metadata, scratch }));
        Some(Ok(entry))
    }

    fn finish(&mut self) -> Result<(), SourceError> {
        self.scratch = None;
        Ok(())
    }
}

#[derive(Debug)]
struct CopyContent {
    metadata: Metadata,
    scratch: Arc<Scratch>,
}

struct OpenCopy {
    metadata: Metadata,
    file: fs::File,
    /// The copy stays until it is read.
    _scratch: Arc<Scratch>,
}

impl Content for CopyContent {
    fn open(&self) -> io::Result<Box<dyn Opened>> {
        let file = fs::File::open(self.scratch.path())?;
        // Read once from the beginning to the end; an advice that is not taken costs nothing.
        let _ = rustix::fs::fadvise(file.as_fd(), 0, None, rustix::fs::Advice::Sequential);
        let scratch = Arc::clone(&self.scratch);
        Ok(Box::new(OpenCopy { metadata: self.metadata.clone(), file, _scratch: scratch }))
    }

    fn is_told_by_metadata(&self) -> bool {
        false
    }
}

impl Opened for OpenCopy {
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn is_as_opened(&self) -> io::Result<bool> {
        Ok(true)
    }
}

impl io::Read for OpenCopy {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

/// How much is copied before the clock is looked at: four megabytes of usual pages.
const PAGES: i32 = 1024;
