//! What every store promises, and what each does beyond it.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wardkit_backup::format::Id;
use wardkit_backup::store::{
    Fault, Faulty, Key, Kind, LocalDir, Memory, ObjectMeta, ObjectStore, Operation, PrunableStore,
    Put, PutOnly, StoreError,
};
use wardkit_core::{Timestamp, Transient as _};

pub(crate) fn named(kind: Kind, body: &[u8]) -> Key {
    Key::Named(kind, Id::of(body))
}

pub(crate) fn listed(store: &dyn ObjectStore, kind: Kind) -> Vec<ObjectMeta> {
    let mut found = Vec::new();
    store
        .list(kind, &mut |object| {
            found.push(object);
            ControlFlow::Continue(())
        })
        .expect("a whole list");
    found.sort_by_key(|object| object.key);
    found
}

/// The contract of the traits, for any store that is empty.
pub(crate) fn keeps_the_contract(store: &dyn PrunableStore) {
    let bodies: [&[u8]; 3] = [b"first", b"the second", b""];
    for kind in [Kind::Pack, Kind::Index, Kind::Key, Kind::Snapshot, Kind::Lock] {
        assert_eq!(listed(store, kind), [], "{kind:?}");
        let mut expected = Vec::new();
        for body in bodies {
            let key = named(kind, body);
            assert_eq!(store.stat(&key).expect("it can tell"), None);
            assert!(store.get(&key, None).expect_err("nothing there").is_not_found());
            assert_eq!(store.put(&key, body).expect("stored"), Put::Stored);
            assert_eq!(store.put(&key, body).expect("known"), Put::AlreadyThere);
            assert_eq!(store.stat(&key).expect("it can tell"), Some(body.len() as u64));
            assert_eq!(store.get(&key, None).expect("read"), body);
            expected.push(ObjectMeta { key, size: body.len() as u64 });
        }
        expected.sort_by_key(|object| object.key);
        assert_eq!(listed(store, kind), expected, "{kind:?}");
    }
    let key = named(Kind::Pack, b"the second");
    let other = store.put(&key, b"another length").expect_err("the name is taken");
    // A mirror names the store that says so.
    let is_different = match &other {
        StoreError::TooFew { source, .. } => matches!(**source, StoreError::Different { .. }),
        other => matches!(other, StoreError::Different { .. }),
    };
    assert!(is_different, "{other}");
    reads_ranges(store, &key);
    let mut seen = 0;
    store
        .list(Kind::Pack, &mut |_| {
            seen += 1;
            ControlFlow::Break(())
        })
        .expect("broken off");
    assert_eq!(seen, 1);
    removes(store, &key);
}

fn reads_ranges(store: &dyn ObjectStore, key: &Key) {
    for (range, expected) in [(0..3, &b"the"[..]), (4..10, b"second"), (9..10, b"d"), (2..2, b"")] {
        assert_eq!(store.get(key, Some(range.clone())).expect("read"), expected, "{range:?}");
    }
    for range in [0..11, 10..11, 9..u64::MAX] {
        let error = store.get(key, Some(range.clone())).expect_err("too short");
        assert!(matches!(error, StoreError::TooShort { size: 10, .. }), "{range:?}: {error}");
    }
    let missing = store.get(&named(Kind::Pack, b"not stored"), Some(0..1));
    assert!(missing.expect_err("nothing there").is_not_found());
}

fn removes(store: &dyn PrunableStore, pack: &Key) {
    for _ in 0..2 {
        store.delete(pack).expect("gone, or gone before");
        assert_eq!(store.stat(pack).expect("it can tell"), None);
    }
    for _ in 0..2 {
        store.remove_lock(&Id::of(b"first")).expect("gone, or gone before");
    }
    assert_eq!(listed(store, Kind::Lock).len(), 2);
    assert_eq!(listed(store, Kind::Key).len(), 3, "a lock is not a key of the same name");
    assert_eq!(listed(store, Kind::Config), []);
    assert_eq!(store.put(&Key::Config, b"{}").expect("stored"), Put::Stored);
    assert_eq!(store.put(&Key::Config, b"other").expect("kept"), Put::AlreadyThere);
    assert_eq!(store.get(&Key::Config, None).expect("read"), b"{}");
    assert_eq!(listed(store, Kind::Config), [ObjectMeta { key: Key::Config, size: 2 }]);
}

