use std::collections::BTreeMap;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

/// How many rows the tables of databases had when they were copied. Cloning gives another handle to the same counts.
#[derive(Clone, Debug, Default)]
pub struct RowCounts(Arc<Mutex<BTreeMap<(PathBuf, String), u64>>>);

impl RowCounts {
    /// Takes out what was noted: the database, the table, and its rows.
    #[must_use]
    pub fn take(&self) -> Vec<(PathBuf, String, u64)> {
        let noted = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        noted.into_iter().map(|((path, table), rows)| (path, table, rows)).collect()
    }

    /// Counts the rows of the usual tables of a copy. What a module holds that this SQLite does not have is not counted.
    pub(super) fn note(&self, path: &Path, copy: &Connection) -> rusqlite::Result<()> {
        let mut tables = copy.prepare(TABLES)?;
        let names: Vec<String> =
            tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for table in names {
            // A name cannot be a parameter; within quotes, quotes are doubled.
            let count = format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\""));
            let rows: i64 = copy.query_row(&count, [], |row| row.get(0))?;
            let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            noted.insert((path.to_owned(), table), u64::try_from(rows).unwrap_or(0));
        }
        Ok(())
    }
}

const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' \
    AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND sql NOT LIKE 'CREATE VIRTUAL%'";
