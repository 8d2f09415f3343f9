//! The registry of plugins.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use wardkit_plugin::manifest::PluginId;
use wardkit_plugin::{Change, Error as PluginError, Installed, Registry};

use crate::Error;
use crate::database::{self, Layout};

/// What is installed, in a database of SQLite: one upgrade is one transaction.
///
/// A database that is damaged is put aside, what can be read of it is taken over, and
/// [`take_damage`](Self::take_damage) says so.
///
/// ```
/// use wardkit_core::Timestamp;
/// use wardkit_plugin::{Grant, Installed, Plugins};
/// use wardkit_sqlite::PluginRegistry;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("plugins.sqlite");
/// let id = "org.example.hello".parse()?;
/// let mut plugins = Plugins::new(PluginRegistry::open(&path)?);
/// let named = ("org.example.hello".parse()?, "0.1.0".parse()?);
/// plugins.add(Installed::pending(named, "aa", None, Grant::default(), Timestamp::UNIX_EPOCH))?;
/// plugins.activate(&id, "aa")?;
/// drop(plugins); // killed
///
/// let mut plugins = Plugins::new(PluginRegistry::open(&path)?);
/// assert_eq!(plugins.active(&id)?.expect("it was kept").digest, "aa");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PluginRegistry {
    path: PathBuf,
    connection: Connection,
    /// Which file that is.
    file: Option<(u64, u64)>,
    damage: Option<String>,
}

impl PluginRegistry {
    /// Opens the database, and makes one if there is none or what there is cannot be used.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written, is held by another program, was written by a newer version, or a damaged one
    /// cannot be put aside.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (connection, damage) = database::open(path, &LAYOUT)?;
        let file = database::identity(path).ok();
        Ok(Self { path: path.to_owned(), connection, file, damage })
    }

    /// Returns what was wrong with the database, for people, once.
    #[must_use]
    pub fn take_damage(&mut self) -> Option<String> {
        self.damage.take()
    }

    /// Another process may have put a damaged database aside: what it writes to the new one holds here too.
    fn follow(&mut self) -> Result<(), PluginError> {
        if database::identity(&self.path).ok() == self.file && self.file.is_some() {
            return Ok(());
        }
        let opened = Self::open(&self.path).map_err(|error| PluginError::Store {
            transient: error.is_transient(),
            reason: error.to_string(),
        })?;
        let damage = self.damage.take();
        *self = opened;
        self.damage = damage.or_else(|| self.damage.take());
        Ok(())
    }

    fn parse(&self, rows: &[String]) -> Result<Vec<Installed>, PluginError> {
        let read = rows.iter().map(|row| serde_json::from_str(row));
        read.collect::<Result<_, _>>().map_err(|error| self.unreadable(&error))
    }

    fn error(&self, error: &rusqlite::Error) -> PluginError {
        PluginError::Store {
            reason: format!("{}: {error}", self.path.display()),
            transient: crate::error::is_transient(error),
        }
    }

    fn unreadable(&self, error: &serde_json::Error) -> PluginError {
        let reason = format!("{}: a row cannot be read: {error}", self.path.display());
        PluginError::Store { reason, transient: false }
    }
}

impl fmt::Debug for PluginRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginRegistry").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A row that cannot be read is an error, and not left out: it may be the one that says "revoked".
impl Registry for PluginRegistry {
    fn versions(&mut self, id: Option<&PluginId>) -> Result<Vec<Installed>, PluginError> {
        self.follow()?;
        let rows = read(&self.connection, id).map_err(|error| self.error(&error))?;
        self.parse(&rows)
    }

    fn change(&mut self, id: &PluginId, change: Change<'_>) -> Result<(), PluginError> {
        self.follow()?;
        // What is read is to be written: the lock is taken before, or another process comes between.
        let immediate = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&self.connection, immediate);
        let transaction = transaction.map_err(|error| self.error(&error))?;
        let rows = read(&transaction, Some(id)).map_err(|error| self.error(&error))?;
        for row in change(self.parse(&rows)?)? {
            let text = serde_json::to_string(&row).map_err(|error| self.unreadable(&error))?;
            write(&transaction, &row, &text).map_err(|error| self.error(&error))?;
        }
        transaction.commit().map_err(|error| self.error(&error))
    }
}

fn read(connection: &Connection, id: Option<&PluginId>) -> rusqlite::Result<Vec<String>> {
    let rows = |row: &rusqlite::Row<'_>| row.get(0);
    match id {
        Some(id) => connection
            .prepare_cached("SELECT row FROM plugin WHERE id = ?1 ORDER BY number")?
            .query_map([id.as_str()], rows)?
            .collect(),
        None => connection
            .prepare_cached("SELECT row FROM plugin ORDER BY number")?
            .query_map([], rows)?
            .collect(),
    }
}

fn write(connection: &Connection, row: &Installed, text: &str) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached(
        "INSERT INTO plugin (id, digest, row) VALUES (?1, ?2, ?3)
         ON CONFLICT (id, digest) DO UPDATE SET row = excluded.row",
    )?;
    put.execute(params![row.id.as_str(), row.digest, text]).map(drop)
}

const LAYOUT: Layout = Layout {
    version: 1,
    settings: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -256; \
        PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF;",
    schema: "BEGIN;
        CREATE TABLE plugin (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, digest TEXT NOT NULL,
            row TEXT NOT NULL, UNIQUE (id, digest)) STRICT;
        PRAGMA user_version = 1;
        COMMIT;",
    tables: &[("plugin", &["number"])],
};