#[test]
fn memory_keeps_the_contract() {
    keeps_the_contract(&Memory::new());
    keeps_the_contract(&Faulty::new(Memory::new()));
    keeps_the_contract(&Arc::new(Memory::new()));
}

#[test]
fn a_folder_keeps_the_contract_and_restics_layout() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("some/repository");
    keeps_the_contract(&LocalDir::create(&root).expect("created"));
    let names: Vec<String> = sorted_names(&root);
    assert_eq!(names, ["config", "data", "index", "keys", "locks", "snapshots"]);
    assert_eq!(sorted_names(&root.join("data")).len(), 256);
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o7777;
    let id = Id::of(b"first").to_string();
    assert_eq!(mode(&root.join("data")), 0o700);
    assert_eq!(mode(&root.join(format!("data/{}", &id[..2]))), 0o700);
    assert_eq!(mode(&root.join(format!("data/{}/{id}", &id[..2]))), 0o400);
    LocalDir::open(&root).expect("there is a configuration");
}

fn sorted_names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.expect("read").file_name().into_string();
    let mut names: Vec<String> = entries.map(|entry| name(entry).expect("text")).collect();
    names.sort();
    names
}

#[test]
fn a_repository_is_created_only_where_nothing_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("repository");
    assert!(matches!(LocalDir::open(&root), Err(StoreError::NoRepository { .. })));
    LocalDir::create(&root).expect("created");
    let store = LocalDir::create(&root).expect("an interrupted creation is taken over");
    assert!(matches!(LocalDir::open(&root), Err(StoreError::NoRepository { .. })));
    store.put(&Key::Config, b"{}").expect("stored");
    assert!(matches!(LocalDir::create(&root), Err(StoreError::RepositoryExists { .. })));

    let other = folder.path().join("other");
    fs::create_dir(&other).expect("made");
    fs::write(other.join("photo"), "x").expect("written");
    assert!(matches!(LocalDir::create(&other), Err(StoreError::NotEmpty { .. })));
    assert_eq!(sorted_names(&other), ["photo"]);
    let file = other.join("photo");
    assert!(matches!(LocalDir::create(&file), Err(StoreError::NotEmpty { .. })));
    assert!(LocalDir::create(file.join("below")).is_err());
}

#[test]
fn a_folder_lists_objects_and_no_leftovers() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = LocalDir::create(folder.path().join("r")).expect("created");
    let key = named(Kind::Pack, b"first");
    store.put(&key, b"first").expect("stored");
    let id = Id::of(b"first").to_string();
    let packs = store.root().join("data").join(&id[..2]);
    // What restic and what we leave when they are killed, and what others put there.
    for name in [format!("{id}-tmp-123456"), "notes".to_owned(), "0".repeat(64), id[..63].into()] {
        fs::write(packs.join(name), "torn").expect("written");
    }
    fs::create_dir(store.root().join("keys").join(&id)).expect("made");
    fs::write(store.root().join("snapshots").join(format!("{id}-tmp-1")), "x").expect("written");
    assert_eq!(listed(&store, Kind::Pack), [ObjectMeta { key, size: 5 }]);
    assert_eq!(listed(&store, Kind::Key), []);
    assert!(store.get(&named(Kind::Key, b"first"), None).is_err(), "a folder is no object");

    let written = fs::metadata(packs.join(format!("{id}-tmp-123456"))).expect("there");
    let written = Timestamp::from(written.modified().expect("known"));
    let day = Duration::from_hours(24);
    let early = store.remove_leftovers(written.saturating_add(day / 2), day);
    assert_eq!(early.expect("cleaned"), 0, "it may be a write that goes on");
    let late = store.remove_leftovers(written.saturating_add(day * 2), day);
    assert_eq!(late.expect("cleaned"), 2);
    assert!(packs.join("notes").exists(), "what is not ours stays");
    assert_eq!(listed(&store, Kind::Pack), [ObjectMeta { key, size: 5 }]);
}

