//! Makes a call again when it failed in a way that passes, and knows when not to.
//!
//! ```
//! use wardkit_retry::{Idempotency, Retry, RetryPolicy};
//!
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let address = listener.local_addr()?;
//! let retry = Retry::new(RetryPolicy::http(), Idempotency::Safe)?;
//! let stream = retry.run_blocking(|| std::net::TcpStream::connect(address))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `tokio` the same retry runs a future: `retry.run(|| fetch(url)).await`. Or the call comes first,
//! by [`RetryAsync`] and [`RetryBlocking`]: `(|| fetch(url)).retry(&retry).await`.
//!
//! What is tried again is decided by a [`Classify`]: the default, [`ByTransient`], asks the error itself
//! ([`wardkit_core::Transient`]); [`ByIo`] and [`Http`] know the errors of the operating system and the status codes
//! and headers of the web; a closure knows yours. What nobody knows is permanent.
//!
//! # Together with others
//!
//! A retry helps its own caller and hurts the target. Share what limits the harm between all callers of one target:
//!
//! ```
//! # use std::sync::Arc;
//! # use std::time::Duration;
//! use wardkit_retry::{
//!     Breaker, BreakerConfig, Budget, BudgetConfig, ByIo, Idempotency, Retry, RetryPolicy, TestClock,
//! };
//!
//! let search = Retry::new(RetryPolicy::http(), Idempotency::Safe)?
//!     .with_name("search")
//!     .with_classifier(ByIo)
//!     // One retry for every ten calls that succeed, and ten to begin with.
//!     .with_budget(Arc::new(Budget::new(BudgetConfig::default())?))
//!     // When half of the last calls failed, ask nothing for a second.
//!     .with_breaker(Arc::new(Breaker::new("search", BreakerConfig::default())?))
//!     // In a test no wait takes time: a day passes in microseconds.
//!     .with_clock(TestClock::new(42));
//!
//! let mut calls = 0;
//! let answer = search.run_blocking(|| {
//!     calls += 1;
//!     if calls < 3 { Err(std::io::ErrorKind::ConnectionReset.into()) } else { Ok("found") }
//! });
//! assert_eq!(answer?, "found");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Retry`], [`RetryPolicy`], [`GaveUp`] | the call and its repetitions; the policy as data; why there was no further attempt |
//! | [`Schedule`], [`Jitter`], [`Delays`] | how long the waits are |
//! | [`Class`], [`Classify`], [`ByTransient`], [`ByIo`], [`Http`], [`retry_after`] | what a result means |
//! | [`Idempotency`] | whether the call may happen twice; there is no default |
//! | [`Budget`], [`Breaker`], [`Bulkhead`] | what all callers of one target share |
//! | [`Hedge`] | asks once more when an answer is slow to come |
//! | [`Chain`] | asks the next when one target cannot answer |
//! | [`Scope`], [`Deadline`] | what calls within a call inherit, so that layers of retries add up instead of multiplying |
//! | [`Observer`], [`Counters`], [`PrometheusText`] | who wants to know |
//! | [`Session`] | the decision after each failure as a pure state machine, for drivers of your own |
//! | [`Sleep`], [`SleepAsync`], [`TestClock`] | time |
//! | [`compat_backoff`] | the names of the unmaintained `backoff` crate |
//!
//! # Laws
//!
//! Property tests hold them for every policy that validates.
//!
//! - There are never more attempts than `max-attempts`, and no attempt begins after the deadline.
//! - A wait that the target asks for is never shortened: where it does not fit, the call is given up.
//! - A spent quota is never retried, nor a call that must not happen twice and may have arrived.
//! - A dropped future starts nothing, and gives back its place in the bulkhead and its probe of the breaker.
//! - Waits lie within the schedule's bounds. Full jitter draws from zero up, equal jitter from half the wait.
//!
//! # What it costs
//!
//! While all goes well: one comparison or two. The path of success allocates nothing and reads no clock; with a
//! total deadline it reads the clock once. What only failures need is allocated by the first of them. The benches
//! of the group `gate` measure it, and CI holds them to `benches/gate.toml`.
//!
//! # Features
//!
//! None is on by default; the crate then depends on `wardkit-core` alone.
//!
//! - `serde`: policies and settings as configuration. Durations are text such as `1m 30s`, absent limits are `none`.
//! - `schema`: JSON Schema of what `serde` reads.
//! - `tokio`: timers for [`Retry::run`], and scopes that a task hands on by itself.
//! - `tracing`: the observer `Tracing`.
//!
//! # What it does not do
//!
//! It makes no requests of its own, spawns no task, and keeps nothing beyond the process. A blocking call cannot be
//! interrupted from outside: [`Attempt::timeout`] tells it how long it may take.

mod asynchronous;
mod blocking;
mod breaker;
mod budget;
mod bulkhead;
mod chain;
mod class;
mod classify;
pub mod compat_backoff;
mod counters;
pub mod duration;
mod error;
mod gave_up;
mod hedge;
mod http;
mod idempotency;
mod latencies;
mod observe;
mod policy;
mod retry;
mod retry_after;
mod run;
mod schedule;
mod scope;
mod session;
mod sleep;
mod test_clock;
#[cfg(feature = "tracing")]
mod trace;
mod validate;

pub use asynchronous::RetryAsync;
pub use blocking::RetryBlocking;
pub use breaker::{Breaker, BreakerConfig, BreakerPermit, BreakerState, CircuitOpen, Trip};
pub use budget::{Budget, BudgetConfig, Budgets};
pub use bulkhead::{Bulkhead, BulkheadConfig, BulkheadPermit};
pub use chain::{Answer, Chain, ChainConfig, ChainFailed, Limit, Limits, Passed, Usage, Why};
pub use class::{Class, Classes, Retryable};
pub use classify::{ByIo, ByTransient, Classify};
pub use counters::{Counters, PrometheusText};
pub use error::Error;
pub use gave_up::{FailedAttempt, GaveUp};
pub use hedge::{Hedge, HedgeConfig, HedgeWhen};
pub use http::{Http, HttpReply};
pub use idempotency::Idempotency;
pub use observe::{Attempted, BreakerChange, GivenUp, Observer, Waiting};
pub use policy::{RetryAfter, RetryPolicy, Violation};
pub use retry::{Attempt, Retry};
pub use retry_after::retry_after;
pub use schedule::{Delays, Jitter, Schedule};
pub use scope::{Deadline, Scope};
pub use session::{Decision, Reason, Sent, Session};
pub use sleep::{Sleep, SleepAsync, Sleeping};
pub use test_clock::TestClock;
#[cfg(feature = "tracing")]
pub use trace::Tracing;

#[cfg(feature = "serde")]
mod wire;
