//! A database that is in use, as a source.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use wardkit_backup::source::{
    Chain, Files, FilesOptions, RowCounts, Source as _, SourceError, Sqlite, SqliteOptions,
};
use wardkit_core::{ManualClock, Timestamp};

use crate::source_files::{content, walk};

fn options(scratch: &Path) -> SqliteOptions {
    SqliteOptions::new(scratch, Arc::new(ManualClock::at(Timestamp::default())))
}

/// A database in use, with rows that only its log has.
fn live(path: &Path) -> Connection {
    let live = Connection::open(path).unwrap();
    live.pragma_update(None, "journal_mode", "wal").unwrap();
    live.execute_batch("CREATE TABLE t (x); PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let rows = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 2000)
        INSERT INTO t SELECT printf('%0200d', x) FROM n";
    live.execute(rows, []).unwrap();
    live
}

fn rows(bytes: &[u8], folder: &Path) -> i64 {
    let path = folder.join("restored");
    fs::write(&path, bytes).unwrap();
    let restored = Connection::open(&path).unwrap();
    restored.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
}

#[test]
fn rows_of_the_copy_are_counted() {
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("x.db");
    let live = live(&path);
    live.execute_batch("CREATE TABLE \"odd \"\" name\" (id INTEGER PRIMARY KEY AUTOINCREMENT)")
        .unwrap();
    let mut options = options(scratch.path());
    let counts = RowCounts::default();
    options.rows = Some(counts.clone());
    let mut source = Sqlite::new(&path, options).unwrap();
    source.prepare().unwrap();
    let expected = [(path.clone(), "odd \" name".to_owned(), 0), (path, "t".to_owned(), 2000)];
    assert_eq!(counts.take(), expected);
    assert_eq!(counts.take(), []);
}

#[test]
fn a_database_is_copied_with_its_log() {
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("x.db");
    let live = live(&path);
    let mut chain = Chain::new()
        .with(Files::new([folder.path()], FilesOptions::default()).unwrap())
        .with(Sqlite::new(&path, options(scratch.path())).unwrap());
    let found = walk(&mut chain);
    assert_eq!(found.below(folder.path()), ["", "x.db"], "no log of the live one");
    live.execute("DELETE FROM t", []).unwrap();

    let copy = fs::read_dir(scratch.path()).unwrap().next().unwrap().unwrap();
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let file = fs::metadata(copy.path().join("copy")).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);

    let entry = found.entry(&path);
    assert!(!entry.content.as_ref().unwrap().is_told_by_metadata());
    let bytes = content(entry);
    assert_eq!(bytes.len() as u64, entry.metadata.size);
    assert_eq!(rows(&bytes, scratch.path()), 2000);
    chain.finish().unwrap();
    drop((found, chain));
    let left: Vec<_> = fs::read_dir(scratch.path()).unwrap().collect();
    assert!(left.iter().all(|left| !left.as_ref().unwrap().file_type().unwrap().is_dir()));
}

#[test]
fn an_unchanged_database_gives_the_same_bytes() {
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("x.db");
    let _live = live(&path);
    let copy = || {
        let found = walk(&mut Sqlite::new(&path, options(scratch.path())).unwrap());
        content(found.entry(&path))
    };
    assert!(copy() == copy());
}

#[test]
fn a_damaged_busy_or_missing_database_is_an_error() {
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("x.db");
    let mut missing = Sqlite::new(&path, options(scratch.path())).unwrap();
    assert!(matches!(missing.prepare(), Err(SourceError::Nothing { .. })));

    drop(live(&path));
    let plain = Connection::open(&path).unwrap();
    plain.pragma_update(None, "journal_mode", "delete").unwrap();
    plain.execute_batch("BEGIN EXCLUSIVE; INSERT INTO t VALUES (1)").unwrap();
    let mut impatient = options(scratch.path());
    impatient.deadline = Duration::from_millis(50);
    let busy = Sqlite::new(&path, impatient).unwrap().prepare();
    assert!(matches!(busy, Err(SourceError::Busy { .. })), "{busy:?}");
    plain.execute_batch("ROLLBACK").unwrap();
    drop(plain);

    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    let damaged = Sqlite::new(&path, options(scratch.path())).unwrap().prepare();
    assert!(matches!(damaged, Err(SourceError::DamagedDatabase { .. })), "{damaged:?}");
    fs::write(&path, "no database, but long enough to be taken for one".repeat(100)).unwrap();
    let none = Sqlite::new(&path, options(scratch.path())).unwrap().prepare();
    assert!(matches!(none, Err(SourceError::Database { .. })), "{none:?}");
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}
