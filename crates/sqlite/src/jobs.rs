//! The store of jobs.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use wardkit_core::Timestamp;
use wardkit_supervise::jobs::{Change, Durability, Job, JobState, Store, StoreError};

use crate::Error;
use crate::database::{self, Layout, is_damage};

/// A journal of [`Jobs`](wardkit_supervise::jobs::Jobs) in a database of SQLite.
///
/// Changes with [`Durability::Full`] survive a loss of power, the others the death of the program. A database that is
/// damaged is put aside, what can be read of it is taken over, and [`take_damage`](Self::take_damage) says so.
///
/// ```
/// use wardkit_sqlite::JobStore;
/// use wardkit_supervise::Now;
/// use wardkit_supervise::jobs::{Jobs, JobsConfig};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let store = JobStore::open(&dir.join("jobs.sqlite"))?;
/// let mut jobs = Jobs::open(Box::new(store), JobsConfig::default(), Now::default())?;
/// jobs.submit("invoice 4711", b"to ann", Now::default())?;
/// drop(jobs); // killed
///
/// let store = JobStore::open(&dir.join("jobs.sqlite"))?;
/// let mut jobs = Jobs::open(Box::new(store), JobsConfig::default(), Now::default())?;
/// assert_eq!(jobs.next(Now::default())?.expect("it was kept").payload, b"to ann");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct JobStore {
    path: PathBuf,
    connection: Connection,
    damage: Option<String>,
    /// What the connection is set to.
    durability: Durability,
}

impl JobStore {
    /// Opens the database, and makes one if there is none or what there is cannot be used.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written, is held by another program, was written by a newer version, or a damaged one
    /// cannot be put aside.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (connection, damage) = database::open(path, &LAYOUT)?;
        Ok(Self { path: path.to_owned(), connection, damage, durability: Durability::Full })
    }

    /// Returns what was wrong with the database, for people, once.
    #[must_use]
    pub fn take_damage(&mut self) -> Option<String> {
        self.damage.take()
    }

    fn set(&mut self, durability: Durability) -> rusqlite::Result<()> {
        if self.durability != durability {
            let level = match durability {
                Durability::Full => "FULL",
                Durability::Quick => "NORMAL",
            };
            self.connection.execute_batch(&format!("PRAGMA synchronous = {level};"))?;
            self.durability = durability;
        }
        Ok(())
    }

    fn write(&mut self, changes: &[Change<'_>], durability: Durability) -> rusqlite::Result<()> {
        self.set(durability)?;
        let transaction = self.connection.transaction()?;
        for change in changes {
            match change {
                Change::Add(job, payload) => {
                    let mut add = transaction.prepare_cached(
                        "INSERT INTO job (id, key, state, attempts, due, why, payload)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    )?;
                    let (state, due) = (number_of(job.state), job.due.as_unix_nanos());
                    add.execute(params![
                        to_stored(job.id),
                        job.key,
                        state,
                        job.attempts,
                        due,
                        job.why,
                        payload
                    ])?;
                }
                Change::Set(job) => {
                    let mut set = transaction.prepare_cached(
                        "UPDATE job SET state = ?2, attempts = ?3, due = ?4, why = ?5,
                         payload = CASE ?2 WHEN 2 THEN x'' ELSE payload END WHERE id = ?1",
                    )?;
                    let (state, due) = (number_of(job.state), job.due.as_unix_nanos());
                    set.execute(params![to_stored(job.id), state, job.attempts, due, job.why])?;
                }
                Change::Remove(id) => {
                    let mut remove = transaction.prepare_cached("DELETE FROM job WHERE id = ?1")?;
                    remove.execute([to_stored(*id)])?;
                }
            }
        }
        transaction.commit()
    }

    /// Returns all jobs, how many rows are none, and the highest number ever used.
    fn read(&self) -> rusqlite::Result<(Vec<Job>, usize, u64)> {
        let mut select = self
            .connection
            .prepare("SELECT id, key, state, attempts, due, why FROM job ORDER BY id")?;
        let rows: rusqlite::Result<Vec<Option<Job>>> = select.query_map([], job_of)?.collect();
        let rows = rows?;
        let jobs: Vec<Job> = rows.iter().flatten().cloned().collect();
        let last: Option<i64> = self
            .connection
            .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'job'", [], |row| row.get(0))
            .optional()?;
        Ok((jobs, rows.iter().filter(|row| row.is_none()).count(), from_stored(last.unwrap_or(0))))
    }

    fn error(&self, error: &rusqlite::Error) -> StoreError {
        let reason = format!("{}: {error}", self.path.display());
        StoreError::new(reason, crate::error::is_transient(error))
    }
}

impl fmt::Debug for JobStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store for JobStore {
    fn load(&mut self) -> Result<(Vec<Job>, u64), StoreError> {
        let mut read = self.read();
        if let Err(error) = &read
            && is_damage(error)
        {
            let reason = error.to_string();
            self.connection = Connection::open_in_memory().map_err(|error| self.error(&error))?;
            let (connection, damage) = database::replace(&self.path, &reason, &LAYOUT)
                .map_err(|error| StoreError::new(error.to_string(), false))?;
            (self.connection, self.durability) = (connection, Durability::Full);
            self.damage = Some(damage);
            read = self.read();
        }
        let (jobs, unreadable, last) = read.map_err(|error| self.error(&error))?;
        if unreadable > 0 {
            let more = format!("{unreadable} rows of jobs cannot be read");
            let damage = self.damage.take();
            self.damage = Some(damage.map_or(more.clone(), |damage| format!("{damage}; {more}")));
        }
        Ok((jobs, last))
    }

    fn payload(&mut self, id: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let read = || {
            let mut select =
                self.connection.prepare_cached("SELECT payload FROM job WHERE id = ?1")?;
            select.query_row([to_stored(id)], |row| row.get(0)).optional()
        };
        read().map_err(|error| self.error(&error))
    }

    fn commit(&mut self, changes: &[Change<'_>], durability: Durability) -> Result<(), StoreError> {
        self.write(changes, durability).map_err(|error| self.error(&error))
    }
}

fn job_of(row: &Row<'_>) -> rusqlite::Result<Option<Job>> {
    let state: u8 = row.get(2)?;
    let Some(state) = STATES.get(usize::from(state)).copied() else { return Ok(None) };
    Ok(Some(Job {
        id: from_stored(row.get(0)?),
        key: row.get(1)?,
        state,
        attempts: row.get(3)?,
        due: Timestamp::from_unix_nanos(row.get(4)?),
        why: row.get(5)?,
    }))
}

const fn number_of(state: JobState) -> u8 {
    match state {
        JobState::Waiting => 0,
        JobState::Leased => 1,
        JobState::Done => 2,
        JobState::Dead => 3,
    }
}

/// SQLite knows signed numbers only; no job's number comes that far.
fn to_stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn from_stored(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

const STATES: [JobState; 4] = [JobState::Waiting, JobState::Leased, JobState::Done, JobState::Dead];
/// `AUTOINCREMENT` remembers numbers that were used, so that none is used again.
const LAYOUT: Layout = Layout {
    version: 1,
    settings: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -512; \
        PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF;",
    schema: "BEGIN;
        CREATE TABLE job (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, state INTEGER NOT NULL,
            attempts INTEGER NOT NULL, due INTEGER NOT NULL, why TEXT NOT NULL, payload BLOB NOT NULL) STRICT;
        PRAGMA user_version = 1;
        COMMIT;",
    tables: &[("job", &["id"])],
};
