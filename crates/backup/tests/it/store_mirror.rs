//! Several stores as one, and copies from one to another.

use std::sync::Mutex;

use wardkit_backup::format::Id;
use wardkit_backup::store::{
    Fault, Faulty, Key, Kind, Memory, Mirror, ObjectStore, Operation, Proof, PrunableStore, Put,
    ReplicateOptions, StoreError, replicate,
};
use wardkit_core::Transient as _;

use crate::stores::{keeps_the_contract, listed, named};

type Stores = [(&'static str, Faulty<Memory>); 3];

fn three(faults: [Option<(Operation, Fault)>; 3]) -> Stores {
    let mut faults = faults.into_iter();
    ["a", "b", "c"].map(|name| {
        let store = Faulty::new(Memory::new());
        match faults.next().flatten() {
            Some((operation, fault)) => (name, store.always(operation, fault)),
            None => (name, store),
        }
    })
}

#[test]
fn a_mirror_keeps_the_contract() {
    keeps_the_contract(&Mirror::new([("a", Memory::new())], 1).expect("sound"));
    keeps_the_contract(&Mirror::new(three([None; 3]), 2).expect("sound"));
    for needed in [0, 4] {
        assert!(Mirror::new(three([None; 3]), needed).is_err(), "{needed}");
    }
}

#[test]
fn an_object_is_stored_when_enough_have_it_and_the_others_lag() {
    let key = named(Kind::Pack, b"first");
    let full = Some((Operation::Put, Fault::NoSpace));
    let store = Mirror::new(three([None, full, None]), 2).expect("sound");
    assert_eq!(store.put(&key, b"first").expect("two of three"), Put::Stored);
    let lag: Vec<_> = store.lag().into_iter().map(|one| (one.objects, one.bytes)).collect();
    assert_eq!(lag, [(0, 0), (1, 5), (0, 0)]);
    let error = store.lag()[1].last_error.clone().expect("it said something");
    assert!(error.contains("cannot write"), "{error}");

    let store = Mirror::new(three([None, full, full]), 2).expect("sound");
    let error = store.put(&key, b"first").expect_err("one of three");
    assert!(
        matches!(&error, StoreError::TooFew { done: 1, needed: 2, target, .. } if target == "b")
    );
    assert!(!error.is_transient());
}

#[test]
fn a_damaged_or_missing_copy_is_passed_over() {
    let key = named(Kind::Pack, b"first");
    let store = Mirror::new(three([None; 3]), 3).expect("sound");
    store.put(&key, b"first").expect("stored");
    let targets: Vec<_> = store.targets().map(|(_, target)| target.store()).collect();
    targets[0].overwrite(key, b"f1rst");
    targets[1].delete(&key).expect("removed");
    assert_eq!(store.get(&key, Some(1..3)).expect("the third has it"), b"ir");

    let store = Mirror::new([("a", targets[0].to_copy()), ("b", targets[1].to_copy())], 1);
    let error = store.expect("sound").get(&key, None).expect_err("no whole one");
    assert!(matches!(error, StoreError::Altered { .. }), "{error}");
}

#[test]
fn what_was_stored_is_seen_while_enough_answer() {
    let key = named(Kind::Pack, b"first");
    let (put, list) =
        (Some((Operation::Put, Fault::Denied)), Some((Operation::List, Fault::Denied)));
    // Two of three were needed to store, so two of three see it.
    let store = Mirror::new(three([list, put, None]), 2).expect("sound");
    store.put(&key, b"first").expect("two of three");
    assert_eq!(listed(&store, Kind::Pack).len(), 1);
    let store = Mirror::new(three([list, put, list]), 2).expect("sound");
    store.put(&key, b"first").expect("two of three");
    let unseen = store.list(Kind::Pack, &mut |_| std::ops::ControlFlow::Continue(()));
    assert!(matches!(unseen, Err(StoreError::TooFew { .. })), "the one that answers missed it");
}

#[test]
fn nothing_is_mixed_with_another_repository() {
    let stores = three([None; 3]);
    stores[1].1.put(&Key::Config, b"another").expect("stored");
    let error = Mirror::new(stores, 3).expect("sound").put(&Key::Config, b"ours");
    assert!(matches!(error, Err(StoreError::TooFew { .. })));

    let (from, to) = (repository(), Memory::new());
    to.put(&Key::Config, b"another").expect("stored");
    let error = copy(&from, &to).expect_err("another repository");
    assert!(matches!(error, StoreError::Different { key: Key::Config }));
    assert_eq!(to.keys(), [Key::Config]);
}

fn repository() -> Memory {
    let store = Memory::new();
    store.put(&Key::Config, b"config").expect("stored");
    for kind in [Kind::Pack, Kind::Index, Kind::Key, Kind::Lock, Kind::Snapshot] {
        for body in [&b"one"[..], b"two", b"three"] {
            store.put(&named(kind, body), body).expect("stored");
        }
    }
    store
}

fn copy(from: &dyn ObjectStore, to: &dyn ObjectStore) -> Result<(u64, u64), StoreError> {
    let done = replicate(from, to, ReplicateOptions::default(), &|_| ())?;
    Ok((done.copied, done.present))
}

#[test]
fn a_copy_has_everything_but_locks_and_snapshots_come_last() {
    let (from, to) = (repository(), Memory::new());
    let order = Mutex::new(Vec::new());
    let mut options = ReplicateOptions::default();
    options.proof = Proof::Content;
    let done = replicate(&from, &to, options, &|progress| {
        order.lock().expect("not poisoned").push((progress.object.key.kind(), progress.left));
    });
    let done = done.expect("copied");
    assert_eq!((done.copied, done.copied_bytes, done.present), (13, 50, 0));
    let order = order.into_inner().expect("not poisoned");
    let kinds: Vec<Kind> = order.iter().map(|(kind, _)| *kind).collect();
    let mut expected = vec![Kind::Pack; 3];
    expected.extend([Kind::Index; 3]);
    expected.extend([Kind::Key; 3]);
    expected.push(Kind::Config);
    expected.extend([Kind::Snapshot; 3]);
    assert_eq!(kinds, expected);
    assert!(order.iter().any(|(_, left)| *left == 0));
    for key in to.keys() {
        assert_eq!(to.get(&key, None).expect("there"), from.get(&key, None).expect("there"));
    }
    assert_eq!(copy(&from, &to).expect("nothing to do"), (0, 13));
}

#[test]
fn a_copy_that_fails_anywhere_is_sound_and_goes_on() {
    let operations = {
        let to = Faulty::new(Memory::new());
        copy(&repository(), &to).expect("copied");
        to.count(Operation::Put)
    };
    for nth in 0..operations {
        for fault in [Fault::NoSpace, Fault::Unacknowledged, Fault::Dead] {
            let from = repository();
            let to = Faulty::new(Memory::new()).at(Operation::Put, nth, fault);
            assert!(copy(&from, &to).is_err(), "{nth} {fault:?}");
            let to = to.into_store();
            if !listed(&to, Kind::Snapshot).is_empty() {
                assert_eq!(listed(&to, Kind::Pack), listed(&from, Kind::Pack));
                assert_eq!(listed(&to, Kind::Index), listed(&from, Kind::Index));
            }
            copy(&from, &to).expect("it goes on");
            assert_eq!(to.keys().len(), 13, "{nth} {fault:?}");
        }
    }
}

#[test]
fn damage_is_not_copied_and_damage_at_the_target_is_told() {
    let (from, to) = (repository(), Memory::new());
    let key = named(Kind::Pack, b"two");
    from.overwrite(key, b"tw0");
    let error = copy(&from, &to).expect_err("damaged");
    assert!(matches!(error, StoreError::Altered { key: found } if found == key), "{error}");
    assert_eq!(to.stat(&key).expect("it can tell"), None);

    let (from, to) = (repository(), Memory::new());
    to.overwrite(key, b"torn off");
    let error = copy(&from, &to).expect_err("another size");
    assert!(matches!(error, StoreError::Different { key: found } if found == key), "{error}");
    let torn = Faulty::new(Memory::new()).at(Operation::Put, 0, Fault::Torn);
    assert!(copy(&from, &torn).is_err());
    assert!(copy(&from, &torn).is_err(), "a torn object is not taken for a whole one");
    assert_ne!(Id::of(b"two"), Id::of(b"tw0"));
}
