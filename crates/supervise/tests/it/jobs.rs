//! The journal of jobs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use wardkit_core::Timestamp;
use wardkit_supervise::Now;
use wardkit_supervise::jobs::{
    Change, DeadLetter, Durability, Job, JobError, JobState, Jobs, JobsConfig, Leased, MemoryStore,
    Store, StoreError, Submitted,
};

fn at(seconds: u64) -> Now {
    let wall =
        Timestamp::from_unix_seconds(1_700_000_000).saturating_add(Duration::from_secs(seconds));
    Now { wall, boot: Duration::from_secs(1_000 + seconds) }
}

fn open(store: &MemoryStore, now: Now) -> Jobs {
    Jobs::open(Box::new(store.clone()), JobsConfig::default(), now).expect("it is sound")
}

fn next(jobs: &mut Jobs, now: Now) -> Leased {
    jobs.next(now).expect("it is sound").expect("one is due")
}

#[test]
fn jobs_are_done_in_the_order_in_which_they_came_and_once_each() {
    let mut jobs = open(&MemoryStore::default(), at(0));
    assert_eq!(jobs.submit("a", b"1", at(0)).unwrap(), Submitted::Added(1));
    assert_eq!(jobs.submit("b", b"2", at(1)).unwrap(), Submitted::Added(2));
    assert_eq!(jobs.submit("a", b"other", at(2)).unwrap(), Submitted::Known(1));
    let (a, b) = (next(&mut jobs, at(2)), next(&mut jobs, at(2)));
    assert_eq!((&*a.key, &*a.payload, a.attempt), ("a", &b"1"[..], 1));
    assert_eq!((&*b.key, b.id), ("b", 2));
    assert_eq!(jobs.next(at(2)).unwrap(), None);
    assert_eq!(jobs.waiting(), 2);
    jobs.done(&b, at(3)).unwrap();
    jobs.done(&a, at(3)).unwrap();
    assert!(matches!(jobs.done(&a, at(3)), Err(JobError::LeaseLost)));
    assert_eq!((jobs.waiting(), jobs.next_due()), (0, None));
    assert_eq!(jobs.submit("a", b"1", at(4)).unwrap(), Submitted::Known(1));
}

#[test]
fn key_of_a_job_that_is_done_is_forgotten_in_time() {
    let store = MemoryStore::default();
    let mut jobs = open(&store, at(0));
    jobs.submit("a", b"", at(0)).unwrap();
    let a = next(&mut jobs, at(0));
    jobs.done(&a, at(0)).unwrap();
    let day = 24 * 3600;
    assert_eq!(jobs.submit("a", b"", at(day - 1)).unwrap(), Submitted::Known(1));
    jobs.submit("b", b"", at(day + 1)).unwrap();
    assert_eq!(jobs.submit("a", b"", at(day + 1)).unwrap(), Submitted::Added(3));
    // Numbers are not used again, whatever was forgotten.
    assert_eq!(open(&store, at(day)).submit("c", b"", at(day)).unwrap(), Submitted::Added(4));
}

#[test]
fn failed_attempt_waits_longer_each_time_and_is_a_dead_letter_in_the_end() {
    let mut jobs = open(&MemoryStore::default(), at(0));
    jobs.submit("a", b"1", at(0)).unwrap();
    let mut now = at(0);
    for attempt in 1..=5 {
        let a = next(&mut jobs, now);
        assert_eq!(a.attempt, attempt);
        jobs.failed(&a, &format!("try {attempt}"), now).unwrap();
        if let Some(due) = jobs.next_due() {
            assert!(attempt < 5);
            assert!(
                jobs.next(Now { boot: due.saturating_sub(Duration::from_nanos(1)), ..now })
                    .unwrap()
                    .is_none()
            );
            now.boot = due;
        }
    }
    assert_eq!(jobs.next(at(1_000_000)).unwrap(), None);
    let [letter] = &jobs.dead_letters()[..] else { panic!() };
    let DeadLetter { id: 1, key, attempts: 5, why, .. } = letter else { panic!("{letter:?}") };
    assert_eq!((&**key, &**why), ("a", "try 5"));
    assert_eq!(jobs.submit("a", b"1", now).unwrap(), Submitted::Known(1));

    jobs.replay(1, now).unwrap();
    let a = next(&mut jobs, now);
    assert_eq!((&*a.payload, a.attempt), (&b"1"[..], 1));
    jobs.done(&a, now).unwrap();
    assert!(matches!(jobs.replay(1, now), Err(JobError::Unknown { id: 1 })));
}

