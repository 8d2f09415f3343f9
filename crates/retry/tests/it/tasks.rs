use std::cell::Cell;
use std::future::ready;
use std::time::Duration;

use wardkit_retry::{
    Chain, ChainConfig, Deadline, Hedge, HedgeConfig, Idempotency, Jitter, Limits, Reason, Retry,
    RetryPolicy, Schedule, Scope, TestClock, Usage,
};

use crate::support::{Fault, TRANSIENT, retry, secs};

#[test]
fn task_hands_its_attempt_on_to_the_calls_within() {
    let clock = TestClock::new(1);
    let (outer, inner) = (retry(&clock, |_| ()), retry(&clock, |_| ()));
    let (inner, calls) = (&inner, &Cell::new(0));
    let result = clock.block_on(outer.run(|| async move {
        let inner = inner.run(|| {
            calls.set(calls.get() + 1);
            ready(Err::<(), _>(TRANSIENT))
        });
        inner.await.map_err(|error| error.into_last().unwrap())
    }));
    assert_eq!(result.unwrap_err().attempts(), 3);
    assert_eq!(calls.get(), 3 + 1 + 1);
}

#[test]
fn task_hands_its_deadline_on() {
    let clock = TestClock::new(1);
    let outer = retry(&clock, |policy| policy.total_deadline = Some(secs(10)));
    let inner = retry(&clock, |policy| policy.max_attempts = 9);
    let inner = &inner;
    let result = clock.block_on(outer.run(|| async move {
        assert_eq!(Scope::current().deadline(), Some(Deadline::at(secs(10))));
        let error = inner.run(|| ready(Err::<(), _>(TRANSIENT))).await.unwrap_err();
        assert_eq!((error.attempts(), error.reason()), (4, Reason::DeadlineExceeded));
        Ok::<_, Fault>(())
    }));
    assert_eq!(result, Ok(()));
    assert_eq!(Scope::current(), Scope::ROOT);
}

#[test]
fn scope_reaches_a_spawned_task_when_it_is_handed_over() {
    let clock = TestClock::new(1);
    let inner = retry(&clock, |_| ());
    let scope = Scope::new(2, None);
    let calls = Cell::new(0);
    let call = inner.run(|| {
        calls.set(calls.get() + 1);
        ready(Err::<(), _>(TRANSIENT))
    });
    // Read where the task runs, not where the future was made.
    clock.block_on(scope.run(call)).unwrap_err();
    assert_eq!(calls.get(), 1);
}

#[test]
fn waits_and_time_limits_run_on_the_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let mut policy = RetryPolicy::default();
    policy.jitter = Jitter::None;
    policy.schedule = Schedule::Fixed { delay: Duration::from_mins(1) };
    policy.attempt_timeout = Some(Duration::from_secs(30));
    let retry = Retry::new(policy, Idempotency::Safe).unwrap();
    runtime.block_on(async {
        let begun = tokio::time::Instant::now();
        let error = retry.run(std::future::pending::<Result<(), Fault>>).await.unwrap_err();
        assert_eq!((error.attempts(), error.reason()), (3, Reason::AttemptsExhausted));
        let waited = begun.elapsed().as_secs();
        assert_eq!(waited, 3 * 30 + 2 * 60);
    });
}

#[test]
fn future_of_a_retry_can_be_spawned() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let retry = Retry::new(RetryPolicy::http(), Idempotency::Safe).unwrap();
    let future = is_send(retry.run(|| ready(Ok::<_, Fault>(7))));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert_eq!(runtime.block_on(future), Ok(7));

    let hedge = Hedge::new(HedgeConfig::default(), &Idempotency::Safe).unwrap();
    assert_eq!(runtime.block_on(is_send(hedge.run(|| ready(Ok::<_, Fault>(8))))), Ok(8));
    let targets = [("a", 9, Limits::NONE)];
    let chain = Chain::new(ChainConfig::default(), &Idempotency::Safe, targets).unwrap();
    let call = |target: &u32| ready(Ok::<_, Fault>(*target));
    let answer = runtime.block_on(is_send(chain.run(Usage::default(), call)));
    assert_eq!(answer.unwrap().value, 9);
}
