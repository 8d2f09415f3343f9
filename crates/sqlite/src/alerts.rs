//! The store of alerting.

mod places;
mod rows;
mod write;

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ToSql, params, params_from_iter};
use wardkit_alerting::{
    Batch, Durability, HistoryQuery, HistoryRow, Loaded, MOST_SUPERSEDED, MessageHead,
    MessageQuery, Payload, Store, StoreError,
};
use wardkit_core::Timestamp;

use crate::Error;
use crate::database::{self, Layout, is_damage};
use places::Places;
use rows::{MESSAGE, head_of, number_of, record_of, row_of};

/// The state, the messages and the history of alerting, in a database of SQLite.
///
/// What is kept with [`Durability::Full`] survives a loss of power. A database that is damaged is put aside, what can
/// be read of it is taken over, and [`Loaded::damage`] says so. One that a newer version of the program wrote is left
/// alone.
///
/// It waits a quarter of a second for another program that holds the database, then the commit fails and is tried
/// again by the service.
pub struct AlertStore {
    path: PathBuf,
    connection: Connection,
    /// Where the records lie.
    places: Places,
    damage: Option<String>,
    /// What the connection is set to.
    durability: Durability,
    /// How many commits the log has that the database has not.
    ahead: u32,
    /// The file that the connection holds, by device and number.
    file: (u64, u64),
}

impl AlertStore {
    /// Opens the database, and makes one if there is none or what there is cannot be used.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written, is held by another program, was written by a newer version, or a damaged one
    /// cannot be put aside.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (mut connection, mut damage) = database::open(path, &LAYOUT)?;
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| Error::Open {
            path: path.to_owned(),
            source,
        };
        let places = match Places::read(&connection) {
            Ok(places) => places,
            Err(error) => {
                // The file must be closed before it is moved.
                drop(connection);
                let (fresh, what) = database::replace(path, &error.to_string(), &LAYOUT)?;
                (connection, damage) = (fresh, Some(what));
                Places::read(&connection).map_err(|error| failed(error.into()))?
            }
        };
        let file = database::identity(path).map_err(|error| failed(error.into()))?;
        let (path, durability) = (path.to_owned(), Durability::Full);
        Ok(Self { path, connection, places, damage, durability, ahead: 0, file })
    }

    fn set(&mut self, durability: Durability) -> rusqlite::Result<()> {
        if self.durability != durability {
            let level = match durability {
                Durability::Full => "FULL",
                Durability::Relaxed => "NORMAL",
            };
            self.connection.execute_batch(&format!("PRAGMA synchronous = {level};"))?;
            self.durability = durability;
        }
        Ok(())
    }

    fn is_taken_away(&self) -> bool {
        match database::identity(&self.path) {
            Ok(file) => file != self.file,
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }

    fn write(&mut self, batch: &Batch, durability: Durability) -> rusqlite::Result<()> {
        self.set(durability)?;
        let transaction = self.connection.transaction()?;
        let written = write::batch(&transaction, &mut self.places, batch);
        let written = written.and_then(|()| transaction.commit());
        match &written {
            Ok(()) => self.ahead = self.ahead.saturating_add(1),
            Err(_) => self.places.undo(),
        }
        written
    }

    fn superseded(&self, sequence: u64) -> rusqlite::Result<Vec<Vec<u8>>> {
        let mut select = self.connection.prepare_cached(
            "WITH RECURSIVE chain(sequence) AS (
                 SELECT sequence FROM message WHERE superseded_by = ?1
                 UNION SELECT message.sequence FROM message
                     JOIN chain ON message.superseded_by = chain.sequence
             )
             SELECT body FROM chain JOIN payload USING (sequence) ORDER BY sequence DESC LIMIT ?2",
        )?;
        let limit = i64::try_from(MOST_SUPERSEDED).unwrap_or(i64::MAX);
        select.query_map(params![to_stored(sequence), limit], |row| row.get(0))?.collect()
    }

    fn body_and_receipt(
        &self,
        sequence: u64,
    ) -> rusqlite::Result<Option<(Vec<u8>, Option<String>)>> {
        let mut select = self.connection.prepare_cached(
            "SELECT body, receipt.receipt FROM payload JOIN message USING (sequence)
             LEFT JOIN receipt ON receipt.channel = message.channel
                 AND receipt.incident = message.incident
             WHERE sequence = ?1",
        )?;
        let mut rows = select.query([to_stored(sequence)])?;
        rows.next()?.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
    }

    fn select<T>(
        &self,
        sql: &str,
        values: &[Box<dyn ToSql>],
        read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        let mut select = self.connection.prepare(sql)?;
        select.query_map(params_from_iter(values), read)?.collect()
    }
}

