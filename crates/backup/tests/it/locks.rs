use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use wardkit_backup::engine::{Error, LockKind, OpenOptions, Reader, Repository, Silent};
use wardkit_backup::format::{Id, LockFile, Timestamp};
use wardkit_backup::store::{Key, Kind, Memory, ObjectStore, PutOnly};
use wardkit_process::Procfs;

use crate::support::{
    Notes, StepClock, Watched, alter, init, init_at, init_options, master, names, options,
    password, plant,
};

#[test]
fn readers_share_and_whoever_removes_is_alone() {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    let one = repository.lock(LockKind::Shared, &Silent).unwrap();
    let two = repository.lock(LockKind::Shared, &Silent).unwrap();
    assert_eq!(names(&store, Kind::Lock).len(), 2);
    let refused = repository.lock(LockKind::Exclusive, &Silent).unwrap_err();
    let Error::Locked { holder } = &refused else { panic!("{refused:?}") };
    assert_eq!(holder.pid, i64::from(std::process::id()));
    assert!(refused.to_string().contains("(shared, 0 s old)"), "{refused}");
    assert_eq!(names(&store, Kind::Lock).len(), 2);

    drop(one);
    two.release().unwrap();
    assert_eq!(names(&store, Kind::Lock), []);
    let alone = repository.lock(LockKind::Exclusive, &Silent).unwrap();
    alone.check().unwrap();
    let (holders, damaged) = repository.locks().unwrap();
    assert_eq!((holders.len(), holders[0].kind, damaged.len()), (1, LockKind::Exclusive, 0));
    for kind in [LockKind::Shared, LockKind::Exclusive] {
        assert!(matches!(repository.lock(kind, &Silent), Err(Error::Locked { .. })), "{kind:?}");
    }
}

/// A lock as a program on this host writes it; restic's has nothing of the boot and the start.
fn lock_of(pid: u32) -> LockFile {
    LockFile {
        time: Timestamp::new(1_700_000_000, 0).into(),
        exclusive: true,
        hostname: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        username: "bot".to_owned(),
        pid: pid.into(),
        uid: 1000,
        gid: 1000,
        boot_id: None,
        process_start: None,
    }
}

fn assert_removed(lock: &LockFile, removed: bool) {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    let planted = plant(&store, Kind::Lock, &lock.to_json());
    let notes = Notes::default();
    let result = repository.lock(LockKind::Shared, &notes);
    assert_eq!(result.is_ok(), removed, "{lock:?}: {result:?}");
    drop(result);
    let notes = notes.0.into_inner().unwrap();
    let told = notes.iter().any(|note| {
        note.contains("LockRemoved") && note.contains(&planted.to_string()) && note.contains("bot")
    });
    assert_eq!(told, removed, "{notes:?}");
    let left = if removed { vec![] } else { vec![planted] };
    assert_eq!(names(&store, Kind::Lock), left, "{lock:?}");
}

#[test]
fn the_lock_of_a_process_that_has_ended_is_removed_and_told() {
    let mut child = Command::new("true").spawn().unwrap();
    let pid = child.id();
    child.wait().unwrap();
    assert_removed(&lock_of(pid), true);
    assert_removed(&LockFile { hostname: "another".to_owned(), ..lock_of(pid) }, false);
}

#[test]
fn the_lock_of_a_process_that_nobody_reaped_is_removed() {
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    assert_removed(&lock_of(child.id()), false);
    drop(child.stdin.take());
    let procfs = Procfs::default();
    while !procfs.stat(child.id()).unwrap().has_ended() {
        std::thread::yield_now();
    }
    assert_removed(&lock_of(child.id()), true);
    child.wait().unwrap();
}

#[test]
fn the_lock_of_another_boot_or_start_is_removed_though_the_number_lives() {
    let procfs = Procfs::default();
    let pid = std::process::id();
    let own = LockFile {
        boot_id: Some(procfs.boot_id().unwrap()),
        process_start: Some(procfs.stat(pid).unwrap().started),
        ..lock_of(pid)
    };
    assert_removed(&own, false);
    assert_removed(&LockFile { boot_id: Some("before".to_owned()), ..own.clone() }, true);
    assert_removed(&LockFile { process_start: Some(1), ..own }, true);
    assert_removed(&lock_of(pid), false);
}

fn foreign(store: &Memory) -> Id {
    let lock = LockFile { hostname: "another".to_owned(), ..lock_of(1) };
    plant(store, Kind::Lock, &lock.to_json())
}

