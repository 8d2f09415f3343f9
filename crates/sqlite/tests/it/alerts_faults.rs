//! What the store of alerting does when the disk, another program or the power does not do its part.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use proptest::prelude::*;
use rusqlite::Connection;
use wardkit_alerting::{Batch, Durability, HistoryQuery, Loaded, Record, Space, Store};
use wardkit_sqlite::{AlertStore, Error};

use crate::alerts::{at, message, open, transition};

/// A batch that can be told from others: a message, a record and a row of history of the same number.
fn batch(number: u64) -> Batch {
    Batch {
        records: vec![Record {
            space: Space::Alert,
            key: number.to_string(),
            value: Some(vec![1; 300]),
        }],
        messages: vec![message(number, "a", 1)],
        updates: Vec::new(),
        transitions: vec![transition("alert.fired", &number.to_string(), 2)],
    }
}

/// Returns how many batches are there, each of them whole.
fn whole(store: &mut AlertStore) -> u64 {
    let Loaded { records, messages, .. } = store.load().unwrap();
    let mut query = HistoryQuery::default();
    query.limit = 10_000;
    let rows = store.history(&query).unwrap();
    assert_eq!((records.len(), rows.len()), (messages.len(), messages.len()));
    for head in &messages {
        assert!(store.payload(head.sequence).unwrap().is_some());
    }
    messages.len() as u64
}

#[test]
fn every_prefix_of_what_was_written_holds_what_was_answered_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let (database, log) = (dir.path().join("alerts.sqlite"), dir.path().join("alerts.sqlite-wal"));
    let length = |path: &Path| fs::metadata(path).map_or(0, |data| data.len());
    let before = fs::read(&database).unwrap();
    let mut answered = vec![length(&log)];
    for number in 1..=12 {
        store.commit(&batch(number), Durability::Full).unwrap();
        answered.push(length(&log));
    }
    let written = fs::read(&log).unwrap();
    assert_eq!(fs::read(&database).unwrap(), before, "a checkpoint would hide what is tested");
    // Every frame's border, and the middle of its header and of its page: a power cut keeps any of it.
    let begun = usize::try_from(answered[0]).unwrap();
    let mut cuts: Vec<usize> = (begun..=written.len())
        .step_by(24 + 4096)
        .flat_map(|end| [end, end + 12, end + 2000])
        .collect();
    cuts.retain(|cut| *cut <= written.len());
    for cut in cuts {
        let after = tempfile::tempdir().unwrap();
        fs::write(after.path().join("alerts.sqlite"), &before).unwrap();
        fs::write(after.path().join("alerts.sqlite-wal"), &written[..cut]).unwrap();
        let mut store = open(after.path());
        assert_eq!(store.load().unwrap().damage, None);
        let due = answered.iter().filter(|end| **end <= cut as u64).count() as u64 - 1;
        let found = whole(&mut store);
        assert!(found == due, "{found} of {due} batches after {cut} bytes");
    }
}

#[test]
fn torn_page_in_the_log_costs_nothing_that_was_answered_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let log = dir.path().join("alerts.sqlite-wal");
    store.commit(&batch(1), Durability::Full).unwrap();
    let answered = fs::metadata(&log).unwrap().len();
    let before = fs::read(dir.path().join("alerts.sqlite")).unwrap();
    store.commit(&batch(2), Durability::Full).unwrap();
    let mut written = fs::read(&log).unwrap();
    for byte in &mut written[usize::try_from(answered).unwrap() + 600..] {
        *byte = 0;
    }
    let after = tempfile::tempdir().unwrap();
    fs::write(after.path().join("alerts.sqlite"), before).unwrap();
    fs::write(after.path().join("alerts.sqlite-wal"), written).unwrap();
    assert_eq!(whole(&mut open(after.path())), 1);
}

#[test]
fn only_its_owner_can_read_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.commit(&batch(1), Durability::Full).unwrap();
    for name in ["alerts.sqlite", "alerts.sqlite-wal"] {
        let mode = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn locked_database_fails_the_commit_and_takes_it_later() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let other = Connection::open(dir.path().join("alerts.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.commit(&batch(1), Durability::Full).unwrap_err();
    assert!(!error.is_damaged());
    assert_eq!(whole(&mut store), 0);
    other.execute_batch("COMMIT").unwrap();
    store.commit(&batch(1), Durability::Full).unwrap();
    assert_eq!(whole(&mut store), 1);
}

#[test]
fn records_that_somebody_changed_by_hand_are_put_right() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    store.commit(&batch(1), Durability::Full).unwrap();
    let other = Connection::open(dir.path().join("alerts.sqlite")).unwrap();
    other.execute_batch("DELETE FROM record").unwrap();
    let records = || batch(1).records;
    let again = Batch { records: records(), ..Batch::default() };
    store.commit(&again, Durability::Full).unwrap();
    assert_eq!(store.load().unwrap().records, records());
    drop(store);
    let twice = "INSERT INTO record (space, key, value) VALUES ('alert', '1', x'07'), ('other', '1', x'08')";
    other.execute_batch(twice).unwrap();
    let mut store = open(dir.path());
    let newest = Record { value: Some(vec![7]), ..batch(1).records.remove(0) };
    let loaded = store.load().unwrap();
    assert_eq!(loaded.records, [newest]);
    assert_eq!(loaded.damage.unwrap(), "1 rows of state and messages cannot be read");
}

#[test]
fn database_of_a_newer_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts.sqlite");
    open(dir.path()).commit(&batch(1), Durability::Full).unwrap();
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 2").unwrap();
    let error = AlertStore::open(&path).unwrap_err();
    assert!(matches!(error, Error::Open { .. }));
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 1").unwrap();
    assert_eq!(whole(&mut open(dir.path())), 1);
}

