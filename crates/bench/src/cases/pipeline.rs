//! Everything at once: retry, breaker, budget and counters around an asynchronous call that succeeds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use layered::{Execute, Service as _, Stack};
use seatbelt::ResilienceContext;
use seatbelt::breaker::Breaker;
use tower_resilience::circuitbreaker::CircuitBreakerLayer;
use tower_resilience::retry::{RetryBudgetBuilder, RetryLayer};
use wardkit_core::SystemClock;
use wardkit_retry::{BreakerConfig, ByTransient, Counters, Retry};

use super::{
    Busy, Goal, Topic, call, call_async, clock, ours, ready, ready_call, recovery, repeat,
};
use crate::report::OURS;
use crate::rounds::{Case, PLAIN};

pub(super) fn topic() -> Topic {
    Topic {
        name: "full-pipeline",
        what: "one future that succeeds at its first poll, through retry, breaker, shared budget and counters",
        goal: Some(Goal::NanosOverPlain(60.0)),
        bytes: None,
        cases: vec![
            Case::new(PLAIN, "", |times| repeat(times, |input| ready(call_async(input)))),
            wardkit(),
            wardkit_blocking(),
            seatbelt(),
            tower_resilience(),
        ],
    }
}

fn wardkit() -> Case {
    let retry = everything();
    Case::new(OURS, "retry, breaker, budget, counters of attempts by class", move |times| {
        repeat(times, |input| ready(retry.run(|| call_async(input))));
    })
}

fn wardkit_blocking() -> Case {
    let retry = everything();
    Case::new("wardkit-retry blocking", "the same without a future", move |times| {
        repeat(times, |input| retry.run_blocking(|| call(input)));
    })
}

fn everything() -> Retry<ByTransient, SystemClock, Counters> {
    ours::unlimited()
        .with_breaker(ours::breaker(BreakerConfig::default()))
        .with_budget(ours::budget())
        .with_observer(Counters::new())
}

fn seatbelt() -> Case {
    let context = ResilienceContext::new(clock());
    let service = (
        seatbelt::retry::Retry::layer("retry", &context)
            .clone_input()
            .recovery_with(|result, _| recovery(result)),
        Breaker::layer("breaker", &context)
            .recovery_with(|result, _| recovery(result))
            .rejected_input_error(|_, _| Busy),
        Execute::new(call_async),
    )
        .into_service();
    Case::new(
        "seatbelt",
        "retry and breaker; it has no budget, its metrics are off",
        move |times| {
            repeat(times, |input| ready(service.execute(input)));
        },
    )
}

fn tower_resilience() -> Case {
    let budget =
        RetryBudgetBuilder::new().token_bucket().build().expect("the defaults are a valid budget");
    let successes = Arc::new(AtomicU64::new(0));
    let retry = RetryLayer::builder()
        .budget(budget)
        .on_success(move |_| _ = successes.fetch_add(1, Ordering::Relaxed))
        .build();
    let breaker = CircuitBreakerLayer::builder().build().expect("the defaults are a valid breaker");
    let inner = tower::Layer::layer(&breaker, tower::service_fn(call_async));
    let mut service = tower::Layer::layer(&retry, inner);
    Case::new("tower-resilience", "retry, breaker, budget, one counter", move |times| {
        repeat(times, |input| ready_call(&mut service, input));
    })
}
