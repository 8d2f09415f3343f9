//! A retry policy as data.

use std::fmt;
use std::time::Duration;

use crate::{Classes, Delays, Jitter, Schedule, validate};

/// When and how often a failed call is tried again: plain data that configuration can hold.
///
/// A policy says nothing about *what* is called. [`Retry`](crate::Retry) joins it to a classifier and a driver
/// and refuses one that [`validate`](Self::validate) complains of.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RetryPolicy {
    /// The most calls in total, the first one included: 1 means no retry.
    pub max_attempts: u32,
    /// The spread of the waits: `none`, `full`, `equal` or `decorrelated`.
    pub jitter: Jitter,
    /// The longest that one attempt may take, such as `10s`, or `none`.
    #[cfg_attr(feature = "serde", serde(with = "crate::wire::limit"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub attempt_timeout: Option<Duration>,
    /// The longest that all attempts and waits may take together, such as `30s`, or `none`.
    #[cfg_attr(feature = "serde", serde(with = "crate::wire::limit"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub total_deadline: Option<Duration>,
    /// The name of the retry budget that this policy shares with others, or `none`.
    #[cfg_attr(feature = "serde", serde(with = "crate::wire::name"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub budget: Option<String>,
    /// The classes of failure that are tried again: `transient`, `throttled`, `overloaded`, `timeout`.
    pub on: Classes,
    /// The growth of the waits.
    pub schedule: Schedule,
    /// What is done with a wait that the server asks for.
    pub retry_after: RetryAfter,
}

/// What is done with a wait that the server asks for, in a `Retry-After` header for example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RetryAfter {
    /// Whether the server's wait is a minimum. It is never shortened: where it does not fit, the call is given up.
    /// Otherwise it is as if the server had asked for none, also for the circuit breaker.
    pub honour: bool,
    /// The longest server's wait that is worth waiting for, such as `1m`, or `none`.
    #[cfg_attr(feature = "serde", serde(with = "crate::wire::limit"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub max: Option<Duration>,
}

impl RetryAfter {
    const fn up_to(max: Duration) -> Self {
        Self { honour: true, max: Some(max) }
    }
}

impl Default for RetryAfter {
    fn default() -> Self {
        Self::up_to(Duration::from_mins(1))
    }
}

impl RetryPolicy {
    /// Three attempts within 30 seconds, 10 seconds each: for calls to a web service.
    #[must_use]
    pub const fn http() -> Self {
        let mut policy = Self::of(3, exponential(100, 5_000));
        policy.attempt_timeout = Some(Duration::from_secs(10));
        policy.total_deadline = Some(Duration::from_secs(30));
        policy.retry_after = RetryAfter::up_to(Duration::from_secs(20));
        policy
    }

    /// Four attempts within ten minutes, two minutes each: for a language model, which is slow, often overloaded,
    /// and says how long to wait.
    #[must_use]
    pub const fn llm() -> Self {
        let mut policy = Self::of(4, exponential(1_000, 30_000));
        policy.attempt_timeout = Some(Duration::from_mins(2));
        policy.total_deadline = Some(Duration::from_mins(10));
        policy.retry_after = RetryAfter::up_to(Duration::from_mins(2));
        policy
    }

    /// Four attempts within ten seconds: for a database that restarts, fails over or reports a conflict.
    #[must_use]
    pub const fn db() -> Self {
        let mut policy = Self::of(4, exponential(20, 1_000));
        policy.attempt_timeout = Some(Duration::from_secs(5));
        policy.total_deadline = Some(Duration::from_secs(10));
        policy.jitter = Jitter::Equal;
        policy
    }

    /// Five attempts within a second: for files, locks and sockets of this host.
    #[must_use]
    pub const fn local_io() -> Self {
        let mut policy = Self::of(5, exponential(1, 50));
        policy.total_deadline = Some(Duration::from_secs(1));
        policy
    }

    /// One attempt: no retry at all.
    #[must_use]
    pub const fn never() -> Self {
        Self::of(1, exponential(100, 10_000))
    }

    /// Returns everything that is impossible or senseless in this policy; empty when it is fit for use.
    #[must_use]
    pub fn validate(&self) -> Vec<Violation> {
        validate::violations(self)
    }

    /// Returns the jittered waits, one after another and without end: how many are used is up to the caller.
    ///
    /// The same seed gives the same waits.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use wardkit_retry::{Jitter, RetryPolicy};
    /// let mut policy = RetryPolicy::http();
    /// policy.jitter = Jitter::None;
    /// let waits: Vec<_> = policy.delays(7).take(3).collect();
    /// assert_eq!(waits, [100, 200, 400].map(Duration::from_millis));
    /// ```
    #[must_use]
    pub fn delays(&self, seed: u64) -> Delays<'_> {
        Delays::new(&self.schedule, self.jitter, seed)
    }

    const fn of(max_attempts: u32, schedule: Schedule) -> Self {
        Self {
            max_attempts,
            jitter: Jitter::Full,
            attempt_timeout: None,
            total_deadline: None,
            budget: None,
            on: Classes::ALL,
            schedule,
            retry_after: RetryAfter::up_to(Duration::from_mins(1)),
        }
    }
}

impl Default for RetryPolicy {
    /// Three attempts without a time limit, waits doubling from 100 ms up to 10 s, fully jittered.
    fn default() -> Self {
        Self::of(3, exponential(100, 10_000))
    }
}

/// One thing that is impossible or senseless in a policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Violation {
    /// The key at fault, as configuration spells it: `schedule.factor`.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Violation {
    pub(crate) fn new(path: &str, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), reason: reason.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

const fn exponential(base_millis: u64, cap_millis: u64) -> Schedule {
    Schedule::Exponential {
        base: Duration::from_millis(base_millis),
        factor: 2.0,
        cap: Duration::from_millis(cap_millis),
    }
}
