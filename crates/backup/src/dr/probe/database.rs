use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags};

use super::{Probe, RestoredTree, Verdict};

/// A SQLite database that has to be whole, and may have to have rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    path: PathBuf,
    tables: Vec<(String, u64)>,
}

impl Database {
    /// The database at `path` passes SQLite's own check.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), tables: Vec::new() }
    }

    /// A table has at least as many rows.
    #[must_use]
    pub fn with_rows(mut self, table: impl Into<String>, at_least: u64) -> Self {
        self.tables.push((table.into(), at_least));
        self
    }

    fn ask(
        &self,
        database: &Connection,
        is_stopped: &dyn Fn() -> bool,
    ) -> rusqlite::Result<Verdict> {
        let said: String = database.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        if said != "ok" {
            return Ok(Verdict::failed(said));
        }
        let mut seen = "it is whole".to_owned();
        for (table, least) in &self.tables {
            if is_stopped() {
                return Ok(Verdict::not_run("the drill was broken off"));
            }
            // A name cannot be a parameter; within quotes, quotes are doubled.
            let name = table.replace('"', "\"\"");
            let rows: i64 =
                database
                    .query_row(&format!("SELECT count(*) FROM \"{name}\""), [], |row| row.get(0))?;
            let rows = u64::try_from(rows).unwrap_or(0);
            if rows < *least {
                return Ok(Verdict::failed(format!("{table} has {rows} rows, and had {least}")));
            }
            seen = format!("{seen}, {table} has {rows} rows");
        }
        Ok(Verdict::passed(seen))
    }
}

impl Probe for Database {
    fn id(&self) -> String {
        format!("sqlite {}", self.path.display())
    }

    fn run(&self, tree: &RestoredTree, is_stopped: &dyn Fn() -> bool) -> Verdict {
        let file = match tree.open(&self.path) {
            Ok(file) => file,
            Err(error) => return Verdict::failed(format!("it cannot be opened: {error}")),
        };
        // By its descriptor, so that no link leads out of the tree; nobody writes to it, so nothing is made beside it.
        let name = format!("file:/proc/self/fd/{}?immutable=1", file.as_raw_fd());
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(name, flags)
            .and_then(|database| self.ask(&database, is_stopped))
            .unwrap_or_else(|error| Verdict::failed(error.to_string()))
    }
}
