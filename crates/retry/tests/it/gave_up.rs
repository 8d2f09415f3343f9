use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Timestamp, Transient};
use wardkit_retry::{
    Breaker, BreakerConfig, Class, Classes, Deadline, GaveUp, Idempotency, Reason, Retry,
    RetryPolicy, Retryable, Scope, TestClock,
};

use crate::support::{Fault, Script, TRANSIENT, retry, secs};

#[test]
fn exhausted_call_tells_its_attempts_and_keeps_the_last_error() {
    let clock = TestClock::at(Timestamp::from_unix_seconds(100), 1);
    let timeout = Fault(Class::Timeout);
    let script = Script::<()>::new([Err(TRANSIENT), Err(TRANSIENT), Err(timeout)]);
    let error = retry(&clock, |_| ()).run_blocking(|| script.next()).unwrap_err();
    assert_eq!(error.reason(), Reason::AttemptsExhausted);
    assert_eq!(error.attempts(), 3);
    let trail: Vec<_> =
        error.trail().iter().map(|a| (a.number, a.class, a.at.as_unix_seconds(), a.wait)).collect();
    assert_eq!(
        trail,
        [
            (1, Class::Transient, 100, Some(secs(1))),
            (2, Class::Transient, 101, Some(secs(2))),
            (3, Class::Timeout, 103, None),
        ]
    );
    assert_eq!(error.to_string(), "gave up after 3 attempts: all attempts failed");
    assert_eq!(error.source().unwrap().to_string(), "fault: timeout");
    assert_eq!(error.into_last(), Some(timeout));
}

#[test]
fn long_series_keeps_its_end() {
    let clock = TestClock::new(1);
    let retry = retry(&clock, |policy| policy.max_attempts = 40);
    let error = retry.run_blocking(|| Err::<(), _>(TRANSIENT)).unwrap_err();
    assert_eq!(error.attempts(), 40);
    assert_eq!(error.trail().len(), 16);
    assert_eq!(error.trail()[0].number, 25);
}

#[test]
fn operators_switch_and_a_call_that_may_have_arrived_are_not_transient() {
    let breaker = Arc::new(Breaker::new("target", BreakerConfig::default()).unwrap());
    breaker.force_open();
    let clock = TestClock::new(1);
    let switched_off = retry(&clock, |_| ()).with_breaker(breaker);
    let error = switched_off.run_blocking(|| Ok::<_, Fault>(())).unwrap_err();
    assert_eq!(error.reason(), Reason::CircuitOpen { retry_after: None });
    assert!(!error.is_transient());

    let only_transient = retry(&clock, |policy| policy.on = Classes::of(&[Retryable::Transient]))
        .with_idempotency(Idempotency::Unsafe);
    let error = only_transient.run_blocking(|| Err::<(), _>(Fault(Class::Timeout))).unwrap_err();
    assert_eq!(error.reason(), Reason::Unsafe);
    assert!(!error.is_transient());
}

#[test]
fn failure_has_a_class_for_the_caller_further_out() {
    let clock = TestClock::new(1);
    let retry = retry(&clock, |policy| policy.max_attempts = 1);
    let after = Some(secs(99));
    let rows = [
        (Class::Transient, Class::Transient),
        (Class::Timeout, Class::Timeout),
        (Class::Throttled { after }, Class::Throttled { after }),
        (Class::QuotaExhausted { until: None }, Class::QuotaExhausted { until: None }),
        (Class::Permanent, Class::Permanent),
        (Class::Success, Class::Permanent),
    ];
    for (class, expected) in rows {
        let error = retry.run_blocking(|| Err::<(), _>(Fault(class))).unwrap_err();
        assert_eq!(error.class(), expected, "{class}");
    }
    let unsafe_retry = retry.clone().with_idempotency(Idempotency::Unsafe);
    assert_eq!(
        unsafe_retry.run_blocking(|| Err::<(), _>(Fault(Class::Timeout))).unwrap_err().class(),
        Class::Permanent
    );

    let breaker = Breaker::new("target", BreakerConfig::default()).unwrap();
    breaker.pause(&clock, secs(7));
    let paused = retry.clone().with_breaker(Arc::new(breaker));
    let error = paused.run_blocking(|| Ok::<_, Fault>(())).unwrap_err();
    assert_eq!(error.class(), Class::Overloaded { after: Some(secs(7)) });

    let late = retry.with_scope(Scope::new(1, Some(Deadline::at(Duration::ZERO))));
    let error = late.run_blocking(|| Ok::<_, Fault>(())).unwrap_err();
    assert_eq!(error.class(), Class::Timeout);
}

#[test]
fn boxed_errors_pass_through_the_question_mark() {
    fn call() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let retry = Retry::new(RetryPolicy::never(), Idempotency::Safe)?.with_classifier(
            |result: &Result<(), Box<dyn std::error::Error + Send + Sync>>| match result {
                Ok(()) => Class::Success,
                Err(_) => Class::Transient,
            },
        );
        let result = retry.run_blocking(|| Err(io::Error::other("no such bot").into()));
        Ok(result.map_err(GaveUp::boxed)?)
    }
    let error = call().unwrap_err();
    assert_eq!(error.to_string(), "gave up after 1 attempt: all attempts failed");
    assert_eq!(error.source().unwrap().to_string(), "no such bot");
}
