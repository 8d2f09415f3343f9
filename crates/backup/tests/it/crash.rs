//! A store that fails at any of its operations leaves a repository that is whole, and the next backup ends well.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use wardkit_backup::engine::{BackupReport, Error};
use wardkit_backup::source::Source;
use wardkit_backup::store::{Fault, Faulty, Kind, Memory, Operation};

use crate::backup::{Made, MadeUp, back_up, contents, new_store, open};
use crate::support::Watched;

fn before() -> impl Source {
    MadeUp::default()
        .dir("/d")
        .file("/d/stays", 2_000, Made::Of(1))
        .file("/d/was", 2_000, Made::Of(2))
        .file("/large", 10_000, Made::Of(3))
}

/// More than one pack, so that puts follow each other.
fn after() -> impl Source {
    let mut source = MadeUp::default().dir("/d").file("/d/stays", 2_000, Made::Of(1)).file(
        "/d/was",
        2_001,
        Made::Of(4),
    );
    for number in 0..2 {
        source = source.file(&format!("/e{number}"), 40_000, Made::Of(5 + number));
    }
    source.file("/large", 10_000, Made::Of(3))
}

type Contents = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// A repository with one snapshot.
fn begun() -> (Memory, Contents) {
    let store = new_store();
    let repository = open(store.clone()).unwrap();
    let report = back_up(&repository, &mut before()).unwrap();
    let found = contents(&repository, &report.tree).unwrap();
    (store.to_copy(), found)
}

fn run(store: Arc<Faulty<Memory>>) -> Result<BackupReport, Error> {
    let repository = open(store)?;
    back_up(&repository, &mut after())
}

/// Every snapshot that is there can be read to its last byte, and is one of the two.
fn check_whole(store: &Memory, expected: [&Contents; 2], at: &str) {
    let repository = open(Arc::new(store.to_copy())).unwrap();
    let list = repository.snapshots().unwrap();
    assert!(!list.snapshots.is_empty(), "{at}");
    for (_, snapshot) in list.snapshots {
        let found =
            contents(&repository, &snapshot.tree).unwrap_or_else(|error| panic!("{at}: {error:?}"));
        assert!(expected.contains(&&found), "{at}: {:?}", found.keys());
    }
}

#[test]
fn whatever_operation_fails_the_repository_is_whole_and_the_next_backup_ends_well() {
    let (begun, old) = begun();
    let sound = Arc::new(Faulty::new(begun.to_copy()));
    let report = run(sound.clone()).unwrap();
    let repository = open(Arc::new(sound.store().to_copy())).unwrap();
    let new = contents(&repository, &report.tree).unwrap();
    assert!(sound.count(Operation::Put) >= 5, "lock, packs, index, snapshot");

    let plans = [
        (Operation::Put, Fault::NoSpace),
        (Operation::Put, Fault::Torn),
        (Operation::Put, Fault::Unacknowledged),
        (Operation::Put, Fault::Dead),
        (Operation::Put, Fault::Unavailable),
        (Operation::Get, Fault::Denied),
        (Operation::Stat, Fault::Denied),
        (Operation::List, Fault::Denied),
        (Operation::List, Fault::Stale),
        (Operation::List, Fault::Duplicate),
        (Operation::Remove, Fault::Dead),
    ];
    for (operation, fault) in plans {
        for nth in 0..sound.count(operation) {
            let at = format!("{fault:?} at {operation:?} {nth}");
            let faulty = Arc::new(Faulty::new(begun.to_copy()).at(operation, nth, fault));
            let result = run(faulty.clone());
            // How many packs there are is chance.
            if operation == Operation::Put && faulty.count(operation) > nth {
                assert!(result.is_err(), "{at}");
            }
            if operation == Operation::Remove {
                assert!(result.is_ok(), "the snapshot is there, {at}: {result:?}");
            }
            let left = faulty.store().to_copy();
            check_whole(&left, [&old, &new], &at);
            let again = back_up(&open(Arc::new(left.to_copy())).unwrap(), &mut after());
            let again = again.unwrap_or_else(|error| panic!("{at}: {error:?}"));
            assert_eq!(again.tree, report.tree, "{at}");
        }
    }
}

#[test]
fn packs_come_before_the_index_and_the_snapshot_comes_last() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&order);
    let store = Watched::new(Arc::new(begun().0), move |key| seen.lock().unwrap().push(key.kind()));
    let report = back_up(&open(Arc::new(store)).unwrap(), &mut after()).unwrap();
    assert!(report.outcome.is_complete());
    let mut order = order.lock().unwrap().clone();
    order.dedup();
    assert_eq!(order, [Kind::Lock, Kind::Pack, Kind::Index, Kind::Snapshot]);
}
