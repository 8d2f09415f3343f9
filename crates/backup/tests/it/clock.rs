//! A clock that is set, forwards and back.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use wardkit_backup::engine::{
    Error, LockKind, PruneOptions, Pruner, Reader, Repository, Silent, SnapshotFilter,
};
use wardkit_backup::format::{Id, LockFile};
use wardkit_backup::store::{Kind, Memory};
use wardkit_core::{Clock as _, Timestamp};

use crate::backup::{Made, MadeUp, contents};
use crate::support::{Content, StepClock, init_at, names, options, password, plant};

const DAY: Duration = Duration::from_hours(24);

fn set_back(clock: &StepClock, by: Duration) {
    clock.time.set_wall(clock.now().saturating_sub(by));
}

fn set_forward(clock: &StepClock, by: Duration) {
    clock.time.set_wall(clock.now().saturating_add(by));
}

#[test]
fn a_lock_is_neither_stolen_nor_lost_when_the_clock_is_set() {
    let store = Arc::new(Memory::new());
    let clock = StepClock::new();
    let repository = init_at(&store, &clock);
    let guard = repository.lock(LockKind::Shared, &Silent).unwrap();
    let other =
        Repository::<Reader>::open(Arc::<Memory>::clone(&store), &password(), options(&clock));
    let other = other.unwrap();
    for set in [set_forward, set_back, set_back, set_forward] {
        set(&clock, 400 * DAY);
        let refused = other.lock(LockKind::Exclusive, &Silent);
        assert!(matches!(refused, Err(Error::Locked { .. })), "{refused:?}");
        guard.check().unwrap();
        assert_eq!(names(&store, Kind::Lock).len(), 1);
    }
    guard.release().unwrap();
    drop(other.lock(LockKind::Exclusive, &Silent).unwrap());
}

#[test]
fn the_lock_of_the_dead_goes_whatever_time_it_tells() {
    let mut child = Command::new("true").spawn().unwrap();
    let pid = child.id().into();
    child.wait().unwrap();
    for seconds in [-2_000_000_000, 0, 1_700_000_000, 7_000_000_000] {
        let store = Arc::new(Memory::new());
        let repository = init_at(&store, &StepClock::new());
        let lock = LockFile {
            time: wardkit_backup::format::Timestamp::new(seconds, 0).into(),
            exclusive: true,
            hostname: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            username: "bot".to_owned(),
            pid,
            uid: 1000,
            gid: 1000,
            boot_id: None,
            process_start: None,
        };
        plant(&store, Kind::Lock, &lock.to_json());
        drop(repository.lock(LockKind::Exclusive, &Silent).unwrap());
        assert_eq!(names(&store, Kind::Lock), [], "{seconds}");
    }
}

#[test]
fn snapshots_have_the_order_of_what_they_tell_and_each_has_its_content() {
    let store = Arc::new(Memory::new());
    let clock = StepClock::new();
    let repository = init_at(&store, &clock);
    let mut taken: Vec<(Timestamp, Id, usize)> = Vec::new();
    for (number, length) in [10, 20, 30].into_iter().enumerate() {
        match number {
            0 => {}
            1 => set_back(&clock, Duration::from_hours(36)),
            _ => set_forward(&clock, Duration::from_hours(36)),
        }
        clock.time.advance(Duration::from_mins(1));
        let mut source = MadeUp::default().file("/file", length, Made::Of(length as u64));
        let report = repository.backup(&mut source, &crate::backup::options(), &Silent).unwrap();
        taken.push((clock.now(), report.snapshot, length));
        // The parent is the newest by what it tells, as restic has it.
        let parent = taken[..taken.len() - 1].iter().max_by_key(|(time, ..)| *time);
        assert_eq!(report.parent, parent.map(|(_, id, _)| *id));
    }
    taken.sort_by_key(|(time, ..)| *time);
    let list = repository.snapshots().unwrap().snapshots;
    let order: Vec<Id> = list.iter().map(|(id, _)| *id).collect();
    assert_eq!(order, taken.iter().map(|(_, id, _)| *id).collect::<Vec<_>>());
    let latest = SnapshotFilter::default().find(&list, "latest").unwrap();
    assert_eq!(latest.0, taken[2].1);
    for ((_, snapshot), (_, _, length)) in list.iter().zip(taken) {
        let found = contents(&repository, &snapshot.tree).unwrap();
        let lengths: Vec<usize> = found.into_values().flatten().map(|it| it.len()).collect();
        assert_eq!(lengths, [length]);
    }
}

/// Prunes, and tells how many packs are marked and were removed.
fn prune(store: &Arc<Memory>, clock: &Arc<StepClock>) -> (u64, u64) {
    let opened =
        Repository::<Pruner>::open(Arc::<Memory>::clone(store), &password(), options(clock));
    let report = opened.unwrap().prune(&PruneOptions::default(), &Silent).unwrap();
    (report.packs_marked, report.packs_removed)
}

#[test]
fn the_time_of_grace_begins_again_when_the_clock_was_set_back() {
    for is_wrong_first in [true, false] {
        let store = Arc::new(Memory::new());
        let clock = StepClock::new();
        let content = Content::plant(&store, &init_at(&store, &clock));
        if is_wrong_first {
            set_forward(&clock, 400 * DAY);
        }
        assert_eq!(prune(&store, &clock), (1, 0));
        // What was marked in what is the future now was marked at no time that can be relied on.
        set_back(&clock, 400 * DAY);
        assert_eq!(prune(&store, &clock), (1, 0));
        clock.time.advance(Duration::from_hours(23));
        assert_eq!(prune(&store, &clock), (1, 0));
        assert!(names(&store, Kind::Pack).contains(&content.unneeded));
        // And it does not stay for ever.
        clock.time.advance(Duration::from_hours(1));
        assert_eq!(prune(&store, &clock), (0, 1));
    }
}
