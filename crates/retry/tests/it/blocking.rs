use std::io;
use std::sync::Arc;

use wardkit_core::{Clock, Timestamp, Transient};
use wardkit_retry::{
    Attempt, Breaker, BreakerConfig, BreakerState, Budget, BudgetConfig, Budgets, ByIo, Class,
    Classes, Deadline, Error, GaveUp, Idempotency, Reason, Retry, RetryBlocking, RetryPolicy,
    Retryable, Schedule, Scope, TestClock,
};

use crate::support::{Diary, Fault, PERMANENT, Script, TRANSIENT, millis, retry, secs};

#[test]
fn transient_failures_are_tried_again_until_one_succeeds() {
    let clock = TestClock::new(1);
    let script = Script::new([Err(TRANSIENT), Err(TRANSIENT), Ok(7)]);
    let result = (|| script.next()).retry_blocking(&retry(&clock, |_| ()));
    assert_eq!(result, Ok(7));
    assert_eq!(clock.uptime(), secs(1 + 2));
}

#[test]
fn each_class_is_retried_or_not_as_the_policy_says() {
    let until = Some(Timestamp::from_unix_seconds(9));
    let rows = [
        (Class::Transient, Some(Reason::AttemptsExhausted)),
        (Class::Timeout, Some(Reason::NotRetried)),
        (Class::Throttled { after: None }, Some(Reason::NotRetried)),
        (Class::Overloaded { after: None }, Some(Reason::NotRetried)),
        (Class::Permanent, Some(Reason::Permanent)),
        (Class::QuotaExhausted { until }, Some(Reason::QuotaExhausted { until })),
    ];
    for (class, expected) in rows {
        let clock = TestClock::new(1);
        let retry = retry(&clock, |policy| policy.on = Classes::of(&[Retryable::Transient]));
        let error = retry.run_blocking(|| Err::<(), _>(Fault(class))).err();
        assert_eq!(error.as_ref().map(GaveUp::reason), expected, "{class}");
        let transient = !matches!(class, Class::Permanent | Class::QuotaExhausted { .. });
        assert_eq!(error.unwrap().is_transient(), transient, "{class}");
    }
}

#[test]
fn call_that_must_not_happen_twice_is_repeated_only_when_never_sent() {
    let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
    let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
    let rows: [(fn(u32) -> bool, u32, Reason); 2] =
        [(|_| true, 3, Reason::AttemptsExhausted), (|call| call == 1, 2, Reason::Unsafe)];
    for (is_refused, calls, reason) in rows {
        let mut made = 0;
        let error = Retry::new(RetryPolicy::default(), Idempotency::Unsafe)
            .unwrap()
            .with_clock(TestClock::new(1))
            .with_classifier(ByIo)
            .run_blocking(|| {
                made += 1;
                Err::<(), _>(if is_refused(made) { refused() } else { reset() })
            })
            .unwrap_err();
        assert_eq!((made, error.reason()), (calls, reason));
    }
}

#[test]
fn attempt_carries_its_number_its_key_and_its_time_limit() {
    let clock = TestClock::new(1);
    let retry = retry(&clock, |policy| {
        policy.attempt_timeout = Some(secs(10));
        policy.total_deadline = Some(secs(12));
    })
    .with_idempotency(Idempotency::Key("k1".to_owned()));
    let mut seen = Vec::new();
    let error = retry
        .run_blocking_with(|attempt: Attempt<'_>| {
            seen.push((attempt.number(), attempt.timeout().unwrap().as_secs()));
            assert_eq!(attempt.idempotency_key(), Some("k1"));
            assert_eq!(attempt.scope().attempt(), attempt.number());
            clock.advance(secs(4));
            Err::<(), _>(TRANSIENT)
        })
        .unwrap_err();
    assert_eq!(seen, [(1, 10), (2, 7), (3, 1)]);
    assert_eq!(error.reason(), Reason::AttemptsExhausted);
}

#[test]
fn wait_that_does_not_fit_the_deadline_is_not_begun() {
    let clock = TestClock::new(1);
    let retry = retry(&clock, |policy| policy.total_deadline = Some(millis(2_900)));
    let error = retry.run_blocking(|| Err::<(), _>(TRANSIENT)).unwrap_err();
    assert_eq!((error.attempts(), error.reason()), (2, Reason::DeadlineExceeded));
    assert_eq!(clock.uptime(), secs(1));
}