impl fmt::Debug for AlertStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store for AlertStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let read = |error| failed("cannot read the database of alerts", error);
        let records = self.select("SELECT space, key, value FROM record", &[], record_of);
        let sql = format!("SELECT {MESSAGE} FROM message WHERE state < 3 ORDER BY sequence");
        let messages = self.select(&sql, &[], head_of).map_err(read)?;
        let records = records.map_err(read)?;
        let unreadable = messages.iter().filter(|head| head.is_none()).count()
            + records.iter().filter(|record| record.is_none()).count();
        if unreadable > 0 {
            let more = format!("{unreadable} rows of state and messages cannot be read");
            let damage = self.damage.take();
            self.damage = Some(damage.map_or(more.clone(), |damage| format!("{damage}; {more}")));
        }
        let last: Option<i64> = self
            .connection
            .query_row("SELECT max(sequence) FROM message", [], |row| row.get(0))
            .map_err(read)?;
        Ok(Loaded {
            records: records.into_iter().flatten().collect(),
            messages: messages.into_iter().flatten().collect(),
            last_sequence: last.map_or(0, number_of),
            damage: self.damage.take(),
        })
    }

    fn commit(&mut self, batch: &Batch, durability: Durability) -> Result<(), StoreError> {
        // Somebody who moves or removes it leaves a file that this connection goes on to write and no restart finds.
        if self.is_taken_away() {
            let what = "the database of alerts was taken away while it was used";
            return Err(StoreError::message(what).damaged());
        }
        self.write(batch, durability)
            .map_err(|error| failed("cannot write the database of alerts", error))
    }

    fn payload(&mut self, sequence: u64) -> Result<Option<Payload>, StoreError> {
        let read = |error| failed("cannot read a message", error);
        let Some((body, receipt)) = self.body_and_receipt(sequence).map_err(read)? else {
            return Ok(None);
        };
        // What cannot be read as a notification will not be readable at the next attempt either.
        let Ok(notification) = serde_json::from_slice(&body) else { return Ok(None) };
        let superseded = self.superseded(sequence).map_err(read)?;
        let superseded =
            superseded.iter().filter_map(|body| serde_json::from_slice(body).ok()).collect();
        let mut payload = Payload::of(notification);
        (payload.superseded, payload.receipt) = (superseded, receipt);
        Ok(Some(payload))
    }

    fn messages(&mut self, query: &MessageQuery) -> Result<Vec<MessageHead>, StoreError> {
        let mut sql = Conditions::default();
        if !query.states.is_empty() {
            let states: Vec<String> =
                query.states.iter().map(|state| rows::state_number(*state).to_string()).collect();
            sql.clauses.push(format!("state IN ({})", states.join(",")));
        }
        sql.equal("channel", query.channel.as_ref().map(|channel| channel.as_str().to_owned()));
        sql.equal("incident", query.incident.clone());
        sql.bound("queued_at >=", query.from.map(Timestamp::as_unix_nanos));
        sql.bound("queued_at <=", query.to.map(Timestamp::as_unix_nanos));
        sql.bound("sequence <", query.before.map(to_stored));
        let sql_text = format!(
            "SELECT {MESSAGE} FROM message {} ORDER BY sequence DESC LIMIT {}",
            sql.text(),
            query.limit.min(HistoryQuery::MAX)
        );
        let heads = self.select(&sql_text, &sql.values, head_of);
        let heads = heads.map_err(|error| failed("cannot read the messages", error))?;
        Ok(heads.into_iter().flatten().collect())
    }

    fn history(&mut self, query: &HistoryQuery) -> Result<Vec<HistoryRow>, StoreError> {
        let mut sql = Conditions::default();
        sql.equal("incident", query.incident.clone());
        sql.equal("subject", query.subject.clone());
        sql.bound("at >=", query.from.map(Timestamp::as_unix_nanos));
        sql.bound("at <=", query.to.map(Timestamp::as_unix_nanos));
        sql.bound("number <", query.before.map(to_stored));
        if let Some(what) = &query.what {
            sql.clauses.push(format!("substr(what, 1, {}) = ?", what.chars().count()));
            sql.values.push(Box::new(what.clone()));
        }
        let sql_text = format!(
            "SELECT number, at, what, subject, incident, by, why, labels FROM history {} \
             ORDER BY number DESC LIMIT {}",
            sql.text(),
            query.limit.min(HistoryQuery::MAX)
        );
        let rows = self.select(&sql_text, &sql.values, row_of);
        rows.map_err(|error| failed("cannot read the history", error))
    }

    fn prune(&mut self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let before = before.as_unix_nanos();
        let mut prune = || {
            self.set(Durability::Relaxed)?;
            let transaction = self.connection.transaction()?;
            let mut most = 0;
            for sql in PRUNE {
                most = transaction.execute(sql, params![before, limit])?.max(most);
            }
            transaction.commit()?;
            Ok(most as u64)
        };
        prune().map_err(|error| failed("cannot prune the history", error))
    }

    fn rest(&mut self) {
        if self.ahead < AHEAD {
            return;
        }
        // What cannot be done now is done at the next rest, or by a commit once the log is long.
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        self.ahead = 0;
    }

    fn rebuild(&mut self, running: &Batch) -> Result<String, StoreError> {
        let nothing = Connection::open_in_memory()
            .map_err(|error| failed("cannot close the damaged database", error))?;
        // The file must be closed before it is moved.
        drop(std::mem::replace(&mut self.connection, nothing));
        let anew = "cannot begin the database of alerts anew";
        let (connection, damage) =
            database::replace(&self.path, "damage was met while it was used", &LAYOUT)
                .map_err(|error| StoreError::new(anew, error))?;
        self.places = Places::read(&connection)
            .map_err(|error| failed("cannot read the database of alerts", error))?;
        (self.connection, self.durability) = (connection, Durability::Full);
        self.file = database::identity(&self.path).map_err(|error| StoreError::new(anew, error))?;
        self.commit(running, Durability::Full)?;
        Ok(damage)
    }
}

