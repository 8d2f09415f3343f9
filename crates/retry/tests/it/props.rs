use std::cell::RefCell;
use std::time::Duration;

use proptest::prelude::*;
use wardkit_core::{Clock, Timestamp};
use wardkit_retry::{
    Budget, BudgetConfig, Class, Classes, Deadline, Decision, Idempotency, Jitter, Reason, Retry,
    RetryPolicy, Retryable, Schedule, Scope, Sent, Session, TestClock, retry_after,
};

use crate::support::{ByFault, Fault};

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        (0_u64..10_000_000_000).prop_map(Duration::from_nanos),
        (0_u64..400 * 86_400).prop_map(Duration::from_secs),
        any::<u64>().prop_map(Duration::from_secs),
    ]
}

fn schedule() -> impl Strategy<Value = Schedule> {
    prop_oneof![
        duration().prop_map(|delay| Schedule::Fixed { delay }),
        (duration(), duration(), duration()).prop_map(|(base, step, cap)| Schedule::Linear {
            base,
            step,
            cap
        }),
        (duration(), prop_oneof![Just(2.0), any::<f64>(), 1.0..4.0], duration())
            .prop_map(|(base, factor, cap)| Schedule::Exponential { base, factor, cap }),
        (duration(), duration()).prop_map(|(base, cap)| Schedule::Decorrelated { base, cap }),
        prop::collection::vec(duration(), 0..4).prop_map(|delays| Schedule::List { delays }),
    ]
}

fn jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::None),
        Just(Jitter::Full),
        Just(Jitter::Equal),
        Just(Jitter::Decorrelated)
    ]
}

/// Any policy, sound or not.
fn any_policy() -> impl Strategy<Value = RetryPolicy> {
    let limits = (
        prop::option::of(duration()),
        prop::option::of(duration()),
        prop::option::of(duration()),
        any::<bool>(),
    );
    let budget = prop::option::of("[a-z]{0,5}");
    let on = prop::sample::subsequence(Retryable::ALL.to_vec(), 0..=4);
    (0_u32..60, schedule(), jitter(), limits, budget, on).prop_map(
        |(max_attempts, schedule, jitter, (timeout, deadline, max, honour), budget, on)| {
            let mut policy = RetryPolicy::default();
            policy.max_attempts = max_attempts;
            policy.schedule = schedule;
            policy.jitter = jitter;
            policy.attempt_timeout = timeout;
            policy.total_deadline = deadline;
            policy.retry_after.max = max;
            policy.retry_after.honour = honour;
            policy.budget = budget;
            policy.on = Classes::of(&on);
            policy
        },
    )
}

/// Policies that validate: what is wrong with any one is replaced until nothing is.
fn sound_policy() -> impl Strategy<Value = RetryPolicy> {
    any_policy().prop_map(|mut policy| {
        let default = RetryPolicy::http();
        while let Some(violation) = policy.validate().first() {
            match violation.path.split(['.', '[']).next().unwrap() {
                "jitter" => policy.jitter = default.jitter,
                "max-attempts" => policy.max_attempts = default.max_attempts,
                "schedule" => policy.schedule = default.schedule.clone(),
                "attempt-timeout" => policy.attempt_timeout = None,
                "total-deadline" => policy.total_deadline = None,
                "retry-after" => policy.retry_after = default.retry_after,
                "budget" => policy.budget = None,
                "on" => policy.on = default.on,
                path => panic!("{path}"),
            }
        }
        policy
    })
}

const LONGEST: Duration = Duration::from_hours(365 * 24);

fn class() -> impl Strategy<Value = Class> {
    let after = || prop::option::of(duration());
    prop_oneof![
        4 => Just(Class::Transient),
        2 => after().prop_map(|after| Class::Throttled { after }),
        2 => after().prop_map(|after| Class::Overloaded { after }),
        2 => Just(Class::Timeout),
        1 => Just(Class::Success),
        1 => Just(Class::Permanent),
        1 => Just(Class::QuotaExhausted { until: None }),
    ]
}

