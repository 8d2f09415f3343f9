//! What a loss of power leaves: a program that keeps alerts is recorded by strace, and every prefix of what it wrote
//! and synchronised is opened as a disk may have it then.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod disk;
mod trace;

use std::path::Path;
use std::process::{Command, Stdio};

use rusqlite::Connection;
use wardkit_alerting::{Batch, Durability, HistoryQuery, Record, Space, Store as _, Transition};
use wardkit_core::Timestamp;
use wardkit_sqlite::AlertStore;

use disk::{Disk, Loss};
use trace::{Call, calls};

const DIR: &str = "WARDKIT_TEST_POWER_DIR";
const NAME: &str = "alerts.sqlite";

fn batch(number: u64) -> Batch {
    // More than a page each: one that is torn has lost something.
    let value = Some(vec![u8::try_from(number % 251).unwrap(); 5_000]);
    let record = Record { space: Space::Alert, key: number.to_string(), value };
    let what = Transition::new(Timestamp::UNIX_EPOCH, "alert.fired", number.to_string());
    Batch { records: vec![record], transitions: vec![what], ..Batch::default() }
}

/// Run by the test below in a process of its own.
#[test]
#[expect(clippy::print_stdout, reason = "its parent reads it in the record")]
fn child_that_keeps_alerts() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let path = Path::new(&dir).join(NAME);
    let mut number = 0;
    for _ in 0..3 {
        let mut store = AlertStore::open(&path).unwrap();
        for commit in 1..=9 {
            number += 1;
            store.commit(&batch(number), Durability::Full).unwrap();
            println!("kept {number}");
            if commit % 3 == 0 {
                // As the store's own does after 4000 pages: the log is written into the database and begun anew.
                let other = Connection::open(&path).unwrap();
                let modes = ["PASSIVE", "RESTART", "TRUNCATE"];
                let sql = format!("PRAGMA wal_checkpoint({})", modes[(commit / 3) - 1]);
                other.query_row(&sql, [], |_| Ok(())).unwrap();
            }
        }
    }
}

fn record(dir: &Path) -> Vec<Call> {
    let trace = dir.join("trace");
    let status = Command::new("strace")
        .args(["-f", "-y", "-xx", "-s", "1000000", "-o", trace.to_str().unwrap()])
        .args(["-e", "trace=openat,pwrite64,write,ftruncate,fsync,fdatasync,rename,unlink"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_keeps_alerts", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    calls(&std::fs::read_to_string(trace).unwrap(), dir)
}

/// Opens what is left and returns how many alerts are there, each of them whole and none missing in between.
fn found(disk: &Disk, loss: Loss) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    disk.leave(dir.path(), loss);
    let mut store = AlertStore::open(&dir.path().join(NAME)).unwrap();
    let loaded = store.load().unwrap();
    let is_damaged = loaded.damage.is_some_and(|damage| !damage.contains("was empty"));
    assert!(!is_damaged);
    let mut records = loaded.records;
    records.sort_by_key(|record| record.key.parse::<u64>().unwrap());
    for (number, record) in (1..).zip(&records) {
        assert_eq!(*record, batch(number).records[0]);
    }
    let mut query = HistoryQuery::default();
    query.limit = 1_000;
    assert_eq!(store.history(&query).unwrap().len(), records.len());
    records.len() as u64
}

#[test]
fn every_prefix_of_the_writes_and_syncs_holds_what_was_answered_before() {
    let dir = tempfile::tempdir().unwrap();
    let calls = record(dir.path());
    let syncs = calls.iter().filter(|call| matches!(call, Call::Sync { .. })).count();
    assert!(syncs > 27, "{syncs} of {} calls", calls.len());
    let (mut disk, mut answered) = (Disk::default(), 0);
    let mut states = 0;
    for (number, call) in calls.iter().enumerate() {
        if let Call::Said(text) = call {
            answered = text.trim().strip_prefix("kept ").map_or(answered, |n| n.parse().unwrap());
            continue;
        }
        disk.take(call);
        // All of it arrived, nothing that was not synchronised, or any of it in any order, in sectors.
        for loss in [Loss::None, Loss::All, Loss::Some(number as u64)] {
            let found = found(&disk, loss);
            assert!(
                found >= answered,
                "{found} of {answered} after call {number}, {loss:?}: {call:?}"
            );
            states += 1;
        }
    }
    assert_eq!(answered, 27);
    assert!(states > 300, "{states}");
}
