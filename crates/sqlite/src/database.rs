//! Opens a database, and begins anew when what there is cannot be used.

use std::fs::OpenOptions;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, params_from_iter};

use crate::{Error, schema};

/// What a database is like that this program makes.
#[derive(Debug)]
pub(crate) struct Layout {
    /// What another is not opened with.
    pub(crate) version: u32,
    /// How the connection is set.
    pub(crate) settings: &'static str,
    /// Makes the tables and sets the version.
    pub(crate) schema: &'static str,
    /// The tables and what their rows are ordered by.
    pub(crate) tables: &'static [(&'static str, &'static [&'static str])],
}

/// Opens the database; returns what was wrong with the one that was there, if anything was.
pub(crate) fn open(path: &Path, layout: &Layout) -> Result<(Connection, Option<String>), Error> {
    let length = std::fs::metadata(path).map(|data| data.len());
    let connection = connect(path, layout);
    match connection {
        Ok(connection) if length.is_ok_and(|length| length == 0) => {
            let name = path.display();
            Ok((connection, Some(format!("{name} was empty: all that it held is lost"))))
        }
        Ok(connection) => Ok((connection, None)),
        Err(Unusable::Damaged(reason)) => {
            replace(path, &reason, layout).map(|(connection, damage)| (connection, Some(damage)))
        }
        Err(Unusable::Unreachable(source)) => Err(Error::Open { path: path.to_owned(), source }),
    }
}

/// Puts the database aside, begins anew and takes over what can be read of it. Returns what was done, for people.
pub(crate) fn replace(
    path: &Path,
    reason: &str,
    layout: &Layout,
) -> Result<(Connection, String), Error> {
    let aside = with_ending(path, ".damaged");
    for ending in ["", "-wal", "-shm"] {
        move_aside(&with_ending(path, ending), &with_ending(&aside, ending))?;
    }
    let mut connection = connect(path, layout).map_err(|unusable| {
        let source = match unusable {
            Unusable::Damaged(reason) => reason.into(),
            Unusable::Unreachable(source) => source,
        };
        Error::Open { path: path.to_owned(), source }
    })?;
    let saved = Connection::open(&aside).map_or(0, |old| salvage(&old, &mut connection, layout));
    let what = format!(
        "{}: {reason}; it was put aside as {}, and {saved} rows of it were taken over",
        path.display(),
        aside.display()
    );
    Ok((connection, what))
}

/// Takes over all rows that can be read, from both ends of each table, until what is damaged is met.
pub(crate) fn salvage(old: &Connection, new: &mut Connection, layout: &Layout) -> usize {
    let mut saved = 0;
    for (table, key) in layout.tables {
        for order in ["ASC", "DESC"] {
            let order: Vec<String> = key.iter().map(|column| format!("{column} {order}")).collect();
            let sql = format!("SELECT * FROM {table} ORDER BY {}", order.join(", "));
            // A table that cannot be read is lost; the others may not be.
            saved += copy(old, new, table, &sql).unwrap_or(0);
        }
    }
    saved
}

fn copy(old: &Connection, new: &mut Connection, table: &str, sql: &str) -> rusqlite::Result<usize> {
    let mut select = old.prepare(sql)?;
    let columns = select.column_count();
    let holes = vec!["?"; columns].join(", ");
    let transaction = new.transaction()?;
    let mut saved = 0;
    {
        let mut insert =
            transaction.prepare(&format!("INSERT OR IGNORE INTO {table} VALUES ({holes})"))?;
        let mut rows = select.query([])?;
        while let Ok(Some(row)) = rows.next() {
            let values: rusqlite::Result<Vec<Value>> =
                (0..columns).map(|column| row.get(column)).collect();
            // A row that does not fit the table is a damaged one.
            if let Ok(values) = values {
                saved += insert.execute(params_from_iter(values)).unwrap_or(0);
            }
        }
    }
    transaction.commit()?;
    Ok(saved)
}

/// Why a database cannot be used.
enum Unusable {
    /// What it holds; it can be made anew.
    Damaged(String),
    /// Where it lies, who holds it, or who wrote it.
    Unreachable(Box<dyn std::error::Error + Send + Sync>),
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Self {
        if is_damage(&error) {
            Self::Damaged(error.to_string())
        } else {
            Self::Unreachable(error.into())
        }
    }
}

fn connect(path: &Path, layout: &Layout) -> Result<Connection, Unusable> {
    // SQLite gives its other files the same mode.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .and_then(|_| keep_names(path))
        .map_err(|error| Unusable::Unreachable(error.into()))?;
    let connection = Connection::open(path)?;
    // Statements are prepared once, whatever they are asked with.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(BUSY_AT_START)?;
    connection.execute_batch(layout.settings)?;
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        0 => connection.execute_batch(layout.schema).map_err(|error| {
            match error.sqlite_error_code() {
                // There are tables of that name under no version: it is not ours.
                Some(ErrorCode::Unknown) => Unusable::Damaged(error.to_string()),
                _ => error.into(),
            }
        })?,
        known if known == layout.version => {}
        other => {
            let known = layout.version;
            let reason = format!("its version is {other}, and this program knows {known} only");
            return Err(Unusable::Unreachable(reason.into()));
        }
    }
    let check: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if check != "ok" {
        return Err(Unusable::Damaged(check));
    }
    schema::check(&connection, layout.schema).map_err(Unusable::Damaged)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// Returns whether the error says that the file is not a sound database.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Returns which file lies there: its device and its number.
pub(crate) fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    std::fs::metadata(path).map(|data| (data.dev(), data.ino()))
}

/// Makes the names in the database's directory survive a loss of power; SQLite does it for its log only.
fn keep_names(path: &Path) -> std::io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    std::fs::File::open(dir.unwrap_or(Path::new(".")))?.sync_all()
}

fn move_aside(from: &Path, to: &Path) -> Result<(), Error> {
    let moved = match std::fs::rename(from, to) {
        // One from an earlier time must not be taken for part of this one.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => std::fs::remove_file(to),
        other => other,
    };
    match moved {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::Remove { path: from.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Whoever looks into a database with a tool is waited for, but nothing must wait long for them.
const BUSY: Duration = Duration::from_millis(250);
const BUSY_AT_START: Duration = Duration::from_secs(5);
