//! A blocking call that succeeds at once.

use backon::BlockingRetryable;
use wardkit_core::{Clock, SystemClock};
use wardkit_retry::{Retry, compat_backoff};

use super::{Busy, Goal, Topic, call, ours, repeat};
use crate::report::OURS;
use crate::rounds::{Case, PLAIN};

pub(super) fn topic() -> Topic {
    Topic {
        name: "sync-success",
        what: "one blocking call that succeeds at once; the policy exists already",
        goal: Some(Goal::NanosOverPlain(2.0)),
        bytes: None,
        cases: vec![
            plain(),
            wardkit(OURS, "no time limit", ours::unlimited()),
            wardkit("wardkit-retry http()", "with a deadline: one clock read", ours::limited()),
            backon(),
            backoff(),
            compat(),
            clock_read(),
        ],
    }
}

fn plain() -> Case {
    Case::new(PLAIN, "", |times| repeat(times, call))
}

fn wardkit(subject: &'static str, note: &'static str, retry: Retry) -> Case {
    Case::new(subject, note, move |times| repeat(times, |input| retry.run_blocking(|| call(input))))
}

fn backon() -> Case {
    let policy = backon::ExponentialBuilder::default();
    Case::new("backon", "", move |times| {
        repeat(times, |input| (|| call(input)).retry(policy).call());
    })
}

fn backoff() -> Case {
    let policy = backoff::ExponentialBackoff::default();
    Case::new("backoff", "policy cloned for each call", move |times| {
        repeat(times, |input| {
            backoff::retry(policy.clone(), || {
                call(input).map_err(backoff::Error::<Busy>::transient)
            })
        });
    })
}

fn compat() -> Case {
    let policy = compat_backoff::ExponentialBackoff::default();
    Case::new("wardkit-retry compat_backoff", "policy cloned for each call", move |times| {
        repeat(times, |input| {
            compat_backoff::retry(policy.clone(), || {
                call(input).map_err(compat_backoff::Error::transient)
            })
        });
    })
}

/// What every row with a clock read contains.
fn clock_read() -> Case {
    Case::new("one clock read", "for scale: no call", |times| {
        repeat(times, |_| SystemClock.uptime());
    })
}
