use std::sync::Arc;

use wardkit_backup::engine::{Error, KeyOptions, Password, Pruner, Reader, Repository};
use wardkit_backup::format::Id;
use wardkit_backup::store::{Key, Kind, Memory, ObjectStore};

use crate::support::{StepClock, alter, cheap, init, names, options, password};

fn cheap_key() -> KeyOptions {
    let mut options = KeyOptions::of_this_user();
    options.kdf = cheap();
    "alpha".clone_into(&mut options.host);
    options
}

fn pruner(store: &Arc<Memory>, password: &Password) -> Result<Repository<Pruner>, Error> {
    Repository::<Pruner>::open(Arc::<Memory>::clone(store), password, options(&StepClock::new()))
}

#[test]
fn each_of_several_passwords_opens_the_repository() {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    let second = Password::new("second");
    let added = repository.add_key(&second, &cheap_key()).unwrap();
    let opened = pruner(&store, &second).unwrap();
    assert_eq!(opened.config(), repository.config());
    assert_eq!(opened.key_id(), added);

    let list = opened.keys().unwrap();
    assert_eq!(list.keys.len(), 2);
    let current: Vec<_> = list.keys.iter().filter(|key| key.is_current).collect();
    assert_eq!(current.len(), 1);
    assert_eq!((current[0].id, current[0].host.as_str()), (added, "alpha"));
    assert_eq!(current[0].created.as_ref().unwrap().as_str(), "2023-11-14T22:13:20Z");
    assert!(matches!(
        repository.add_key(&Password::new(""), &cheap_key()),
        Err(Error::EmptyPassword)
    ));
}

#[test]
fn a_key_in_use_and_the_last_one_are_not_removed() {
    let store = Arc::new(Memory::new());
    let first = init(&store).key_id();
    let repository = pruner(&store, &password()).unwrap();
    assert!(matches!(repository.remove_key(&first), Err(Error::KeyInUse { .. })));
    assert!(matches!(repository.remove_key(&Id::of(b"none")), Err(Error::NoSuchKey { .. })));

    let second = repository.add_key(&Password::new("second"), &cheap_key()).unwrap();
    repository.remove_key(&second).unwrap();
    assert_eq!(names(&store, Kind::Key), [first]);
    let refused = pruner(&store, &Password::new("second"));
    assert!(matches!(refused, Err(Error::WrongPassword { .. })), "{refused:?}");

    // The one in use was removed by somebody else: what is left is the last one.
    let third = repository.add_key(&Password::new("third"), &cheap_key()).unwrap();
    let other = pruner(&store, &Password::new("third")).unwrap();
    other.remove_key(&first).unwrap();
    assert!(matches!(repository.remove_key(&third), Err(Error::LastKey { .. })));
}

#[test]
fn a_changed_password_replaces_the_old_one() {
    let store = Arc::new(Memory::new());
    let old = init(&store).key_id();
    let mut repository = pruner(&store, &password()).unwrap();
    let new = repository.change_password(&Password::new("new"), &cheap_key()).unwrap();
    assert_ne!(new, old);
    assert_eq!(repository.key_id(), new);
    assert_eq!(names(&store, Kind::Key), [new]);
    assert!(matches!(pruner(&store, &password()), Err(Error::WrongPassword { tried: 1 })));
    assert!(pruner(&store, &Password::new("new")).is_ok());
}

#[test]
fn a_damaged_key_is_told_and_others_still_open() {
    let store = Arc::new(Memory::new());
    let first = init(&store).key_id();
    let repository = pruner(&store, &password()).unwrap();
    repository.add_key(&Password::new("second"), &cheap_key()).unwrap();
    alter(&store, Key::Named(Kind::Key, first));

    let refused = pruner(&store, &password());
    assert!(matches!(refused, Err(Error::WrongPassword { tried: 1 })), "{refused:?}");
    let opened = pruner(&store, &Password::new("second")).unwrap();
    let list = opened.keys().unwrap();
    assert_eq!((list.keys.len(), list.damaged.len()), (1, 1));
    opened.remove_key(&first).unwrap();
    assert!(opened.keys().unwrap().damaged.is_empty());
}

#[test]
fn of_very_many_keys_only_some_are_tried() {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    for number in 0..25 {
        repository.add_key(&Password::new(format!("other {number}")), &cheap_key()).unwrap();
    }
    let refused = Repository::<Reader>::open(
        Arc::<Memory>::clone(&store),
        &Password::new("wrong"),
        options(&StepClock::new()),
    );
    assert!(matches!(refused, Err(Error::WrongPassword { tried: 20 })), "{refused:?}");
    let huge = vec![b' '; 1 << 20];
    store.put(&Key::Named(Kind::Key, Id::of(&huge)), &huge).unwrap();
    assert_eq!(repository.keys().unwrap().damaged.len(), 1);
}
