//! A circuit breaker around a call: closed, and open.

use std::sync::Arc;
use std::time::Duration;

use failsafe::CircuitBreaker as _;
use layered::{Execute, Service as _, Stack};
use seatbelt::ResilienceContext;
use tower_resilience::circuitbreaker::CircuitBreakerLayer;
use wardkit_core::SystemClock;
use wardkit_retry::{Breaker, BreakerConfig, CircuitOpen, Class};

use super::{
    Busy, Goal, Topic, call, call_async, clock, ours, ready, ready_call, recovery, repeat,
};
use crate::report::OURS;
use crate::rounds::{Case, PLAIN};

/// Long enough to stay open for the whole measurement.
const OPEN_FOR: Duration = Duration::from_hours(1);

/// The input that makes the call fail.
const FAILS: u64 = u64::MAX;

/// Failures that open every breaker below.
const ENOUGH_FAILURES: usize = 200;

pub(super) fn closed() -> Topic {
    Topic {
        name: "breaker-closed",
        what: "one call that succeeds, through a closed breaker",
        goal: None,
        bytes: None,
        cases: vec![
            Case::new(PLAIN, "", |times| repeat(times, call)),
            wardkit(State::Closed),
            failsafe(State::Closed),
            recloser(State::Closed),
            seatbelt(State::Closed),
            tower_resilience(State::Closed),
        ],
    }
}

pub(super) fn open() -> Topic {
    Topic {
        name: "breaker-open",
        what: "one call that an open breaker rejects",
        goal: Some(Goal::Nanos(60.0)),
        bytes: None,
        cases: vec![
            wardkit(State::Open),
            wardkit_policy(),
            failsafe(State::Open),
            recloser(State::Open),
            seatbelt(State::Open),
            tower_resilience(State::Open),
        ],
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Closed,
    Open,
}

/// Brings a breaker into its state and makes sure that it got there.
fn prepare<E>(state: State, mut guarded: impl FnMut(u64) -> Result<u64, E>) {
    if state == State::Open {
        (0..ENOUGH_FAILURES).for_each(|_| _ = guarded(FAILS));
    }
    assert_eq!(guarded(1).is_ok(), state == State::Closed, "the breaker is not in its state");
}

fn wardkit(state: State) -> Case {
    let breaker = ours_in(state);
    let subject = if state == State::Open { "wardkit-retry breaker" } else { OURS };
    Case::new(subject, "blocking", move |times| repeat(times, |input| guarded(&breaker, input)))
}

/// The same rejection through a whole policy, with the error that says so.
fn wardkit_policy() -> Case {
    let retry = ours::unlimited().with_breaker(ours_in(State::Open));
    Case::new(OURS, "blocking, through a policy", move |times| {
        repeat(times, |input| retry.run_blocking(|| call(input)));
    })
}

fn ours_in(state: State) -> Arc<Breaker> {
    let mut config = BreakerConfig::default();
    config.open_for = OPEN_FOR;
    let breaker = ours::breaker(config);
    prepare(state, |input| guarded(&breaker, input));
    breaker
}

fn guarded(breaker: &Breaker, input: u64) -> Result<u64, Option<CircuitOpen>> {
    let permit = breaker.admit(&SystemClock)?;
    let result = call(input);
    match result {
        Ok(_) => permit.succeeded(),
        Err(_) => permit.failed(Class::Transient, &SystemClock),
    }
    result.map_err(|Busy| None)
}

fn failsafe(state: State) -> Case {
    let waits = failsafe::backoff::constant(OPEN_FOR);
    let policy = failsafe::failure_policy::consecutive_failures(3, waits);
    let breaker = failsafe::Config::new().failure_policy(policy).build();
    prepare(state, |input| breaker.call(|| call(input)));
    Case::new("failsafe", "blocking", move |times| {
        repeat(times, |input| breaker.call(|| call(input)));
    })
}

fn recloser(state: State) -> Case {
    let breaker = recloser::Recloser::custom().open_wait(OPEN_FOR).build();
    prepare(state, |input| breaker.call(|| call(input)));
    Case::new("recloser", "blocking", move |times| {
        repeat(times, |input| breaker.call(|| call(input)));
    })
}

fn seatbelt(state: State) -> Case {
    let context = ResilienceContext::new(clock());
    let layer = seatbelt::breaker::Breaker::layer("breaker", &context)
        .recovery_with(|result, _| recovery(result))
        .rejected_input_error(|_, _| Busy)
        .break_duration(OPEN_FOR);
    let service = (layer, Execute::new(call_async)).into_service();
    prepare(state, |input| ready(service.execute(input)));
    Case::new("seatbelt", "future", move |times| {
        repeat(times, |input| ready(service.execute(input)));
    })
}

fn tower_resilience(state: State) -> Case {
    let layer = CircuitBreakerLayer::builder()
        .wait_duration_in_open(OPEN_FOR)
        .build()
        .expect("the defaults and a wait are a valid configuration");
    let mut service = tower::Layer::layer(&layer, tower::service_fn(call_async));
    prepare(state, |input| ready_call(&mut service, input));
    Case::new("tower-resilience", "future", move |times| {
        repeat(times, |input| ready_call(&mut service, input));
    })
}