fn faults() -> impl Strategy<Value = Vec<Class>> {
    prop::collection::vec(class(), 1..80)
}

proptest! {
    #[test]
    fn sound_policies_validate(policy in sound_policy()) {
        prop_assert_eq!(policy.validate(), []);
    }

    #[test]
    fn waits_keep_within_their_bounds(policy in sound_policy(), seed: u64) {
        let (base, cap) = policy.schedule.bounds();
        let decorrelated = policy.jitter == Jitter::Decorrelated
            || matches!(policy.schedule, Schedule::Decorrelated { .. });
        let floor = match policy.jitter {
            _ if decorrelated => base,
            Jitter::Full => Duration::ZERO,
            Jitter::Equal => base / 2,
            _ => base,
        };
        for wait in policy.delays(seed).take(200) {
            prop_assert!((floor..=cap).contains(&wait), "{wait:?} not in {floor:?}..={cap:?}");
        }
    }

    #[test]
    fn no_policy_makes_its_waits_panic(policy in any_policy(), seed: u64) {
        let _ = policy.validate();
        prop_assert_eq!(policy.delays(seed).take(100).count(), 100);
    }

    #[test]
    fn driver_keeps_attempts_deadline_and_the_targets_wait(
        policy in sound_policy(),
        classes in faults(),
        took in prop::collection::vec(duration(), 80),
        seed: u64,
    ) {
        let mut policy = policy;
        policy.budget = None;
        // 584 years of waits are the end of the test clock.
        policy.retry_after.max = Some(policy.retry_after.max.unwrap_or(LONGEST));
        let clock = TestClock::new(seed);
        let retry = Retry::new(policy.clone(), Idempotency::Safe)
            .unwrap()
            .with_classifier(ByFault)
            .with_clock(clock.clone());
        // When each attempt began, and when and how it ended.
        let begun = RefCell::new(Vec::new());
        let ended = RefCell::new(Vec::new());
        let result = retry.run_blocking(|| {
            let number = begun.borrow().len();
            begun.borrow_mut().push(clock.uptime());
            clock.advance(took[number % 80].min(Duration::from_secs(3)));
            let class = classes[number % classes.len()];
            ended.borrow_mut().push((clock.uptime(), class));
            if class == Class::Success { Ok(()) } else { Err(Fault(class)) }
        });
        let (begun, ended) = (begun.into_inner(), ended.into_inner());
        prop_assert!(begun.len() <= usize::try_from(policy.max_attempts).unwrap());
        if let Some(deadline) = policy.total_deadline {
            prop_assert!(begun.iter().all(|at| *at < deadline), "{begun:?}");
        }
        for (next, (at, class)) in begun[1..].iter().zip(&ended) {
            let retryable = class.retryable();
            prop_assert!(retryable.is_some_and(|class| policy.on.contains(class)));
            let asked = class.after().filter(|_| policy.retry_after.honour).unwrap_or_default();
            prop_assert!(*next >= *at + asked, "{next:?} {at:?} {asked:?}");
            prop_assert!(policy.retry_after.max.is_none_or(|max| asked <= max));
        }
        prop_assert_eq!(result.is_ok(), ended.last().unwrap().1 == Class::Success);
        if let Err(error) = result {
            prop_assert_eq!(usize::try_from(error.attempts()).unwrap(), begun.len());
        }
    }

    #[test]
    fn session_is_a_function_of_its_input(
        policy in sound_policy(),
        classes in faults(),
        deadline in prop::option::of(duration()),
        seed: u64,
    ) {
        let decisions = || {
            let scope = Scope::new(1, deadline.map(Deadline::at));
            let mut session = Session::new(&policy, &Idempotency::Unsafe, scope, seed);
            classes.iter().map(|&class| session.on_failure(Duration::ZERO, class, Sent::Never))
                .collect::<Vec<_>>()
        };
        prop_assert_eq!(decisions(), decisions());
    }

    #[test]
    fn unsafe_call_that_may_have_arrived_is_never_repeated(policy in sound_policy(), class in class()) {
        let mut session = Session::new(&policy, &Idempotency::Unsafe, Scope::ROOT, 1);
        let decision = session.on_failure(Duration::ZERO, class, Sent::Maybe);
        prop_assert!(matches!(decision, Decision::GiveUp(_)));
    }

    #[test]
    fn spent_quota_is_never_retried(policy in sound_policy(), until: Option<i64>) {
        let until = until.map(Timestamp::from_unix_nanos);
        let mut session = Session::new(&policy, &Idempotency::Safe, Scope::ROOT, 1);
        let decision = session.on_failure(Duration::ZERO, Class::QuotaExhausted { until }, Sent::Never);
        prop_assert_eq!(decision, Decision::GiveUp(Reason::QuotaExhausted { until }));
    }

    #[test]
    fn budget_never_grants_more_than_it_holds(
        percent in 0_u32..200,
        minimum in 0_u32..20,
        more in 1_u32..20,
        script in prop::collection::vec(any::<bool>(), 0..300),
    ) {
        let mut config = BudgetConfig::default();
        (config.percent, config.minimum, config.capacity) = (percent, minimum, minimum + more);
        let budget = Budget::new(config).unwrap();
        let (mut deposits, mut granted) = (0_u64, 0_u64);
        for deposit in script {
            if deposit {
                budget.deposit();
                deposits += 1;
            } else if budget.try_withdraw() {
                granted += 1;
            }
            prop_assert!(granted * 100 <= u64::from(minimum) * 100 + deposits * u64::from(percent));
            prop_assert!(budget.tokens() <= u64::from(config.capacity));
        }
        prop_assert_eq!(budget.granted(), granted);
    }

    #[test]
    fn any_header_is_read_without_panic(after in "\\PC{0,40}", millis in "[0-9.]{0,40}", date in "\\PC{0,40}") {
        let header = |name: &str| match name {
            "retry-after" => Some(after.as_str()),
            "retry-after-ms" => Some(millis.as_str()),
            "date" => Some(date.as_str()),
            _ => None,
        };
        let _ = retry_after(header, || Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn seconds_and_milliseconds_are_never_shortened(seconds: u32, millis: u32) {
        let (after, after_ms) = (seconds.to_string(), millis.to_string());
        let header = |name: &str| match name {
            "retry-after" => Some(after.as_str()),
            "retry-after-ms" => Some(after_ms.as_str()),
            _ => None,
        };
        let wait = retry_after(header, || Timestamp::UNIX_EPOCH).unwrap();
        prop_assert!(wait >= Duration::from_secs(u64::from(seconds)));
        prop_assert!(wait >= Duration::from_millis(u64::from(millis)));
    }
}

#[cfg(feature = "serde")]
proptest! {
    #[test]
    fn policies_survive_the_way_through_text(policy in sound_policy()) {
        let text = toml::to_string(&policy).unwrap();
        prop_assert_eq!(toml::from_str::<RetryPolicy>(&text).unwrap(), policy);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = toml::from_str::<RetryPolicy>(&text);
        let _ = toml::from_str::<RetryPolicy>(&format!("attempt-timeout = {text:?}"));
    }
}

#[test]
fn budget_holds_under_concurrency() {
    let mut config = BudgetConfig::default();
    (config.percent, config.minimum, config.capacity) = (10, 50, 100_000);
    let budget = Budget::new(config).unwrap();
    let granted: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut granted = 0;
                    for _ in 0..5_000 {
                        budget.deposit();
                        granted += u64::from(budget.try_withdraw());
                    }
                    granted
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(granted + budget.tokens(), 50 + 20_000 / 10);
    assert_eq!(budget.granted(), granted);
}