#[test]
fn discarded_dead_letter_is_gone_and_its_key_free() {
    let store = MemoryStore::default();
    let mut config = JobsConfig::default();
    config.most_attempts = 1;
    let mut jobs = Jobs::open(Box::new(store), config, at(0)).unwrap();
    jobs.submit("a", b"1", at(0)).unwrap();
    let a = next(&mut jobs, at(0));
    jobs.failed(&a, "no", at(0)).unwrap();
    jobs.discard(1).unwrap();
    assert_eq!(jobs.dead_letters(), []);
    assert!(matches!(jobs.discard(1), Err(JobError::Unknown { id: 1 })));
    assert_eq!(jobs.submit("a", b"1", at(0)).unwrap(), Submitted::Added(2));
}

#[test]
fn interrupted_job_is_attempted_again_and_one_that_kills_is_a_dead_letter() {
    let store = MemoryStore::default();
    open(&store, at(0)).submit("poison", b"1", at(0)).unwrap();
    for attempt in 1..=5 {
        // Killed each time in the middle of it.
        let mut jobs = open(&store, at(attempt));
        assert_eq!(u64::from(next(&mut jobs, at(attempt)).attempt), attempt);
    }
    let mut jobs = open(&store, at(6));
    jobs.submit("next", b"2", at(6)).unwrap();
    assert_eq!(next(&mut jobs, at(6)).key, "next");
    let [letter] = &jobs.dead_letters()[..] else { panic!() };
    assert_eq!((&*letter.key, &*letter.why), ("poison", "the program ended during the attempt"));
}

#[test]
fn lease_that_ran_out_is_lost_and_another_attempt_is_made() {
    let mut jobs = open(&MemoryStore::default(), at(0));
    jobs.submit("a", b"1", at(0)).unwrap();
    let slow = next(&mut jobs, at(0));
    jobs.extend(&slow, at(30)).unwrap();
    assert_eq!(jobs.next(at(89)).unwrap(), None);
    // A clock that was set changes nothing.
    let set = Now { wall: Timestamp::UNIX_EPOCH, boot: at(89).boot };
    jobs.extend(&slow, set).unwrap();
    assert_eq!(jobs.next(at(149)).unwrap(), None);
    for late in [jobs.extend(&slow, at(150)), jobs.done(&slow, at(150))] {
        assert!(matches!(late, Err(JobError::LeaseLost)));
    }
    let again = next(&mut jobs, at(200));
    assert_eq!(again.attempt, 2);
    assert!(matches!(jobs.failed(&slow, "late", at(200)), Err(JobError::LeaseLost)));
    jobs.done(&again, at(200)).unwrap();
}

#[test]
fn wait_over_a_restart_is_no_longer_than_it_was_whatever_the_clock_says() {
    let store = MemoryStore::default();
    let mut jobs = open(&store, at(0));
    jobs.submit("a", b"1", at(0)).unwrap();
    let a = next(&mut jobs, at(0));
    jobs.failed(&a, "no", at(0)).unwrap();
    let wait = jobs.next_due().unwrap().saturating_sub(at(0).boot);
    assert_eq!(wait, Duration::from_secs(1));
    let after = |wall| open(&store, Now { wall, boot: Duration::ZERO }).next_due();
    assert_eq!(after(at(0).wall), Some(wait));
    assert_eq!(after(Timestamp::UNIX_EPOCH), Some(wait));
    assert_eq!(after(at(3600).wall), Some(Duration::ZERO));
}