#[test]
fn wait_that_the_target_asks_for_is_kept_or_the_call_given_up() {
    let throttled = |after| Fault(Class::Throttled { after: Some(after) });
    let rows = [
        (secs(30), Ok(secs(30))),
        (millis(10), Ok(secs(1))),
        (secs(60), Ok(secs(60))),
        (millis(60_001), Err(Reason::RetryAfterTooLong { after: millis(60_001) })),
    ];
    for (after, expected) in rows {
        let clock = TestClock::new(1);
        let script = Script::new([Err(throttled(after)), Ok(())]);
        let result = retry(&clock, |_| ()).run_blocking(|| script.next());
        let outcome = result.map(|()| clock.uptime()).map_err(|error| error.reason());
        assert_eq!(outcome, expected, "{after:?}");
    }
}

#[test]
fn wait_of_the_target_is_ignored_where_the_policy_says_so() {
    let clock = TestClock::new(1);
    let script = Script::new([Err(Fault(Class::Overloaded { after: Some(secs(999)) })), Ok(())]);
    let retry = retry(&clock, |policy| policy.retry_after.honour = false);
    assert_eq!(retry.run_blocking(|| script.next()), Ok(()));
    assert_eq!(clock.uptime(), secs(1));
}

#[test]
fn answer_that_is_a_failure_is_tried_again_and_at_last_returned() {
    let clock = TestClock::new(1);
    let retry = Retry::new(RetryPolicy::default(), Idempotency::Safe)
        .unwrap()
        .with_clock(clock)
        .with_classifier(|result: &Result<u16, Fault>| match result {
            Ok(503) => Class::Overloaded { after: None },
            Ok(404) => Class::Permanent,
            _ => Class::Success,
        });
    for (answers, expected) in [(vec![503, 200], 200), (vec![404], 404), (vec![503; 3], 503)] {
        let script = Script::new(answers.into_iter().map(Ok).collect::<Vec<_>>());
        assert_eq!(retry.run_blocking(|| script.next()), Ok(expected));
    }
}

#[test]
fn error_that_the_classifier_calls_a_success_is_not_repeated() {
    let retry = Retry::new(RetryPolicy::default(), Idempotency::Safe)
        .unwrap()
        .with_classifier(|_: &Result<(), Fault>| Class::Success);
    let error = retry.run_blocking(|| Err(PERMANENT)).unwrap_err();
    assert_eq!((error.attempts(), error.reason()), (1, Reason::Permanent));
}

#[test]
fn retries_end_with_the_shared_budget() {
    let clock = TestClock::new(1);
    let mut config = BudgetConfig::default();
    config.minimum = 3;
    let budget = Arc::new(Budget::new(config).unwrap());
    let retry = retry(&clock, |_| ()).with_budget(Arc::clone(&budget));
    let reasons: Vec<_> = (0..3)
        .map(|_| retry.run_blocking(|| Err::<(), _>(TRANSIENT)).unwrap_err())
        .map(|error| (error.attempts(), error.reason()))
        .collect();
    assert_eq!(
        reasons,
        [
            (3, Reason::AttemptsExhausted),
            (2, Reason::BudgetExhausted),
            (1, Reason::BudgetExhausted),
        ]
    );
    for _ in 0..10 {
        retry.run_blocking(|| Ok::<_, Fault>(())).unwrap();
    }
    assert_eq!((budget.tokens(), budget.granted(), budget.refused()), (1, 3, 2));
}

#[test]
fn policy_finds_the_budget_that_it_names() {
    let mut policy = RetryPolicy::http();
    policy.budget = Some("search".to_owned());
    let unknown = Retry::new(policy.clone(), Idempotency::Safe).unwrap_err();
    assert_eq!(unknown, Error::UnknownBudget { name: "search".to_owned() });
    assert_eq!(unknown.to_string(), "no retry budget is named \"search\"");

    let mut budgets = Budgets::new();
    let budget = Arc::new(Budget::new(BudgetConfig::default()).unwrap());
    budgets.insert("search", Arc::clone(&budget));
    let retry = Retry::with_budgets(policy, Idempotency::Safe, &budgets)
        .unwrap()
        .with_clock(TestClock::new(1));
    let result = retry.run_blocking(|| Err::<(), _>(TRANSIENT));
    assert_eq!(result.unwrap_err().attempts(), 3);
    assert_eq!(budget.granted(), 2);
}

