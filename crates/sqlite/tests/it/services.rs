//! What is kept of services.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use wardkit_sqlite::{ServiceChange, ServiceStore};
use wardkit_supervise::Record;

pub(crate) fn open(dir: &Path) -> ServiceStore {
    ServiceStore::open(&dir.join("state.sqlite")).unwrap()
}

/// A record as a supervisor makes it, told from others by its generation.
pub(crate) fn record(service: &str, generation: u64) -> Record {
    serde_json::from_value(serde_json::json!({
        "service": service, "boot_id": "boot 1", "desired": "up", "generation": generation, "phase": "live",
        "process": {"pid": 4711, "identity": "pid 4711, started at 99"}, "started": {"secs": 5, "nanos": 7},
        "ready": true, "rest": "none", "failures": 0, "restarted": [{"secs": 4, "nanos": 1}], "looping": false,
        "restarts": 3, "maintenance": null,
        "history": [{"generation": 1, "at": "2026-01-01T12:00:00Z", "uptime": {"secs": 1, "nanos": 0},
            "reason": {"code": 1}, "exit": {"code": 1}, "memory_peak": 4096}],
    }))
    .unwrap()
}

pub(crate) fn keep(store: &mut ServiceStore, records: &[Record]) {
    store.commit(records.iter().map(ServiceChange::Keep)).unwrap();
}

#[test]
fn what_is_kept_comes_back_by_name_and_what_is_forgotten_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    assert_eq!(store.load().unwrap(), []);
    let (bot, db) = (record("bot", 1), record("db", 1));
    store
        .commit([
            ServiceChange::Keep(&db),
            ServiceChange::Keep(&bot),
            ServiceChange::Keep(&record("old", 9)),
            ServiceChange::Forget("old"),
            ServiceChange::Forget("never there"),
        ])
        .unwrap();
    assert_eq!(store.load().unwrap(), [bot, db.clone()]);
    let next = record("bot", 2);
    keep(&mut store, std::slice::from_ref(&next));
    drop(store);
    let mut store = open(dir.path());
    assert_eq!(store.take_damage(), None);
    assert_eq!(store.load().unwrap(), [next, db]);
}

#[test]
fn database_that_is_removed_while_it_is_used_comes_back_with_all_that_it_held() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    keep(&mut store, &[record("bot", 1), record("db", 1)]);
    for name in ["state.sqlite", "state.sqlite-wal", "state.sqlite-shm"] {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    keep(&mut store, &[record("bot", 2)]);
    let damage = store.take_damage().unwrap();
    assert!(damage.contains("was taken away"), "{damage}");
    assert_eq!(store.take_damage(), None);
    drop(store);
    assert_eq!(open(dir.path()).load().unwrap(), [record("bot", 2), record("db", 1)]);
}

#[test]
fn bit_that_flips_in_a_record_costs_that_record_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    let mut store = open(dir.path());
    keep(&mut store, &[record("bot", 1), record("db", 1)]);
    drop(store);
    let mut content = fs::read(&path).unwrap();
    let pid = b"\"service\":\"bot\"";
    let place = content.windows(pid.len()).position(|window| window == pid).unwrap();
    // A digit of the boot id becomes another one: still JSON, still a record.
    let digit = place + content[place..].iter().position(|byte| *byte == b'1').unwrap();
    content[digit] ^= 1;
    fs::write(&path, content).unwrap();
    let mut store = open(dir.path());
    assert_eq!(store.take_damage().unwrap(), "what was kept of the service \"bot\" cannot be read");
    assert_eq!(store.load().unwrap(), [record("db", 1)]);
    drop(store);
    assert_eq!(open(dir.path()).take_damage(), None);
}

#[test]
fn database_that_another_program_holds_fails_the_commit_which_can_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let other = Connection::open(dir.path().join("state.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let record = record("bot", 1);
    let error = store.commit([ServiceChange::Keep(&record)]).unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().contains("cannot write the database"), "{error}");
    other.execute_batch("COMMIT").unwrap();
    keep(&mut store, std::slice::from_ref(&record));
    assert_eq!(store.load().unwrap(), [record]);
}

#[test]
fn database_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.sqlite");
    keep(&mut open(dir.path()), &[record("bot", 1)]);
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 2").unwrap();
    let error = ServiceStore::open(&path).unwrap_err();
    assert!(!error.is_transient());
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 1").unwrap();
    assert_eq!(open(dir.path()).load().unwrap(), [record("bot", 1)]);
}
