//! The index of the history.

use std::fmt;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Row, params};
use wardkit_metrics::history::{BlockAt, Commit, Index, IndexError, SegmentState, Tier};

use crate::{Error, schema};

/// Where the blocks of a history lie, in a database of SQLite.
///
/// Readers do not wait for the writer. What a loss of power takes from it, and all of it should it be damaged, the
/// segments tell again when the history is opened.
pub struct HistoryIndex {
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
}

/// What a database was when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// There was none.
    New,
    /// It was sound.
    Sound,
    /// It was damaged or of another version, and was made anew: an event is due.
    Replaced {
        /// What was wrong with it.
        reason: String,
    },
}

impl HistoryIndex {
    /// Opens the database, and makes one if there is none or what there is cannot be used.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written, or a damaged one cannot be removed.
    pub fn open(path: &Path) -> Result<(Self, State), Error> {
        let there = path.exists();
        let unusable = match connect(path) {
            Ok(index) => return Ok((index, if there { State::Sound } else { State::New })),
            Err(Unusable::Damaged(reason)) => reason,
            Err(Unusable::Unreachable(source)) => {
                return Err(Error::Open { path: path.to_owned(), source });
            }
        };
        for ending in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            remove(&PathBuf::from(name))?;
        }
        match connect(path) {
            Ok(index) => Ok((index, State::Replaced { reason: unusable })),
            Err(Unusable::Damaged(reason)) => {
                Err(Error::Open { path: path.to_owned(), source: reason.into() })
            }
            Err(Unusable::Unreachable(source)) => {
                Err(Error::Open { path: path.to_owned(), source })
            }
        }
    }

    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, IndexError> {
        read(&lock(&self.reader)).map_err(IndexError::new)
    }

    /// Runs all of it or none.
    fn write(
        &self,
        write: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), IndexError> {
        let mut connection = lock(&self.writer);
        let change = || {
            let transaction = connection.transaction()?;
            write(&transaction)?;
            transaction.commit()
        };
        change().map_err(IndexError::new)
    }
}

impl fmt::Debug for HistoryIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryIndex").finish_non_exhaustive()
    }
}

impl Index for HistoryIndex {
    fn commit(&self, commit: &Commit<'_>) -> Result<(), IndexError> {
        self.write(|db| {
            let state = commit.segment;
            db.prepare("INSERT OR REPLACE INTO segments VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(
                params![
                    state.segment,
                    state.tier.number(),
                    to_stored(state.length),
                    state.start,
                    state.end
                ],
            )?;
            let mut insert = db.prepare("INSERT OR REPLACE INTO series VALUES (?1, ?2, ?3)")?;
            for (number, key) in commit.names {
                insert.execute(params![number, name_of(key), key])?;
            }
            let mut insert =
                db.prepare("INSERT OR REPLACE INTO blocks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
            for block in commit.blocks {
                insert.execute(params![
                    block.series,
                    block.tier.number(),
                    block.start,
                    block.segment,
                    to_stored(block.offset),
                    block.end,
                    block.length
                ])?;
            }
            Ok(())
        })
    }

    fn forget(&self, segment: u32) -> Result<(), IndexError> {
        self.write(|db| {
            db.execute("DELETE FROM blocks WHERE segment = ?1", [segment])?;
            db.execute("DELETE FROM segments WHERE segment = ?1", [segment])?;
            db.execute(
                "DELETE FROM series WHERE NOT EXISTS \
                 (SELECT 1 FROM blocks WHERE blocks.series = series.number)",
                [],
            )?;
            Ok(())
        })
    }

    fn segments(&self) -> Result<Vec<SegmentState>, IndexError> {
        self.read(|db| {
            db.prepare("SELECT * FROM segments ORDER BY segment")?
                .query_map([], segment_of)?
                .collect()
        })
    }

    fn numbers(&self, keys: &[&str]) -> Result<Vec<Option<u32>>, IndexError> {
        self.read(|db| {
            let mut find = db.prepare("SELECT max(number) FROM series WHERE key = ?1")?;
            keys.iter().map(|key| find.query_row([key], |row| row.get(0))).collect()
        })
    }

    fn largest_number(&self) -> Result<Option<u32>, IndexError> {
        self.read(|db| db.query_row("SELECT max(number) FROM series", [], |row| row.get(0)))
    }

    fn series(&self, name: Option<&str>) -> Result<Vec<(u32, String)>, IndexError> {
        self.read(|db| match name {
            Some(name) => db
                .prepare("SELECT number, key FROM series WHERE name = ?1 ORDER BY key")?
                .query_map([name], number_and_key)?
                .collect(),
            None => db
                .prepare("SELECT number, key FROM series ORDER BY key")?
                .query_map([], number_and_key)?
                .collect(),
        })
    }

    fn blocks(&self, series: u32, from: i64, to: i64) -> Result<Vec<BlockAt>, IndexError> {
        self.read(|db| {
            db.prepare(
                "SELECT * FROM blocks WHERE series = ?1 AND start <= ?3 AND end >= ?2 \
                 ORDER BY tier, start, segment, offset",
            )?
            .query_map(params![series, from, to], block_of)?
            .collect()
        })
    }

    fn present(&self, tier: Tier, from: i64, to: i64) -> Result<Vec<(u32, String)>, IndexError> {
        self.read(|db| {
            db.prepare(
                "SELECT number, key FROM series WHERE EXISTS (SELECT 1 FROM blocks \
                 WHERE blocks.series = series.number AND tier = ?1 AND start <= ?3 AND end >= ?2) \
                 ORDER BY number",
            )?
            .query_map(params![tier.number(), from, to], number_and_key)?
            .collect()
        })
    }
}

/// Why a database cannot be used.
enum Unusable {
    /// What it holds; it can be made anew.
    Damaged(String),
    /// Where it lies, or who holds it.
    Unreachable(Box<dyn std::error::Error + Send + Sync>),
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Unreachable(error.into()),
        }
    }
}