/// What a question asks for, as SQL.
#[derive(Default)]
struct Conditions {
    clauses: Vec<String>,
    values: Vec<Box<dyn ToSql>>,
}

impl Conditions {
    fn equal(&mut self, column: &str, value: Option<String>) {
        if let Some(value) = value {
            self.clauses.push(format!("{column} = ?"));
            self.values.push(Box::new(value));
        }
    }

    fn bound(&mut self, clause: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.clauses.push(format!("{clause} ?"));
            self.values.push(Box::new(value));
        }
    }

    fn text(&self) -> String {
        if self.clauses.is_empty() {
            return String::new();
        }
        format!("WHERE {}", self.clauses.join(" AND "))
    }
}

fn failed(what: &str, error: rusqlite::Error) -> StoreError {
    let damaged = is_damage(&error);
    let error = StoreError::new(what, error);
    if damaged { error.damaged() } else { error }
}

/// SQLite knows signed numbers only; no sequence comes that far.
fn to_stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// For a few commits the log need not be carried over into the database.
const AHEAD: u32 = 100;
/// What is older goes, what waits stays.
const PRUNE: [&str; 4] = [
    "DELETE FROM history WHERE number IN
         (SELECT number FROM history WHERE at < ?1 ORDER BY at LIMIT ?2)",
    "DELETE FROM payload WHERE sequence IN
         (SELECT sequence FROM message WHERE queued_at < ?1 AND at < ?1 AND state >= 3
          ORDER BY queued_at LIMIT ?2)",
    "DELETE FROM message WHERE sequence IN
         (SELECT sequence FROM message WHERE queued_at < ?1 AND at < ?1 AND state >= 3
          ORDER BY queued_at LIMIT ?2)",
    "DELETE FROM receipt WHERE (channel, incident) IN
         (SELECT channel, incident FROM receipt WHERE at < ?1 LIMIT ?2)",
];
const LAYOUT: Layout = Layout { version: 1, settings: SETTINGS, schema: SCHEMA, tables: TABLES };
/// The log is carried over into the database while nothing else is to do; only one of 64 MiB makes a commit wait for
/// it. It is read back in no time.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -2048; \
    PRAGMA wal_autocheckpoint = 16000; PRAGMA journal_size_limit = 16777216; PRAGMA trusted_schema = OFF;";
/// The tables and what their rows are ordered by.
const TABLES: &[(&str, &[&str])] = &[
    ("record", &["number"]),
    ("message", &["sequence"]),
    ("payload", &["sequence"]),
    ("receipt", &["channel", "incident"]),
    ("history", &["number"]),
];
/// The states below 3 are those that wait. What is said lies apart, so that a change of a message does not write it
/// again. Records lie in the order in which they came, without an index by their keys, most of which are hashes: new
/// ones would be spread over all of its pages. Where they lie is known by [`Places`].
const SCHEMA: &str = "BEGIN;
    CREATE TABLE record (number INTEGER PRIMARY KEY, space TEXT NOT NULL, key TEXT NOT NULL,
        value BLOB NOT NULL) STRICT;
    CREATE TABLE message (sequence INTEGER PRIMARY KEY, key TEXT NOT NULL, channel TEXT NOT NULL,
        receiver TEXT NOT NULL, person TEXT, incident TEXT NOT NULL, kind TEXT NOT NULL, condition TEXT NOT NULL,
        urgency TEXT NOT NULL, queued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, state INTEGER NOT NULL,
        attempts INTEGER NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL, superseded_by INTEGER,
        origin TEXT) STRICT;
    CREATE INDEX message_waiting ON message (sequence) WHERE state < 3;
    CREATE INDEX message_dead ON message (sequence) WHERE state = 4;
    CREATE INDEX message_superseded ON message (superseded_by) WHERE superseded_by IS NOT NULL;
    CREATE INDEX message_by_time ON message (queued_at);
    CREATE TABLE payload (sequence INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE receipt (channel TEXT NOT NULL, incident TEXT NOT NULL, receipt TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (channel, incident)) STRICT, WITHOUT ROWID;
    CREATE TABLE history (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL, subject TEXT NOT NULL,
        incident TEXT NOT NULL, by TEXT NOT NULL, why TEXT NOT NULL, labels TEXT NOT NULL) STRICT;
    CREATE INDEX history_by_time ON history (at);
    CREATE INDEX history_by_incident ON history (incident) WHERE incident <> '';
    PRAGMA user_version = 1;
    COMMIT;";
