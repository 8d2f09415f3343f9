use std::sync::mpsc;
use std::thread;

use super::*;

const LONG: Duration = Duration::from_mins(1);

fn pool(slots: usize, waiting: usize) -> Arc<Pool> {
    Arc::new(Pool::new(slots, waiting))
}

/// Waits in a thread of its own; returns when it stands in the line.
fn stand_in_line(pool: &Arc<Pool>, plugin: PluginId, told: &mpsc::Sender<(PluginId, Slot)>) {
    let before = pool.lock().waiting;
    let (theirs, told) = (Arc::clone(pool), told.clone());
    thread::spawn(move || {
        let slot = theirs.enter(plugin, LONG).expect("its turn comes");
        told.send((plugin, slot)).expect("somebody listens");
    });
    while pool.lock().waiting == before {
        thread::yield_now();
    }
}

#[test]
fn a_full_pool_is_busy_when_nobody_more_may_wait() {
    let pool = pool(1, 0);
    let slot = pool.enter(1, LONG).expect("there is room");
    assert!(matches!(pool.enter(2, LONG), Err(SandboxError::Busy { running: 1 })));
    drop(slot);
    pool.enter(2, LONG).expect("there is room again");
}

#[test]
fn patience_has_an_end() {
    let pool = pool(1, 10);
    let _slot = pool.enter(1, LONG).expect("there is room");
    assert!(matches!(pool.enter(2, Duration::ZERO), Err(SandboxError::Busy { running: 1 })));
    assert_eq!(pool.lock().waiting, 0, "whoever left stands in no line");
    assert!(pool.lock().turns.is_empty());
}

#[test]
fn plugins_take_turns() {
    let pool = pool(1, 10);
    let slot = pool.enter(9, LONG).expect("there is room");
    let (told, heard) = mpsc::channel();
    for plugin in [1, 1, 1, 2, 3] {
        stand_in_line(&pool, plugin, &told);
    }
    drop(slot);
    let order: Vec<_> = (0..5)
        .map(|_| {
            let (plugin, slot) = heard.recv().expect("everybody has a turn");
            drop(slot);
            plugin
        })
        .collect();
    assert_eq!(order, [1, 2, 3, 1, 1]);
}

#[test]
fn who_has_all_it_may_holds_nobody_else_up() {
    let pool = pool(8, 10);
    let flood: Vec<_> = (0..7).map(|_| pool.enter(1, LONG).expect("there is room")).collect();
    let (told, heard) = mpsc::channel();
    stand_in_line(&pool, 1, &told);
    let other = pool.enter(2, Duration::ZERO).expect("the last slot is for others");
    assert!(heard.try_recv().is_err(), "the eighth of the flood waits");
    drop(other);
    assert!(heard.try_recv().is_err(), "also when that slot is free again");
    drop(flood);
    assert_eq!(heard.recv().expect("its turn comes").0, 1);
    assert_eq!(pool.lock().running, 0, "a slot is given back when it is dropped");
    assert!(pool.lock().own.is_empty());
}

#[test]
fn a_small_pool_has_room_for_one_plugin() {
    let pool = pool(0, 0);
    pool.enter(1, LONG).expect("there is one slot at least");
}