fn connect(path: &Path) -> Result<HistoryIndex, Unusable> {
    // SQLite gives its other files the same mode.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| Unusable::Unreachable(error.into()))?;
    let open = || {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch(SETTINGS)?;
        Ok::<_, rusqlite::Error>(connection)
    };
    let writer = open()?;
    let version: u32 = writer.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        0 => writer.execute_batch(SCHEMA)?,
        VERSION => {}
        other => return Err(Unusable::Damaged(format!("its version is {other}, not {VERSION}"))),
    }
    let check: String = writer.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if check != "ok" {
        return Err(Unusable::Damaged(check));
    }
    schema::check(&writer, SCHEMA).map_err(Unusable::Damaged)?;
    Ok(HistoryIndex { writer: Mutex::new(writer), reader: Mutex::new(open()?) })
}

fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::Remove { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A transaction that a panic left open was rolled back when it was dropped.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number_and_key(row: &Row<'_>) -> rusqlite::Result<(u32, String)> {
    Ok((row.get(0)?, row.get(1)?))
}

fn segment_of(row: &Row<'_>) -> rusqlite::Result<SegmentState> {
    Ok(SegmentState {
        segment: row.get(0)?,
        tier: tier_of(row, 1)?,
        length: from_stored(row.get(2)?),
        start: row.get(3)?,
        end: row.get(4)?,
    })
}

fn block_of(row: &Row<'_>) -> rusqlite::Result<BlockAt> {
    Ok(BlockAt {
        series: row.get(0)?,
        tier: tier_of(row, 1)?,
        start: row.get(2)?,
        segment: row.get(3)?,
        offset: from_stored(row.get(4)?),
        end: row.get(5)?,
        length: row.get(6)?,
    })
}

fn tier_of(row: &Row<'_>, column: usize) -> rusqlite::Result<Tier> {
    let number: u8 = row.get(column)?;
    let unknown = rusqlite::Error::IntegralValueOutOfRange(column, number.into());
    Tier::from_number(number).ok_or(unknown)
}

/// SQLite knows signed numbers only; no file is as long as that.
fn to_stored(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn from_stored(bytes: i64) -> u64 {
    u64::try_from(bytes).unwrap_or(0)
}

fn name_of(key: &str) -> &str {
    key.split_once('{').map_or(key, |(name, _)| name)
}

const VERSION: u32 = 1;
/// Nobody else writes; whoever looks into the database with a tool is waited for.
const BUSY: Duration = Duration::from_secs(5);
/// A loss of power may take the last commits, which the segments tell again, but never damages what is there.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024; \
    PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF;";
/// Blocks lie in the order in which they are asked for.
const SCHEMA: &str = "BEGIN;
    CREATE TABLE segments (segment INTEGER PRIMARY KEY, tier INTEGER NOT NULL, length INTEGER NOT NULL,
        start INTEGER NOT NULL, end INTEGER NOT NULL) STRICT;
    CREATE TABLE series (number INTEGER PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL) STRICT;
    CREATE INDEX series_by_key ON series (key);
    CREATE INDEX series_by_name ON series (name);
    CREATE TABLE blocks (series INTEGER NOT NULL, tier INTEGER NOT NULL, start INTEGER NOT NULL,
        segment INTEGER NOT NULL, offset INTEGER NOT NULL, end INTEGER NOT NULL, length INTEGER NOT NULL,
        PRIMARY KEY (series, tier, start, segment, offset)) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 1;
    COMMIT;";