#[test]
fn what_cannot_be_taken_is_refused() {
    let mut config = JobsConfig::default();
    (config.most_jobs, config.most_payload) = (2, 3);
    assert_eq!(config.violations(), []);
    let mut jobs = Jobs::open(Box::new(MemoryStore::default()), config, at(0)).unwrap();
    for (key, payload) in [("", &b"1"[..]), (&"k".repeat(257), b"1"), ("a", b"1234")] {
        assert!(matches!(jobs.submit(key, payload, at(0)), Err(JobError::TooLarge)));
    }
    jobs.submit("a", b"123", at(0)).unwrap();
    jobs.submit("b", b"", at(0)).unwrap();
    let full = jobs.submit("c", b"", at(0)).unwrap_err();
    assert_eq!(full.to_string(), "there are 2 jobs, as many as there may be");
    assert!(full.is_transient());
    let a = next(&mut jobs, at(0));
    jobs.done(&a, at(0)).unwrap();
    jobs.submit("c", b"", at(0)).unwrap();
}

#[test]
fn wrong_configuration_is_named() {
    let mut config = JobsConfig::default();
    (config.most_attempts, config.lease, config.most_jobs) = (0, Duration::ZERO, 0);
    let found: Vec<String> = config.violations().iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 3);
    assert!(found[0].starts_with("most_attempts"), "{found:?}");
}

/// A store that refuses every so many commits and loses what was not durable when the power goes.
#[derive(Clone, Default)]
struct Fragile {
    now: MemoryStore,
    /// What a loss of power leaves.
    durable: Arc<Mutex<MemoryStore>>,
    refuses: Arc<Mutex<bool>>,
}

impl Fragile {
    fn copy(of: &MemoryStore) -> MemoryStore {
        let mut of = of.clone();
        let mut copy = MemoryStore::default();
        for job in of.load().expect("it is there").0 {
            let payload = of.payload(job.id).ok().flatten().expect("it is there");
            let add = [Change::Add(job, &payload)];
            copy.commit(&add, Durability::Full).expect("there is room");
        }
        copy
    }

    fn lose_power(&self) -> Self {
        let left = Self::copy(&self.durable.lock().expect("nobody panics"));
        Self {
            now: left.clone(),
            durable: Arc::new(Mutex::new(Self::copy(&left))),
            ..Self::default()
        }
    }
}

impl Store for Fragile {
    fn load(&mut self) -> Result<(Vec<Job>, u64), StoreError> {
        self.now.load()
    }

    fn payload(&mut self, id: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.now.payload(id)
    }

