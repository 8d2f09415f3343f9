//! Retries, circuit breakers, budgets, hedging and fallbacks as data and types.

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