#[test]
fn an_interrupted_write_leaves_nothing_under_the_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = LocalDir::create(folder.path().join("r")).expect("created");
    let key = named(Kind::Pack, b"first");
    let path = store.root().join(key.to_path());
    // A folder cannot be replaced by a file: the write fails at its last step.
    fs::create_dir(&path).expect("made");
    assert!(store.put(&key, b"first").is_err());
    fs::remove_dir(&path).expect("removed");
    assert_eq!(sorted_names(path.parent().expect("a folder")), Vec::<String>::new());
    fs::remove_dir(path.parent().expect("a folder")).expect("removed");
    assert_eq!(store.put(&key, b"first").expect("the folder comes back"), Put::Stored);

    fs::remove_dir_all(store.root()).expect("removed");
    assert!(store.put(&key, b"first").is_err(), "the disk is gone");
    assert!(store.list(Kind::Pack, &mut |_| ControlFlow::Continue(())).is_err());
    assert!(!store.root().exists());
}

#[test]
fn who_may_only_put_removes_nothing_and_keeps_no_locks() {
    let store = PutOnly::new(Memory::new());
    let key = named(Kind::Pack, b"first");
    assert_eq!(store.put(&key, b"first").expect("stored"), Put::Stored);
    assert_eq!(store.get(&key, Some(1..2)).expect("read"), b"i");
    assert_eq!(store.stat(&key).expect("it can tell"), Some(5));
    assert_eq!(listed(&store, Kind::Pack).len(), 1);
    assert!(!store.keeps_locks());
    let lock = named(Kind::Lock, b"lock");
    assert!(matches!(store.put(&lock, b"lock"), Err(StoreError::NotAllowed { .. })));
    assert!(matches!(store.remove_lock(&Id::of(b"lock")), Err(StoreError::NotAllowed { .. })));
}

#[test]
fn faults_come_as_planned_and_do_what_they_say() {
    let (first, second) = (named(Kind::Pack, b"first"), named(Kind::Pack, b"second"));
    let put = |fault| {
        let store = Faulty::new(Memory::new()).at(Operation::Put, 1, fault);
        store.put(&first, b"first").expect("not planned");
        let error = store.put(&second, b"second").expect_err("planned");
        let there = store.store().stat(&second).expect("it can tell");
        (there, error.is_transient(), store.put(&second, b"second").ok())
    };
    assert_eq!(put(Fault::Denied), (None, false, Some(Put::Stored)));
    assert_eq!(put(Fault::NoSpace), (None, false, Some(Put::Stored)));
    assert_eq!(put(Fault::Unavailable), (None, true, Some(Put::Stored)));
    assert_eq!(put(Fault::Torn), (Some(3), true, None));
    assert_eq!(put(Fault::Unacknowledged), (Some(6), true, Some(Put::AlreadyThere)));
    assert_eq!(put(Fault::Dead), (None, false, None));

    let store = Faulty::new(Memory::new()).at_any(2, Fault::Dead);
    store.put(&first, b"first").expect("alive");
    store.stat(&first).expect("alive");
    for _ in 0..2 {
        assert!(store.get(&first, None).is_err());
        assert!(store.delete(&first).is_err());
    }
    assert_eq!((store.count_all(), store.count(Operation::Get)), (6, 2));
    assert_eq!(store.into_store().keys(), [first]);
}

#[test]
fn lists_are_stale_or_doubled_as_planned() {
    let memory = Memory::new();
    memory.put(&named(Kind::Pack, b"old"), b"old").expect("stored");
    let store = Faulty::new(memory).at(Operation::List, 0, Fault::Stale).at(
        Operation::List,
        1,
        Fault::Duplicate,
    );
    store.put(&named(Kind::Pack, b"new"), b"new").expect("stored");
    let lengths = [(); 3].map(|()| listed(&store, Kind::Pack).len());
    assert_eq!(lengths, [1, 4, 2]);
}

#[test]
fn what_is_called_before_an_operation_knows_which_it_is() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let store = Faulty::new(Memory::new()).before({
        let seen = Arc::clone(&seen);
        move |operation, nth| seen.lock().expect("not poisoned").push((operation, nth))
    });
    store.stat(&Key::Config).expect("it can tell");
    store.put(&Key::Config, b"{}").expect("stored");
    store.stat(&Key::Config).expect("it can tell");
    let expected = [(Operation::Stat, 0), (Operation::Put, 0), (Operation::Stat, 1)];
    assert_eq!(*seen.lock().expect("not poisoned"), expected);
}
