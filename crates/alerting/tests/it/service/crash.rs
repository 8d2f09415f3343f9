//! The program dies at every point between accepting and having sent: before each commit, or right after it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use wardkit_alerting::{
    Batch, Durability, HistoryQuery, HistoryRow, Loaded, MemoryStore, MessageHead, MessageQuery,
    Payload, Store, StoreError,
};
use wardkit_core::Timestamp;

use super::support::{World, alert};

/// When the program dies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Point {
    Before(u64),
    After(u64),
}

/// A store of a program that dies at a commit: from then on it keeps nothing and answers nothing.
#[derive(Clone)]
struct Mortal {
    inner: MemoryStore,
    commits: Arc<AtomicU64>,
    dead: Arc<AtomicBool>,
    point: Point,
}

impl Mortal {
    fn alive(&self) -> Result<(), StoreError> {
        let dead = self.dead.load(Ordering::SeqCst);
        if dead { Err(StoreError::message("the program is dead")) } else { Ok(()) }
    }
}

impl Store for Mortal {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        self.inner.load()
    }

    fn commit(&mut self, batch: &Batch, durability: Durability) -> Result<(), StoreError> {
        self.alive()?;
        let number = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        if self.point == Point::Before(number) {
            self.dead.store(true, Ordering::SeqCst);
            self.alive()?;
        }
        self.inner.commit(batch, durability)?;
        if self.point == Point::After(number) {
            self.dead.store(true, Ordering::SeqCst);
            // It is kept, and nobody is left to say so.
            self.alive()?;
        }
        Ok(())
    }

    fn payload(&mut self, sequence: u64) -> Result<Option<Payload>, StoreError> {
        self.alive()?;
        self.inner.payload(sequence)
    }

    fn messages(&mut self, query: &MessageQuery) -> Result<Vec<MessageHead>, StoreError> {
        self.inner.messages(query)
    }

    fn history(&mut self, query: &HistoryQuery) -> Result<Vec<HistoryRow>, StoreError> {
        self.inner.history(query)
    }

    fn prune(&mut self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn rebuild(&mut self, running: &Batch) -> Result<String, StoreError> {
        self.inner.rebuild(running)
    }
}

fn key_counts(taken: &[(String, String)]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for (key, _) in taken {
        *counts.entry(key.as_str()).or_default() += 1;
    }
    counts
}

/// Brings alerts, dies at the point, starts again, and returns whether it died at all.
async fn dies_at(point: Point) -> bool {
    let inner = MemoryStore::new();
    let dead = Arc::new(AtomicBool::new(false));
    let mortal =
        Mortal { inner: inner.clone(), commits: Arc::default(), dead: Arc::clone(&dead), point };
    let world = World::start(&mortal, &["web"]);
    world.wire("web").dies_with(Arc::clone(&dead));
    let mut answered = BTreeSet::new();
    for batch in 0..4 {
        let name = |number: i32| format!("alert {batch} {number}");
        let alerts = (0..5).map(|number| alert(&name(number))).collect();
        if world.handle.bring("api", alerts).await.is_ok() {
            answered.extend((0..5).map(name));
        }
    }
    while !dead.load(Ordering::SeqCst)
        && world.handle.read(|_, outbox| outbox.len()).await.unwrap() > 0
    {
        tokio::task::yield_now().await;
    }
    let wires = world.wires();
    world.dies().await;
    let died = dead.swap(true, Ordering::SeqCst);
    wires["web"].dies_with(Arc::default());
    let world = World::with(Box::new(inner), &["web"], wires);
    while world.handle.read(|_, outbox| outbox.len()).await.unwrap() > 0 {
        world.pass(std::time::Duration::from_secs(1)).await;
    }
    let taken = world.wire("web").taken();
    let names: BTreeSet<String> = taken.iter().map(|(_, name)| name.clone()).collect();
    let lost: Vec<&String> = answered.difference(&names).collect();
    assert_eq!(lost, Vec::<&String>::new(), "{point:?}");
    // Told twice is only what was under way, and with the same key.
    let mut keys: BTreeMap<&str, &str> = BTreeMap::new();
    for (key, name) in &taken {
        assert_eq!(*keys.entry(name).or_insert(key), key, "{point:?}: {name} has two keys");
    }
    let counts = key_counts(&taken);
    let twice = counts.values().filter(|count| **count > 1).count();
    assert!(counts.values().all(|count| *count <= 2) && twice <= 4, "{point:?}: {twice} twice");
    died
}

#[tokio::test]
async fn nothing_answered_is_lost_wherever_the_program_dies() {
    for point in [Point::Before, Point::After] {
        let mut number = 1;
        while dies_at(point(number)).await {
            number += 1;
        }
        assert!(number > 4, "it died {number} times only");
    }
}