#[test]
fn a_lock_is_waited_for_as_long_as_was_said() {
    let store = Arc::new(Memory::new());
    let clock = StepClock::new();
    drop(init_at(&store, &clock));
    let mut open = options(&clock);
    open.lock_wait = Duration::from_secs(30);
    let repository =
        Repository::<Reader>::open(Arc::<Memory>::clone(&store), &password(), open).unwrap();
    let lock = foreign(&store);
    let notes = Notes::default();
    let refused = repository.lock(LockKind::Shared, &notes).unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("process 1 of `bot` on host `another` (exclusive, 30 s old)"), "{text}");
    assert!(notes.0.into_inner().unwrap().iter().any(|note| note.contains("LockWaited")));

    let meanwhile = Arc::<Memory>::clone(&store);
    clock.meanwhile(move || meanwhile.remove_lock(&lock).unwrap());
    repository.lock(LockKind::Shared, &Silent).unwrap().release().unwrap();
}

#[test]
fn of_two_that_lock_at_once_one_gives_way() {
    let store = Arc::new(Memory::new());
    let clock = StepClock::new();
    let repository = init_at(&store, &clock);
    let meanwhile = Arc::<Memory>::clone(&store);
    clock.meanwhile(move || {
        foreign(&meanwhile);
    });
    let refused = repository.lock(LockKind::Shared, &Silent);
    assert!(matches!(refused, Err(Error::Locked { .. })), "{refused:?}");
    assert_eq!(names(&store, Kind::Lock).len(), 1);
}

#[test]
fn a_lock_that_cannot_be_read_is_nobodys_and_told() {
    let store = Arc::new(Memory::new());
    let repository = init(&store);
    let bad = foreign(&store);
    alter(&store, Key::Named(Kind::Lock, bad));
    let notes = Notes::default();
    drop(repository.lock(LockKind::Exclusive, &notes).unwrap());
    assert!(notes.0.into_inner().unwrap().iter().any(|note| note.contains("Damaged")));
    assert_eq!(names(&store, Kind::Lock), [bad]);
}

#[test]
fn a_lock_is_written_anew_until_it_is_dropped() {
    let store = Arc::new(Memory::new());
    let clock = StepClock::new();
    drop(init_at(&store, &clock));
    let (sender, told) = mpsc::channel();
    let watched = Arc::new(Watched::new(Arc::<Memory>::clone(&store), move |key| {
        if let Key::Named(Kind::Lock, id) = key {
            // Nobody listens any more when the test ends.
            let _ = sender.send(*id);
        }
    }));
    let mut open = options(&clock);
    open.lock_refresh = Duration::from_millis(1);
    let repository = Repository::<Reader>::open(watched, &password(), open).unwrap();
    let guard = repository.lock(LockKind::Shared, &Silent).unwrap();
    clock.time.advance(Duration::from_mins(1));
    let written: Vec<Id> = told.iter().take(3).collect();
    assert_ne!(written[0], written[1]);
    assert!(!names(&store, Kind::Lock).is_empty());
    drop(guard);
    assert_eq!(names(&store, Kind::Lock), []);
}

#[test]
fn a_lock_that_somebody_removed_stops_the_run_and_an_old_one_is_written_anew() {
    let store = Arc::new(Memory::new());
    let clock = StepClock::new();
    let repository = init_at(&store, &clock);
    let guard = repository.lock(LockKind::Shared, &Silent).unwrap();
    let first = names(&store, Kind::Lock);
    guard.check().unwrap();
    assert_eq!(names(&store, Kind::Lock), first);

    clock.time.advance(OpenOptions::LOCK_STALE);
    guard.check().unwrap();
    let second = names(&store, Kind::Lock);
    assert_eq!(second.len(), 1);
    assert_ne!(second, first);
    let sealed = store.get(&Key::Named(Kind::Lock, second[0]), None).unwrap();
    assert!(!sealed.is_empty() && master(&store).open(&sealed).is_ok());

    store.remove_lock(&second[0]).unwrap();
    clock.time.advance(OpenOptions::LOCK_STALE);
    for _ in 0..2 {
        assert!(matches!(guard.check(), Err(Error::LockLost { .. })));
    }
}

#[test]
fn where_locks_are_not_kept_nothing_is_locked() {
    let memory = Arc::new(Memory::new());
    let clock = StepClock::new();
    let store = Arc::new(PutOnly::new(Arc::<Memory>::clone(&memory)));
    let repository = Repository::<wardkit_backup::engine::Writer>::init(
        store,
        &password(),
        init_options(&clock),
    )
    .unwrap();
    let guard = repository.lock(LockKind::Exclusive, &Silent).unwrap();
    guard.check().unwrap();
    assert_eq!(names(&memory, Kind::Lock), []);
}