#[test]
fn impossible_policy_builds_nothing() {
    let mut policy = RetryPolicy::http();
    policy.max_attempts = 0;
    policy.schedule = Schedule::Fixed { delay: secs(0) };
    policy.attempt_timeout = Some(secs(0));
    let error = Retry::new(policy, Idempotency::Safe).unwrap_err();
    assert_eq!(
        error.to_string(),
        "policy is unsound: max-attempts: must be at least 1, the first call; \
         attempt-timeout: must not be zero; for no limit write none"
    );
}

#[test]
fn call_within_a_repetition_is_not_repeated_itself() {
    let clock = TestClock::new(1);
    let inner = retry(&clock, |_| ());
    let outer = retry(&clock, |_| ());
    let mut calls = 0;
    let error = outer
        .run_blocking_with(|attempt| {
            let inner = inner.clone().with_scope(attempt.scope());
            let inner_result = inner.run_blocking(|| {
                calls += 1;
                Err::<(), _>(TRANSIENT)
            });
            inner_result.map_err(|error| error.into_last().unwrap())
        })
        .unwrap_err();
    assert_eq!(error.attempts(), 3);
    assert_eq!(calls, 3 + 1 + 1);
}

#[test]
fn inherited_deadline_is_kept() {
    let clock = TestClock::new(1);
    let deadline = Deadline::after(&clock, millis(1_500));
    let retry = retry(&clock, |_| ()).with_scope(Scope::new(1, Some(deadline)));
    let error = retry.run_blocking(|| Err::<(), _>(TRANSIENT)).unwrap_err();
    assert_eq!((error.attempts(), error.reason()), (2, Reason::DeadlineExceeded));
    clock.advance(secs(1));
    let late = retry.run_blocking(|| Ok::<_, Fault>(())).unwrap_err();
    assert_eq!((late.attempts(), late.reason()), (0, Reason::DeadlineExceeded));
}

#[test]
fn observer_is_told_everything_in_order() {
    let clock = TestClock::new(1);
    let diary = Arc::new(Diary::default());
    let retry = retry(&clock, |_| ()).with_name("search").with_observer(((), Arc::clone(&diary)));
    let script = Script::new([Err(TRANSIENT), Ok(()), Err(TRANSIENT), Err(PERMANENT)]);
    retry.run_blocking(|| script.next()).unwrap();
    retry.run_blocking(|| script.next()).unwrap_err();
    assert_eq!(
        diary.lines(),
        [
            "search #1 transient",
            "search #1 waits 1s",
            "search #2 success",
            "search #1 transient",
            "search #1 waits 1s",
            "search #2 permanent",
            "search gives up after 2: permanent",
        ]
    );
}

#[test]
fn day_of_waits_passes_at_once() {
    let clock = TestClock::new(1);
    let retry = retry(&clock, |policy| {
        policy.max_attempts = 25;
        policy.schedule = Schedule::Fixed { delay: secs(3_600) };
    });
    retry.run_blocking(|| Err::<(), _>(TRANSIENT)).unwrap_err();
    assert_eq!(clock.uptime(), secs(86_400));
}

#[test]
fn clock_is_read_only_where_a_time_limit_needs_it() {
    let read = |change: fn(&mut RetryPolicy)| {
        let clock = TestClock::new(1);
        retry(&clock, change).run_blocking(|| Ok::<_, Fault>(())).unwrap();
        clock.reads()
    };
    assert_eq!(read(|_| ()), 0);
    assert_eq!(read(|policy| policy.attempt_timeout = Some(secs(1))), 0);
    assert_eq!(read(|policy| policy.total_deadline = Some(secs(2))), 1);
}

#[test]
fn wait_that_the_policy_ignores_does_not_pause_the_breaker_either() {
    let clock = TestClock::new(1);
    let breaker = Arc::new(Breaker::new("target", BreakerConfig::default()).unwrap());
    let script = Script::new([Err(Fault(Class::Throttled { after: Some(secs(999)) })), Ok(())]);
    let retry = retry(&clock, |policy| policy.retry_after.honour = false)
        .with_breaker(Arc::clone(&breaker));
    assert_eq!(retry.run_blocking(|| script.next()), Ok(()));
    assert_eq!((clock.uptime(), breaker.state()), (secs(1), BreakerState::Closed));
}
