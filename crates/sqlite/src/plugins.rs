//! The registry of plugins.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};
use wardkit_plugin::manifest::PluginId;
use wardkit_plugin::{Error as PluginError, Installed, Registry};

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
        Ok(Self { path: path.to_owned(), connection, damage })
    }

    /// Returns what was wrong with the database, for people, once.
    #[must_use]
    pub fn take_damage(&mut self) -> Option<String> {
        self.damage.take()
    }

    fn read(&self, id: Option<&PluginId>) -> rusqlite::Result<Vec<String>> {
        let mut select = self
            .connection
            .prepare_cached("SELECT row FROM plugin WHERE ?1 IS NULL OR id = ?1 ORDER BY number")?;
        let rows = select.query_map([id.map(PluginId::as_str)], |row| row.get(0))?;
        rows.collect()
    }

    fn write(&mut self, rows: &[(&Installed, String)]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for (row, text) in rows {
            let mut put = transaction.prepare_cached(
                "INSERT INTO plugin (id, digest, row) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id, digest) DO UPDATE SET row = excluded.row",
            )?;
            put.execute(params![row.id.as_str(), row.digest, text])?;
        }
        transaction.commit()
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
        let rows = self.read(id).map_err(|error| self.error(&error))?;
        let read = rows.iter().map(|row| serde_json::from_str(row));
        read.collect::<Result<_, _>>().map_err(|error| self.unreadable(&error))
    }

    fn put(&mut self, rows: &[Installed]) -> Result<(), PluginError> {
        let texts = rows.iter().map(|row| Ok((row, serde_json::to_string(row)?)));
        let texts: Result<Vec<_>, serde_json::Error> = texts.collect();
        let texts = texts.map_err(|error| self.unreadable(&error))?;
        self.write(&texts).map_err(|error| self.error(&error))
    }
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
