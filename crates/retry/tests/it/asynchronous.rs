use std::cell::Cell;
use std::future::{pending, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use wardkit_core::Clock;
use wardkit_retry::{
    Breaker, BreakerConfig, BreakerState, Bulkhead, BulkheadConfig, Class, Reason, RetryAsync,
    SleepAsync, TestClock, Trip,
};

use crate::support::{Fault, Script, TRANSIENT, millis, retry, secs};

#[test]
fn waits_pass_between_attempts() {
    let clock = TestClock::new(1);
    let retry = retry(&clock, |_| ());
    let script = Script::new([Err(TRANSIENT), Err(TRANSIENT), Ok(7)]);
    assert_eq!(clock.block_on((|| ready(script.next())).retry(&retry)), Ok(7));
    assert_eq!(clock.uptime(), secs(3));
}

#[test]
fn attempt_that_takes_too_long_is_ended_and_repeated() {
    let clock = TestClock::new(1);
    let retry = retry(&clock, |policy| policy.attempt_timeout = Some(secs(5)));
    let calls = Cell::new(0);
    let result = clock.block_on(retry.run(|| {
        let call = calls.get() + 1;
        calls.set(call);
        async move {
            if call < 3 {
                pending::<()>().await;
            }
            Ok::<_, Fault>(call)
        }
    }));
    assert_eq!(result, Ok(3));
    assert_eq!(clock.uptime(), secs(5 + 1 + 5 + 2));
}

#[test]
fn hanging_call_ends_with_the_total_deadline() {
    let clock = TestClock::new(1);
    let retry = retry(&clock, |policy| policy.total_deadline = Some(secs(7)));
    let error = clock.block_on(retry.run(pending::<Result<(), Fault>>)).unwrap_err();
    assert_eq!((error.attempts(), error.reason()), (1, Reason::DeadlineExceeded));
    assert_eq!(error.trail()[0].class, Class::Timeout);
    assert_eq!(error.last(), None);
    assert_eq!(clock.uptime(), secs(7));
}

#[test]
fn timeout_after_an_error_keeps_that_error() {
    let clock = TestClock::new(1);
    let retry = retry(&clock, |policy| policy.total_deadline = Some(secs(7)));
    let calls = Cell::new(0);
    let error = clock
        .block_on(retry.run(|| {
            calls.set(calls.get() + 1);
            let fails = calls.get() == 1;
            async move { if fails { Err(TRANSIENT) } else { pending::<Result<(), Fault>>().await } }
        }))
        .unwrap_err();
    assert_eq!((error.attempts(), error.last()), (2, Some(&TRANSIENT)));
}

#[test]
fn answer_in_time_needs_no_timer_and_at_most_one_reading_of_the_clock() {
    let clock = TestClock::new(1);
    let retry = retry(&clock, |policy| {
        policy.attempt_timeout = Some(secs(5));
        policy.total_deadline = Some(secs(7));
    });
    clock.block_on(retry.run(|| ready(Ok::<_, Fault>(())))).unwrap();
    assert_eq!(clock.reads(), 1);
}

#[test]
fn dropped_future_starts_no_further_attempt() {
    let clock = TestClock::new(1);
    let retry = retry(&clock, |_| ());
    let script = Script::<()>::new([Err(TRANSIENT)]);
    {
        let mut future = pin!(retry.run(|| ready(script.next())));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    clock.advance(secs(100));
    assert_eq!(script.calls.get(), 1);
}

#[test]
fn dropped_future_gives_back_its_probe_and_its_place() {
    let clock = TestClock::new(1);
    let mut config = BreakerConfig::default();
    config.trip = Trip::Consecutive { failures: 1 };
    config.probes = 1;
    let breaker = Arc::new(Breaker::new("target", config).unwrap());
    let mut config = BulkheadConfig::default();
    config.concurrent = 1;
    let bulkhead = Arc::new(Bulkhead::new(config).unwrap());
    let retry = retry(&clock, |policy| policy.max_attempts = 1)
        .with_breaker(Arc::clone(&breaker))
        .with_bulkhead(Arc::clone(&bulkhead));
    clock.block_on(retry.run(|| ready(Err::<(), _>(TRANSIENT)))).unwrap_err();
    clock.advance(secs(2));
    {
        let mut probe = pin!(retry.run(pending::<Result<(), Fault>>));
        assert!(probe.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!((breaker.state(), bulkhead.free()), (BreakerState::HalfOpen, 0));
        assert!(breaker.admit(&clock).is_err());
    }
    assert_eq!(bulkhead.free(), 1);
    clock.block_on(retry.run(|| ready(Ok::<_, Fault>(())))).unwrap();
    assert_eq!(breaker.state(), BreakerState::Closed);
}

#[test]
fn open_breaker_ends_a_call_before_a_wait_that_would_be_in_vain() {
    let clock = TestClock::new(1);
    let mut config = BreakerConfig::default();
    config.trip = Trip::Consecutive { failures: 2 };
    config.open_for = secs(30);
    let breaker = Arc::new(Breaker::new("target", config).unwrap());
    let retry = retry(&clock, |_| ()).with_breaker(breaker);
    let error = clock.block_on(retry.run(|| ready(Err::<(), _>(TRANSIENT)))).unwrap_err();
    assert_eq!(error.attempts(), 2);
    let Reason::CircuitOpen { retry_after: Some(after) } = error.reason() else {
        panic!("{error:?}");
    };
    assert!((secs(30)..=secs(45)).contains(&after), "{after:?}");
    assert_eq!(error.last(), Some(&TRANSIENT));
    assert_eq!(clock.uptime(), secs(1));

    let refused = clock.block_on(retry.run(|| ready(Ok::<_, Fault>(())))).unwrap_err();
    assert_eq!((refused.attempts(), refused.last()), (0, None));
}

#[test]
fn wait_that_the_target_asks_for_holds_for_other_callers_too() {
    let clock = TestClock::new(1);
    let breaker = Arc::new(Breaker::new("target", BreakerConfig::default()).unwrap());
    let retry = retry(&clock, |_| ()).with_breaker(Arc::clone(&breaker));
    let throttled = Fault(Class::Throttled { after: Some(secs(20)) });
    let script = Script::new([Err(throttled), Ok(())]);
    clock.block_on(async {
        let mut first = pin!(retry.run(|| ready(script.next())));
        assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        clock.sleep_async(secs(5)).await;
        let other = retry.run(|| ready(Ok::<_, Fault>(()))).await.unwrap_err();
        assert_eq!(other.reason(), Reason::CircuitOpen { retry_after: Some(secs(15)) });
        first.await.unwrap();
    });
    assert_eq!((clock.uptime(), breaker.state()), (secs(20), BreakerState::Closed));
}

async fn operation(room: [u64; 16]) -> Result<u64, Fault> {
    ready(()).await;
    Ok(room[0])
}

#[test]
fn future_of_a_call_is_small() {
    let retry = retry(&TestClock::new(1), |_| ());
    let room = [1; 16];
    let plain = size_of_val(&operation(room));
    let retried = size_of_val(&retry.run_with(|_| operation(room)));
    // The closure that makes the operation holds the array too.
    assert!(retried <= plain + 128 + size_of_val(&room), "{retried} over {plain}");
}

#[test]
fn queue_counts_towards_the_deadline() {
    let clock = TestClock::new(1);
    let mut config = BulkheadConfig::default();
    config.concurrent = 1;
    config.queue_deadline = secs(60);
    let bulkhead = Arc::new(Bulkhead::new(config).unwrap());
    let retry = retry(&clock, |policy| policy.total_deadline = Some(millis(2_500)))
        .with_bulkhead(Arc::clone(&bulkhead));
    let place = bulkhead.try_enter().unwrap();
    let error = clock.block_on(retry.run(|| ready(Ok::<_, Fault>(())))).unwrap_err();
    assert_eq!((error.attempts(), error.reason()), (0, Reason::QueueTimeout));
    assert_eq!(clock.uptime(), millis(2_500));
    drop(place);
    clock.block_on(retry.run(|| ready(Ok::<_, Fault>(())))).unwrap();
}