    fn commit(&mut self, changes: &[Change<'_>], durability: Durability) -> Result<(), StoreError> {
        if *self.refuses.lock().expect("nobody panics") {
            return Err(StoreError::new("full", true));
        }
        self.now.commit(changes, durability)?;
        if durability == Durability::Full {
            *self.durable.lock().expect("nobody panics") = Self::copy(&self.now);
        }
        Ok(())
    }
}

#[test]
fn payload_that_was_lost_makes_a_dead_letter_and_the_next_job_is_done() {
    #[derive(Clone)]
    struct Lossy(MemoryStore);
    impl Store for Lossy {
        fn load(&mut self) -> Result<(Vec<Job>, u64), StoreError> {
            self.0.load()
        }
        fn payload(&mut self, id: u64) -> Result<Option<Vec<u8>>, StoreError> {
            if id == 1 { Ok(None) } else { self.0.payload(id) }
        }
        fn commit(&mut self, changes: &[Change<'_>], how: Durability) -> Result<(), StoreError> {
            self.0.commit(changes, how)
        }
    }
    let store = Lossy(MemoryStore::default());
    let mut jobs = Jobs::open(Box::new(store), JobsConfig::default(), at(0)).unwrap();
    jobs.submit("a", b"1", at(0)).unwrap();
    jobs.submit("b", b"2", at(0)).unwrap();
    assert_eq!(next(&mut jobs, at(0)).key, "b");
    assert_eq!(jobs.dead_letters()[0].why, "its payload is lost");
}

#[test]
fn store_that_fails_changes_nothing() {
    let store = Fragile::default();
    let refuses = store.refuses.clone();
    let mut jobs = Jobs::open(Box::new(store), JobsConfig::default(), at(0)).unwrap();
    jobs.submit("a", b"1", at(0)).unwrap();
    *refuses.lock().unwrap() = true;
    assert!(jobs.submit("b", b"2", at(0)).unwrap_err().is_transient());
    assert!(jobs.next(at(0)).is_err());
    *refuses.lock().unwrap() = false;
    let a = next(&mut jobs, at(0));
    assert_eq!((&*a.key, a.attempt), ("a", 1));
    *refuses.lock().unwrap() = true;
    jobs.done(&a, at(0)).unwrap_err();
    *refuses.lock().unwrap() = false;
    jobs.done(&a, at(0)).unwrap();
    assert_eq!(jobs.next(at(0)).unwrap(), None);
}

#[derive(Clone, Debug)]
enum Op {
    Submit(u8),
    Next,
    Done(usize),
    Fail(usize),
    Wait(u16),
    Kill,
    PowerLoss,
    Refuse(bool),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (0..12_u8).prop_map(Op::Submit),
        Just(Op::Next),
        any::<usize>().prop_map(Op::Done),
        any::<usize>().prop_map(Op::Fail),
        (0..200_u16).prop_map(Op::Wait),
        Just(Op::Kill),
        Just(Op::PowerLoss),
        any::<bool>().prop_map(Op::Refuse),
    ]
}

proptest! {
    /// Whatever dies and is refused: what was taken is done, or a dead letter, or still to be done; what was said to be
    /// done is never attempted again; no two attempts of one job are under way; none is attempted too often.
    #[test]
    fn nothing_is_lost_and_nothing_that_is_done_is_done_again(ops in prop::collection::vec(op(), 1..120)) {
        let mut store = Fragile::default();
        let mut now = at(0);
        let mut jobs = Jobs::open(Box::new(store.clone()), JobsConfig::default(), now).unwrap();
        let mut held: BTreeMap<u64, (Leased, Duration)> = BTreeMap::new();
        let (mut taken, mut done) = (BTreeSet::new(), BTreeSet::new());
        for op in ops {
            match op {
                Op::Submit(key) => {
                    if jobs.submit(&key.to_string(), &[key], now).is_ok() {
                        taken.insert(key.to_string());
                    }
                }
                Op::Next => {
                    if let Ok(Some(leased)) = jobs.next(now) {
                        prop_assert!(!done.contains(&leased.key), "{} was done", leased.key);
                        prop_assert!(leased.attempt <= 5);
                        let before = held.insert(leased.id, (leased, now.boot));
                        let is_over = before.is_none_or(|(_, at)| now.boot.saturating_sub(at) >= Duration::from_mins(1));
                        prop_assert!(is_over, "two attempts at once");
                    }
                }
                Op::Done(which) | Op::Fail(which) if !held.is_empty() => {
                    let id = *held.keys().nth(which % held.len()).unwrap();
                    let leased = held[&id].0.clone();
                    let result = match op {
                        Op::Done(_) => jobs.done(&leased, now),
                        _ => jobs.failed(&leased, "no", now),
                    };
                    match result {
                        Ok(()) => {
                            held.remove(&id);
                            if matches!(op, Op::Done(_)) {
                                done.insert(leased.key);
                            }
                        }
                        Err(JobError::LeaseLost) => drop(held.remove(&id)),
                        Err(error) => prop_assert!(error.is_transient()),
                    }
                }
                Op::Wait(seconds) => now.boot += Duration::from_secs(seconds.into()),
                Op::Refuse(refuses) => *store.refuses.lock().unwrap() = refuses,
                Op::Kill | Op::PowerLoss => {
                    *store.refuses.lock().unwrap() = false;
                    if matches!(op, Op::PowerLoss) {
                        store = store.lose_power();
                    }
                    held.clear();
                    jobs = Jobs::open(Box::new(store.clone()), JobsConfig::default(), now).unwrap();
                }
                Op::Done(_) | Op::Fail(_) => {}
            }
        }
        let kept: BTreeMap<String, JobState> =
            store.load().unwrap().0.into_iter().map(|job| (job.key, job.state)).collect();
        for key in &taken {
            let state = kept.get(key);
            prop_assert!(state.is_some(), "{key} is lost");
            prop_assert_eq!(done.contains(key), state == Some(&JobState::Done), "{}", key);
        }
    }
}
