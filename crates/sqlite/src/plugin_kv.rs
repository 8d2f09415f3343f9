//! The keys and values of plugins.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use wardkit_plugin::KvStore;

use crate::Error;
use crate::database::{self, Layout};

/// Keys and values of plugins, in a database of SQLite. What was set survives the death of the program; what was set
/// within the last moments before a loss of power may not.
///
/// ```
/// use wardkit_plugin::KvStore as _;
/// use wardkit_sqlite::PluginKv;
///
/// # let dir = tempfile::tempdir()?;
/// let kv = PluginKv::open(&dir.path().join("kv.db"))?;
/// assert!(kv.set("org.example.hello", "name", Some("world"), 64)?);
/// assert!(!kv.set("org.example.hello", "long", Some(&"x".repeat(64)), 64)?); // no room
/// assert_eq!(kv.get("org.example.hello", "name")?.as_deref(), Some("world"));
/// assert_eq!(kv.get("org.example.other", "name")?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PluginKv {
    path: PathBuf,
    connection: Mutex<Connection>,
    damage: Option<String>,
}

impl PluginKv {
    /// Opens the database, and makes one if there is none or what there is cannot be used.
    ///
    /// # Errors
    ///
    /// As [`PluginRegistry::open`](crate::PluginRegistry::open).
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (connection, damage) = database::open(path, &LAYOUT)?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection), damage })
    }

    /// Returns what was wrong with the database, for people, once.
    #[must_use]
    pub fn take_damage(&mut self) -> Option<String> {
        self.damage.take()
    }

    /// Removes everything that a plugin has kept.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn clear(&self, plugin: &str) -> Result<(), Error> {
        let cleared = self.connection().execute("DELETE FROM pair WHERE plugin = ?1", [plugin]);
        cleared
            .map(drop)
            .map_err(|error| Error::Write { path: self.path.clone(), source: error.into() })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction that was left is rolled back when it is dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PluginKv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PluginKv").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The plugin is told what failed, and nothing of where it lies.
impl KvStore for PluginKv {
    fn get(&self, plugin: &str, key: &str) -> Result<Option<String>, String> {
        let connection = self.connection();
        let value = connection
            .prepare_cached("SELECT value FROM pair WHERE plugin = ?1 AND name = ?2")
            .and_then(|mut select| select.query_row([plugin, key], |row| row.get(0)).optional());
        value.map_err(|error| failed(&error))
    }

    fn set(&self, plugin: &str, key: &str, value: Option<&str>, most: u64) -> Result<bool, String> {
        let connection = self.connection();
        set(&connection, plugin, (key, value), most).map_err(|error| failed(&error))
    }

    fn keys(&self, plugin: &str, prefix: &str) -> Result<Vec<String>, String> {
        let connection = self.connection();
        let keys = connection
            .prepare_cached(
                "SELECT name FROM pair WHERE plugin = ?1 AND name >= ?2
                 AND substr(name, 1, length(?2)) = ?2 ORDER BY name",
            )
            .and_then(|mut select| {
                let rows = select.query_map([plugin, prefix], |row| row.get(0))?;
                rows.collect()
            });
        keys.map_err(|error| failed(&error))
    }
}

fn set(
    connection: &Connection,
    plugin: &str,
    (key, value): (&str, Option<&str>),
    most: u64,
) -> rusqlite::Result<bool> {
    let Some(value) = value else {
        connection
            .prepare_cached("DELETE FROM pair WHERE plugin = ?1 AND name = ?2")?
            .execute([plugin, key])?;
        return Ok(true);
    };
    // Looking and setting are one step, for other programs too.
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let others: i64 = transaction
        .prepare_cached(
            "SELECT coalesce(sum(octet_length(name) + octet_length(value)), 0) FROM pair
             WHERE plugin = ?1 AND name <> ?2",
        )?
        .query_row([plugin, key], |row| row.get(0))?;
    let used = others.unsigned_abs() + (key.len() + value.len()) as u64;
    if used > most {
        return Ok(false);
    }
    transaction
        .prepare_cached(
            "INSERT INTO pair (plugin, name, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (plugin, name) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![plugin, key, value])?;
    transaction.commit()?;
    Ok(true)
}

fn failed(error: &rusqlite::Error) -> String {
    let transient = crate::error::is_transient(error);
    if transient { "the store is busy" } else { "the store cannot be used" }.to_owned()
}

const LAYOUT: Layout = Layout {
    version: 1,
    // A plugin may set in a loop: each need not reach the disk.
    settings: "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256; \
        PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF;",
    schema: "BEGIN;
        CREATE TABLE pair (plugin TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
            PRIMARY KEY (plugin, name)) STRICT, WITHOUT ROWID;
        PRAGMA user_version = 1;
        COMMIT;",
    tables: &[("pair", &["plugin", "name"])],
};
