//! The adapters, driven by the original's own functions.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use backoff::backoff::{Backoff, Constant, Stop, Zero};
use backoff::{Clock, Error, ExponentialBackoff, SystemClock};
use wardkit_retry::{Jitter, RetryPolicy, Schedule};
use wardkit_retry_backoff::{BackoffDelays, PolicyBackoff, policy_from};

/// Waits of 1 ms, 2 ms, 4 ms and 8 ms.
fn doubling() -> RetryPolicy {
    let mut policy = RetryPolicy::local_io();
    policy.jitter = Jitter::None;
    policy.total_deadline = None;
    policy
}

fn millis(waits: &[u64]) -> Vec<Duration> {
    waits.iter().copied().map(Duration::from_millis).collect()
}

#[test]
fn the_originals_retry_waits_as_our_policy_says_and_then_gives_up() {
    let policy = doubling();
    let (mut calls, mut waits) = (0, Vec::new());
    let operation = || {
        calls += 1;
        Err::<(), _>(Error::transient("down"))
    };
    let result = backoff::retry_notify(PolicyBackoff::new(&policy, 1), operation, |_, wait| {
        waits.push(wait);
    });
    assert_eq!(result, Err(Error::transient("down")));
    assert_eq!((calls, waits), (5, millis(&[1, 2, 4, 8])));
}

#[test]
fn the_originals_future_waits_as_our_policy_says() {
    let policy = RetryPolicy::llm();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let mut left = 3;
    let waited = runtime.block_on(async {
        let start = tokio::time::Instant::now();
        let operation = || {
            left -= 1;
            std::future::ready(if left == 0 { Ok(()) } else { Err(Error::transient("down")) })
        };
        backoff::future::retry(PolicyBackoff::new(&policy, 7), operation).await.unwrap();
        start.elapsed()
    });
    // The driver resets its schedule first, which begins the series of the next seed.
    let expected: Duration = policy.delays(8).take(2).sum();
    // Tokio's timer counts whole milliseconds.
    assert!(
        waited >= expected && waited <= expected + Duration::from_millis(2),
        "{waited:?}, {expected:?}"
    );
}

#[test]
fn a_policy_of_one_attempt_is_not_retried() {
    let policy = RetryPolicy::never();
    assert_eq!(PolicyBackoff::new(&policy, 1).next_backoff(), None);
}

#[test]
fn every_reset_begins_a_full_series_with_other_waits() {
    let policy = RetryPolicy::http();
    let mut backoff = PolicyBackoff::new(&policy, 1);
    let mut series = || {
        backoff.reset();
        std::iter::from_fn(|| backoff.next_backoff()).collect::<Vec<_>>()
    };
    let (first, second) = (series(), series());
    assert_eq!((first.len(), second.len()), (2, 2));
    assert_ne!(first, second);
}

#[derive(Clone)]
struct Hand(Instant, Rc<Cell<Duration>>);

impl Clock for Hand {
    fn now(&self) -> Instant {
        self.0 + self.1.get()
    }
}

#[test]
fn no_wait_passes_the_total_deadline() {
    let mut policy = doubling();
    policy.total_deadline = Some(Duration::from_millis(10));
    let passed = Rc::new(Cell::default());
    let clock = Hand(SystemClock::default().now(), Rc::clone(&passed));
    let mut backoff = PolicyBackoff::with_clock(&policy, 1, clock);
    assert_eq!(backoff.next_backoff(), Some(Duration::from_millis(1)));
    passed.set(Duration::from_millis(8));
    assert_eq!(backoff.next_backoff(), Some(Duration::from_millis(2)));
    passed.set(Duration::from_millis(10));
    assert_eq!(backoff.next_backoff(), None);
    backoff.reset();
    assert_eq!(backoff.next_backoff(), Some(Duration::from_millis(1)));
}

#[test]
fn the_originals_schedule_becomes_a_policy_with_its_waits() {
    let backoff =
        ExponentialBackoff { randomization_factor: 0.0, multiplier: 2.0, ..Default::default() };
    let policy = policy_from(backoff, 4);
    assert_eq!(policy.max_attempts, 5);
    assert_eq!(policy.validate(), []);
    assert_eq!(policy.delays(3).take(4).collect::<Vec<_>>(), millis(&[500, 1_000, 2_000, 4_000]));
}

#[test]
fn random_waits_of_the_original_stay_in_their_bounds() {
    let bounds = [(250, 750), (375, 1_125), (562, 1_688)];
    for _ in 0..1_000 {
        for (wait, (low, high)) in BackoffDelays::new(ExponentialBackoff::default()).zip(bounds) {
            assert!(
                (Duration::from_millis(low)..=Duration::from_millis(high)).contains(&wait),
                "{wait:?}"
            );
        }
    }
}

#[test]
fn a_schedule_that_stops_at_once_becomes_a_policy_of_one_attempt() {
    assert_eq!(policy_from(Stop {}, 9), RetryPolicy::never());
    assert_eq!(policy_from(Zero {}, 0), RetryPolicy::never());
}

/// Gives one wait, ends, and would go on.
struct Stutter(u32);

impl Backoff for Stutter {
    fn next_backoff(&mut self) -> Option<Duration> {
        self.0 += 1;
        (self.0 != 2).then_some(Duration::from_secs(1))
    }
}

#[test]
fn waits_that_have_ended_do_not_begin_again() {
    let mut waits = BackoffDelays::new(Stutter(0));
    assert_eq!(
        [waits.next(), waits.next(), waits.next()],
        [Some(Duration::from_secs(1)), None, None]
    );
    let list = policy_from(Stutter(0), 5).schedule;
    assert_eq!(list, Schedule::List { delays: vec![Duration::from_secs(1)] });
    let constant = policy_from(Constant::new(Duration::from_millis(3)), 2).schedule;
    assert_eq!(constant, Schedule::List { delays: millis(&[3, 3]) });
}

#[test]
fn schedule_without_an_end_gives_a_policy_that_is_sound() {
    let policy = policy_from(Constant::new(Duration::from_secs(2)), u32::MAX);
    assert_eq!(policy.max_attempts, 10_000);
    assert_eq!(policy.validate(), []);
}
