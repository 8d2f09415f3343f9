use std::time::Duration;

use wardkit_retry::{Classes, Jitter, RetryPolicy, Retryable, Schedule};

fn paths(policy: &RetryPolicy) -> Vec<String> {
    policy.validate().into_iter().map(|violation| violation.path).collect()
}

fn with(change: impl FnOnce(&mut RetryPolicy)) -> RetryPolicy {
    let mut policy = RetryPolicy::default();
    change(&mut policy);
    policy
}

fn with_schedule(schedule: Schedule) -> RetryPolicy {
    with(|policy| policy.schedule = schedule)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const YEARS: Duration = Duration::from_hours(10 * 365 * 24);

#[test]
fn presets_and_default_are_sound() {
    for policy in [
        RetryPolicy::default(),
        RetryPolicy::http(),
        RetryPolicy::llm(),
        RetryPolicy::db(),
        RetryPolicy::local_io(),
        RetryPolicy::never(),
    ] {
        assert_eq!(policy.validate(), [], "{policy:?}");
    }
}

#[test]
fn each_impossible_value_is_named_by_its_key() {
    let exponential = |base, factor, cap| Schedule::Exponential { base, factor, cap };
    let rows = [
        (with(|p| p.max_attempts = 0), vec!["max-attempts"]),
        (with(|p| p.max_attempts = 1_000_000), vec!["max-attempts"]),
        (with(|p| p.on = Classes::NONE), vec!["on"]),
        (with(|p| p.budget = Some(" ".to_owned())), vec!["budget"]),
        (with(|p| p.budget = Some("none".to_owned())), vec!["budget"]),
        (with(|p| p.attempt_timeout = Some(Duration::ZERO)), vec!["attempt-timeout"]),
        (with(|p| p.attempt_timeout = Some(YEARS)), vec!["attempt-timeout"]),
        (with(|p| p.total_deadline = Some(Duration::ZERO)), vec!["total-deadline"]),
        (with(|p| p.total_deadline = Some(millis(100))), vec!["total-deadline"]),
        (with(|p| p.retry_after.max = Some(YEARS)), vec!["retry-after.max"]),
        (with_schedule(exponential(millis(1), f64::NAN, millis(9))), vec!["schedule.factor"]),
        (with_schedule(exponential(millis(1), f64::INFINITY, millis(9))), vec!["schedule.factor"]),
        (with_schedule(exponential(millis(1), 0.99, millis(9))), vec!["schedule.factor"]),
        (with_schedule(exponential(millis(1), 1e9, millis(9))), vec!["schedule.factor"]),
        (with_schedule(exponential(Duration::ZERO, 2.0, millis(9))), vec!["schedule.base"]),
        (with_schedule(exponential(millis(9), 2.0, millis(8))), vec!["schedule.cap"]),
        (with_schedule(exponential(millis(9), 2.0, YEARS)), vec!["schedule.cap"]),
        (with_schedule(Schedule::Fixed { delay: Duration::ZERO }), vec!["schedule.delay"]),
        (with_schedule(Schedule::List { delays: vec![] }), vec!["schedule.delays"]),
        (
            with_schedule(Schedule::List { delays: vec![millis(1), YEARS] }),
            vec!["schedule.delays[1]"],
        ),
        (
            with_schedule(Schedule::Decorrelated { base: Duration::ZERO, cap: millis(1) }),
            vec!["schedule.base"],
        ),
        (
            with_schedule(Schedule::Linear {
                base: Duration::ZERO,
                step: Duration::ZERO,
                cap: millis(1),
            }),
            vec!["schedule.base"],
        ),
        (
            with_schedule(Schedule::List { delays: vec![Duration::ZERO] }),
            vec!["schedule.delays[0]"],
        ),
        (
            with(|p| {
                p.jitter = Jitter::Decorrelated;
                p.schedule =
                    Schedule::Linear { base: Duration::ZERO, step: millis(1), cap: millis(9) };
            }),
            vec!["jitter"],
        ),
        (
            with(|p| {
                p.jitter = Jitter::Decorrelated;
                p.schedule = Schedule::List { delays: vec![Duration::ZERO, millis(9)] };
            }),
            vec!["jitter"],
        ),
    ];
    for (policy, expected) in rows {
        assert_eq!(paths(&policy), expected, "{policy:?}");
    }
}

#[test]
fn all_violations_are_reported_together() {
    let mut policy = RetryPolicy::http();
    policy.max_attempts = 0;
    policy.attempt_timeout = Some(Duration::from_secs(31));
    policy.schedule = Schedule::Exponential { base: millis(9), factor: f64::NAN, cap: millis(8) };
    assert_eq!(
        paths(&policy),
        ["max-attempts", "schedule.factor", "schedule.cap", "attempt-timeout"]
    );
}

#[test]
fn unused_schedule_of_a_single_attempt_may_be_zero() {
    let mut policy = RetryPolicy::never();
    policy.schedule = Schedule::Fixed { delay: Duration::ZERO };
    assert_eq!(policy.validate(), []);
}

#[test]
fn schedules_wait_as_described() {
    let rows: [(Schedule, [u64; 5]); 4] = [
        (Schedule::Fixed { delay: millis(7) }, [7, 7, 7, 7, 7]),
        (Schedule::Linear { base: millis(1), step: millis(2), cap: millis(6) }, [1, 3, 5, 6, 6]),
        (
            Schedule::Exponential { base: millis(1), factor: 3.0, cap: millis(20) },
            [1, 3, 9, 20, 20],
        ),
        (Schedule::List { delays: vec![millis(5), millis(1), millis(8)] }, [5, 1, 8, 8, 8]),
    ];
    for (schedule, expected) in rows {
        let mut policy = with_schedule(schedule);
        policy.jitter = Jitter::None;
        let waits: Vec<_> = policy.delays(1).take(5).collect();
        assert_eq!(waits, expected.map(millis), "{policy:?}");
    }
}

#[test]
fn jitter_spreads_over_its_whole_range() {
    let rows = [
        (Jitter::Full, 0..5, 95..101),
        (Jitter::Equal, 50..53, 97..101),
        (Jitter::Decorrelated, 100..110, 290..301),
    ];
    for (jitter, near_low, near_high) in rows {
        let mut policy = RetryPolicy::default();
        policy.jitter = jitter;
        let firsts: Vec<_> =
            (0..1_000).map(|seed| policy.delays(seed).next().unwrap().as_millis()).collect();
        assert!(near_low.contains(firsts.iter().min().unwrap()), "{jitter:?}");
        assert!(near_high.contains(firsts.iter().max().unwrap()), "{jitter:?}");
    }
}

#[test]
fn same_seed_gives_the_same_waits() {
    let policy = RetryPolicy::http();
    let waits = |seed| policy.delays(seed).take(20).collect::<Vec<_>>();
    assert_eq!(waits(3), waits(3));
    assert_ne!(waits(3), waits(4));
}

#[test]
fn class_sets_hold_what_they_were_given() {
    let set = Classes::of(&[Retryable::Timeout, Retryable::Transient]);
    assert_eq!(set.iter().collect::<Vec<_>>(), [Retryable::Transient, Retryable::Timeout]);
    assert_eq!(format!("{set:?}"), "{Transient, Timeout}");
    assert_eq!(Classes::ALL, Classes::of(&Retryable::ALL));
    assert!(!set.contains(Retryable::Throttled));
}
