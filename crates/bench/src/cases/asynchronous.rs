//! An asynchronous call that succeeds at once.

use backon::Retryable;
use layered::{Execute, Service as _, Stack};
use seatbelt::ResilienceContext;
use tokio_retry2::RetryError;
use wardkit_retry::{Retry, compat_backoff};

use super::{Busy, Goal, Topic, call_async, clock, ours, ready, ready_call, recovery, repeat};
use crate::report::OURS;
use crate::rounds::{Case, PLAIN};

pub(super) fn topic() -> Topic {
    Topic {
        name: "async-success",
        what: "one future that succeeds at its first poll; the policy exists already",
        goal: Some(Goal::NanosOverPlain(15.0)),
        bytes: None,
        cases: vec![
            plain(),
            wardkit(OURS, "no time limit", ours::unlimited()),
            wardkit(
                "wardkit-retry http()",
                "with a timeout and a deadline: one clock read",
                ours::limited(),
            ),
            backon(),
            backoff(),
            compat(),
            tokio_retry2(),
            seatbelt(),
            tower_resilience(),
        ],
    }
}

fn plain() -> Case {
    Case::new(PLAIN, "", |times| repeat(times, |input| ready(call_async(input))))
}

fn wardkit(subject: &'static str, note: &'static str, retry: Retry) -> Case {
    Case::new(subject, note, move |times| {
        repeat(times, |input| ready(retry.run(|| call_async(input))));
    })
}

fn backon() -> Case {
    let policy = backon::ExponentialBuilder::default();
    Case::new("backon", "", move |times| {
        repeat(times, |input| ready((|| call_async(input)).retry(policy)));
    })
}

fn backoff() -> Case {
    let policy = backoff::ExponentialBackoff::default();
    Case::new("backoff", "policy cloned for each call", move |times| {
        repeat(times, |input| {
            let operation = || async move {
                call_async(input).await.map_err(backoff::Error::<Busy>::transient)
            };
            ready(backoff::future::retry(policy.clone(), operation))
        });
    })
}

fn compat() -> Case {
    let policy = compat_backoff::ExponentialBackoff::default();
    Case::new("wardkit-retry compat_backoff", "policy cloned for each call", move |times| {
        repeat(times, |input| {
            let operation =
                || async move { call_async(input).await.map_err(compat_backoff::Error::transient) };
            ready(compat_backoff::future::retry(policy.clone(), operation))
        });
    })
}

fn tokio_retry2() -> Case {
    let policy = tokio_retry2::strategy::ExponentialFactorBackoff::from_millis(500, 2.0);
    Case::new("tokio-retry2", "policy cloned for each call", move |times| {
        repeat(times, |input| {
            let operation =
                || async move { call_async(input).await.map_err(RetryError::<Busy>::transient) };
            ready(tokio_retry2::Retry::spawn(policy.clone().take(3), operation))
        });
    })
}

fn seatbelt() -> Case {
    let context = ResilienceContext::new(clock());
    let service = (
        seatbelt::retry::Retry::layer("retry", &context)
            .clone_input()
            .recovery_with(|result, _| recovery(result)),
        Execute::new(call_async),
    )
        .into_service();
    Case::new("seatbelt", "service made once", move |times| {
        repeat(times, |input| ready(service.execute(input)));
    })
}

fn tower_resilience() -> Case {
    let layer = tower_resilience::retry::RetryLayer::<u64, u64, Busy>::builder().build();
    let mut service = tower::Layer::layer(&layer, tower::service_fn(call_async));
    Case::new("tower-resilience", "service made once", move |times| {
        repeat(times, |input| ready_call(&mut service, input));
    })
}