#[test]
fn database_that_is_no_longer_one_is_put_aside_and_said_so() {
    for (content, said) in [(&b""[..], "was empty"), (&[7; 5000][..], "put aside")] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("alerts.sqlite");
        fs::write(&path, content).unwrap();
        let mut store = open(dir.path());
        let damage = store.load().unwrap().damage.unwrap();
        assert!(damage.contains(said), "{damage}");
        store.commit(&batch(1), Durability::Full).unwrap();
        drop(store);
        let mut store = open(dir.path());
        assert_eq!(store.load().unwrap().damage, None);
        assert_eq!(whole(&mut store), 1);
    }
}

#[test]
fn what_can_be_read_of_a_damaged_database_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts.sqlite");
    let mut store = open(dir.path());
    for number in 1..=60 {
        store.commit(&batch(number), Durability::Full).unwrap();
    }
    drop(store);
    let mut content = fs::read(&path).unwrap();
    // A page in the middle, which belongs to one table or index.
    let middle = content.len() / 2 / 4096 * 4096;
    content[middle..middle + 4096].fill(0xa5);
    fs::write(&path, content).unwrap();
    let mut store = open(dir.path());
    let Loaded { records, messages, damage, .. } = store.load().unwrap();
    assert!(damage.unwrap().contains("rows of it were taken over"));
    let mut query = HistoryQuery::default();
    query.limit = 1000;
    let rows = store.history(&query).unwrap();
    let lost =
        [records.len(), messages.len(), rows.len()].iter().filter(|found| **found < 60).count();
    assert!(lost <= 1, "{} {} {}", records.len(), messages.len(), rows.len());
    assert!(dir.path().join("alerts.sqlite.damaged").exists());
}

#[test]
fn flipped_bit_in_the_name_of_a_column_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts.sqlite");
    let mut store = open(dir.path());
    store.commit(&batch(1), Durability::Full).unwrap();
    drop(store);
    let mut content = fs::read(&path).unwrap();
    let name = b"body BLOB";
    let place = content.windows(name.len()).position(|window| window == name).unwrap();
    content[place] ^= 1;
    fs::write(&path, content).unwrap();
    let mut store = open(dir.path());
    let damage = store.load().unwrap().damage.unwrap();
    assert!(damage.contains("payload is not there as this program makes it"), "{damage}");
    assert!(store.payload(1).unwrap().is_some());
}

#[test]
fn history_is_forgotten_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = open(dir.path());
    let transitions = (0..10).map(|second| transition("alert.fired", "a", second)).collect();
    let batch = Batch { transitions, ..Batch::default() };
    store.commit(&batch, Durability::Full).unwrap();
    assert_eq!(store.prune(at(7), 5).unwrap(), 5);
    assert_eq!(store.prune(at(7), 5).unwrap(), 2);
    assert_eq!(store.prune(at(7), 5).unwrap(), 0);
    assert_eq!(store.history(&HistoryQuery::default()).unwrap().len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_damage_is_survived(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
        in_log in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        for number in 1..=8 {
            store.commit(&batch(number), Durability::Full).unwrap();
        }
        let after = tempfile::tempdir().unwrap();
        if !in_log {
            // Closing it writes the log into the database.
            drop(store);
        }
        for name in ["alerts.sqlite", "alerts.sqlite-wal"] {
            let Ok(mut content) = fs::read(dir.path().join(name)) else { continue };
            if in_log == name.ends_with("wal") {
                for (place, value) in &flips {
                    let place = place.index(content.len());
                    content[place] = *value;
                }
                if let Some(cut) = cut {
                    content.truncate(cut.index(content.len()));
                }
            }
            fs::write(after.path().join(name), content).unwrap();
        }
        let mut store = match AlertStore::open(&after.path().join("alerts.sqlite")) {
            Ok(store) => store,
            // A flipped version looks like a newer one, which nobody may touch.
            Err(error) => {
                let newer = matches!(error, Error::Open { .. });
                prop_assert!(newer);
                return Ok(());
            }
        };
        // Damage that shows only when a row is read is met by the service with a rebuild.
        let loaded = store.load();
        if loaded.is_err() || store.commit(&batch(100), Durability::Full).is_err() {
            store.rebuild(&batch(100)).unwrap();
        }
        prop_assert!(store.payload(100).unwrap().is_some());
    }
}
