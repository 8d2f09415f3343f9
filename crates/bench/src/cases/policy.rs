//! Building a policy, and drawing waits from it.

use std::time::Duration;

use backoff::backoff::Backoff as _;
use backon::BackoffBuilder;
use seatbelt::{RecoveryInfo, ResilienceContext};
use tokio_retry2::strategy::{ExponentialFactorBackoff, jitter};
use tower_resilience::retry::{ExponentialRandomBackoff, IntervalFunction, RetryLayer};
use wardkit_retry::RetryPolicy;
use wardkit_retry::compat_backoff::{self, backoff::Backoff as _};

use super::{Busy, Goal, Topic, clock, ours, repeat};
use crate::report::OURS;
use crate::rounds::Case;

/// The first wait of every policy below; each doubles, up to [`CAP`].
const BASE: Duration = Duration::from_millis(100);
const CAP: Duration = Duration::from_secs(5);

pub(super) fn build() -> Topic {
    Topic {
        name: "policy-build",
        what: "one policy: waits from 100 ms, doubling, up to 5 s, three attempts",
        goal: Some(Goal::Nanos(10.0)),
        bytes: None,
        cases: vec![
            Case::new(OURS, "as data", |times| repeat(times, |_| RetryPolicy::http())),
            Case::new("wardkit-retry Retry", "checked, and ready to run", |times| {
                repeat(times, |_| ours::limited());
            }),
            Case::new("backon", "", |times| repeat(times, |_| backon_policy())),
            Case::new("backoff", "reads the clock", |times| repeat(times, |_| backoff_policy())),
            Case::new("wardkit-retry compat_backoff", "reads the clock", |times| {
                repeat(times, |_| compat_policy());
            }),
            Case::new("tokio-retry2", "", |times| repeat(times, |_| tokio_retry2_policy())),
            Case::new("seatbelt", "its layer", |times| {
                let context = ResilienceContext::new(clock());
                repeat(times, |_| seatbelt_layer(&context));
            }),
            Case::new("tower-resilience", "its layer", |times| repeat(times, |_| tower_layer())),
        ],
    }
}

pub(super) fn delays() -> Topic {
    Topic {
        name: "five-delays",
        what: "five jittered waits from a policy that exists already",
        goal: Some(Goal::Nanos(100.0)),
        bytes: None,
        cases: vec![
            wardkit_delays(),
            backon_delays(),
            backoff_delays(),
            compat_delays(),
            tokio_retry2_delays(),
            tower_delays(),
        ],
    }
}

fn backon_policy() -> backon::ExponentialBuilder {
    backon::ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(BASE)
        .with_max_delay(CAP)
        .with_max_times(2)
}

fn backoff_policy() -> backoff::ExponentialBackoff {
    backoff::ExponentialBackoffBuilder::new()
        .with_initial_interval(BASE)
        .with_multiplier(2.0)
        .with_max_interval(CAP)
        .build()
}

fn compat_policy() -> compat_backoff::ExponentialBackoff {
    compat_backoff::ExponentialBackoffBuilder::new()
        .with_initial_interval(BASE)
        .with_multiplier(2.0)
        .with_max_interval(CAP)
        .build()
}

fn tokio_retry2_policy() -> impl Iterator<Item = Duration> + Clone {
    ExponentialFactorBackoff::from_millis(100, 2.0).max_delay(CAP).map(jitter).take(2)
}

fn seatbelt_layer(context: &ResilienceContext<u64, Result<u64, Busy>>) -> impl Sized {
    seatbelt::retry::Retry::layer("retry", context)
        .clone_input()
        .recovery_with(|_, _| RecoveryInfo::retry())
        .base_delay(BASE)
        .max_delay(CAP)
        .max_retry_attempts(2)
}

fn tower_layer() -> RetryLayer<u64, u64, Busy> {
    RetryLayer::builder().max_attempts(3).backoff(tower_backoff()).build()
}

fn tower_backoff() -> ExponentialRandomBackoff {
    ExponentialRandomBackoff::new(BASE, 0.5)
        .expect("a factor of one half is in range")
        .max_interval(CAP)
}

fn wardkit_delays() -> Case {
    let policy = RetryPolicy::http();
    Case::new(OURS, "seeded", move |times| {
        repeat(times, |seed| policy.delays(seed).take(5).sum::<Duration>());
    })
}

fn backon_delays() -> Case {
    let policy = backon_policy().with_max_times(5);
    Case::new("backon", "", move |times| repeat(times, |_| policy.build().sum::<Duration>()))
}

fn backoff_delays() -> Case {
    let policy = backoff_policy();
    Case::new("backoff", "reads the clock for each", move |times| {
        repeat(times, |_| {
            let mut policy = policy.clone();
            std::iter::from_fn(|| policy.next_backoff()).take(5).sum::<Duration>()
        });
    })
}

fn compat_delays() -> Case {
    let policy = compat_policy();
    Case::new("wardkit-retry compat_backoff", "reads the clock for each", move |times| {
        repeat(times, |_| {
            let mut policy = policy.clone();
            std::iter::from_fn(|| policy.next_backoff()).take(5).sum::<Duration>()
        });
    })
}

fn tokio_retry2_delays() -> Case {
    let policy = ExponentialFactorBackoff::from_millis(100, 2.0).max_delay(CAP).map(jitter).take(5);
    Case::new("tokio-retry2", "", move |times| repeat(times, |_| policy.clone().sum::<Duration>()))
}

fn tower_delays() -> Case {
    let policy = tower_backoff();
    Case::new("tower-resilience", "", move |times| {
        repeat(times, |_| (0..5).map(|attempt| policy.next_interval(attempt)).sum::<Duration>());
    })
}
