//! Joins `wardkit-retry` with programs that still use the `backoff` crate, version 0.4.
//!
//! `backoff` and its dependency `instant` are unmaintained (RUSTSEC-2025-0012, RUSTSEC-2024-0384). Most programs want
//! `wardkit_retry::compat_backoff` instead: the same names without either crate. This one is for a program that
//! cannot let go of the original's trait, because a library of its own or of others has it in its interface.
//!
//! ```
//! use wardkit_retry::RetryPolicy;
//! use wardkit_retry_backoff::PolicyBackoff;
//!
//! // A policy of ours drives a function that asks for the original's trait.
//! let policy = RetryPolicy::local_io();
//! let mut calls = 0;
//! let answer = backoff::retry(PolicyBackoff::new(&policy, 7), || {
//!     calls += 1;
//!     if calls < 3 { Err(backoff::Error::transient("busy")) } else { Ok(calls) }
//! });
//! assert_eq!(answer, Ok(3));
//! ```
//!
//! # Main types
//!
//! | type | direction |
//! |---|---|
//! | [`PolicyBackoff`] | a policy of ours, where a `backoff::backoff::Backoff` is asked for |
//! | [`BackoffDelays`], [`policy_from`] | a `backoff::backoff::Backoff`, where waits or a policy of ours are asked for |
//!
//! # What it does not do
//!
//! The original's drivers know nothing of budgets, breakers and `Retry-After` maxima: a [`PolicyBackoff`] brings the
//! number of attempts, the waits and the total deadline, and nothing else of its policy.

mod from_backoff;
mod to_backoff;

pub use from_backoff::{BackoffDelays, policy_from};
pub use to_backoff::PolicyBackoff;
