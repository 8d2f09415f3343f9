//! Every kind of change to every object is found, and nothing wrong is restored from it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use wardkit_backup::engine::{Error, RestoreOptions};
use wardkit_backup::format::{LockFile, Snapshot, Timestamp};

use super::*;

/// Whether an altered repository is told as one: by what is refused when it is opened, or by the check.
fn is_flagged(store: &Arc<Memory>) -> bool {
    let opened = crafted::try_open(Arc::clone(store) as Arc<dyn ObjectStore>);
    let Ok(repository) = opened else { return true };
    let report = repository.check(&CheckOptions::reading(ReadData::All), &Silent).unwrap();
    report.outcome() != CheckOutcome::Clean
}

/// Restores the snapshot of an altered repository; what is there is right, or it is no success.
fn is_restored_or_refused(store: &Arc<Memory>, good: &BTreeMap<String, Vec<u8>>) -> bool {
    let scratch = tempfile::tempdir().unwrap();
    let complete = try_restore(store, scratch.path()).unwrap_or(false);
    let found = files(scratch.path());
    let is_right = found.iter().all(|(path, bytes)| good.get(path) == Some(bytes));
    is_right && (!complete || found == *good)
}

fn try_restore(store: &Arc<Memory>, target: &Path) -> Result<bool, Error> {
    let repository = crafted::try_open(Arc::clone(store) as Arc<dyn ObjectStore>)?;
    let index = repository.load_index(&Silent)?;
    let snapshots: Vec<(Id, Snapshot)> = repository.snapshots()?.snapshots;
    let Some((_, snapshot)) = snapshots.last() else { return Ok(false) };
    let report = repository.restore(&index, snapshot, &RestoreOptions::new(target), &Silent)?;
    Ok(report.is_complete())
}

fn lock() -> LockFile {
    LockFile {
        time: Timestamp::new(1_700_000_000, 0).into(),
        exclusive: false,
        hostname: "another".to_owned(),
        username: "bot".to_owned(),
        pid: 7,
        uid: 1000,
        gid: 1000,
        boot_id: None,
        process_start: None,
    }
}

fn files(target: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = ["a", "sub/b"];
    let read = |name: &str| fs::read(target.join(name)).ok().map(|it| (name.to_owned(), it));
    names.into_iter().filter_map(read).collect()
}

fn good(store: &Arc<Memory>) -> BTreeMap<String, Vec<u8>> {
    let scratch = tempfile::tempdir().unwrap();
    assert!(try_restore(store, scratch.path()).unwrap());
    files(scratch.path())
}

#[test]
fn every_flipped_byte_is_flagged_and_never_restored() {
    for version in [RepoVersion::V1, RepoVersion::V2] {
        let mut crafted = small(version);
        crafted.unpacked(Kind::Lock, lock().to_json());
        let good = good(&crafted.store);
        assert_eq!(good.len(), 2);
        for key in crafted.store.keys() {
            let bytes = crafted.store.get(&key, None).unwrap();
            let step = if version == RepoVersion::V1 { 7 } else { 1 };
            for at in (0..bytes.len()).step_by(step) {
                let store = Arc::new(crafted.store.to_copy());
                let mut altered = bytes.clone();
                altered[at] ^= 1 << (at % 8);
                store.overwrite(key, &altered);
                assert!(is_flagged(&store), "{key} at {at}");
                // Writing files is slow: each class of bytes is met by every 29th.
                if at % 29 == 0 {
                    assert!(is_restored_or_refused(&store, &good), "{key} at {at}");
                }
            }
        }
    }
}

#[test]
fn objects_that_are_cut_emptied_or_grown_are_flagged() {
    let crafted = small(RepoVersion::V2);
    let good = good(&crafted.store);
    for key in crafted.store.keys() {
        let bytes = crafted.store.get(&key, None).unwrap();
        let longer = [&bytes[..], b"\0"].concat();
        for altered in [&bytes[..0], &bytes[..1], &bytes[..bytes.len() - 1], &longer[..]] {
            let store = Arc::new(crafted.store.to_copy());
            store.overwrite(key, altered);
            assert!(is_flagged(&store), "{key} with {} bytes", altered.len());
            assert!(is_restored_or_refused(&store, &good), "{key}");
        }
    }
}

#[test]
fn objects_that_are_swapped_are_flagged() {
    let mut crafted = small(RepoVersion::V2);
    let a = crafted.data(b"a second snapshot");
    let root = crafted.tree(vec![file("a", &[a], 17)]);
    crafted.snapshot(root);
    let keys = crafted.store.keys();
    for kind in [Kind::Snapshot, Kind::Index, Kind::Pack] {
        let of_kind: Vec<&Key> = keys.iter().filter(|key| key.kind() == kind).collect();
        assert!(of_kind.len() >= 2);
        let store = Arc::new(crafted.store.to_copy());
        let one = store.get(of_kind[0], None).unwrap();
        let two = store.get(of_kind[1], None).unwrap();
        store.overwrite(*of_kind[0], &two);
        store.overwrite(*of_kind[1], &one);
        assert!(is_flagged(&store), "{kind:?}");
    }
}

#[test]
fn objects_that_are_no_objects_are_flagged() {
    let crafted = small(RepoVersion::V2);
    for kind in [Kind::Key, Kind::Lock, Kind::Snapshot, Kind::Index] {
        for body in [&b""[..], b"{}", &[2; 100]] {
            let store = Arc::new(crafted.store.to_copy());
            store.put(&Key::Named(kind, Id::of(body)), body).unwrap();
            assert!(is_flagged(&store), "{kind:?} {body:?}");
        }
    }
    let store = Arc::new(crafted.store.to_copy());
    store.put(&Key::Named(Kind::Pack, Id::of(b"extra")), b"extra").unwrap();
    assert!(!is_flagged(&store), "a pack that no index has is what an interrupted run leaves");
}

#[test]
fn another_configuration_has_another_fingerprint() {
    let crafted = small(RepoVersion::V2);
    let repository = crafted::open(Arc::clone(&crafted.store) as Arc<dyn ObjectStore>);
    let other = Crafted::new(RepoVersion::V1);
    crafted.store.overwrite(Key::Config, &other.store.get(&Key::Config, None).unwrap());
    let report = repository.check(&CheckOptions::default(), &Silent).unwrap();
    assert!(matches!(report.findings[..], [Finding::ConfigChanged]), "{:?}", report.findings);
    let reopened = crafted::open(Arc::clone(&crafted.store) as Arc<dyn ObjectStore>);
    assert_ne!(reopened.fingerprint(), repository.fingerprint());
}
