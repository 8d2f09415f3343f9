//! Tests of the public interface.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]
#![expect(clippy::type_complexity, reason = "rows of a table are read where they are written")]

mod asynchronous;
mod blocking;
mod breaker;
mod bulkhead;
mod chain;
mod compat_backoff;
mod gave_up;
mod hedge;
mod http;
mod observe;
mod outage;
mod policy;
mod props;
#[cfg(feature = "schema")]
mod schema;
mod support;
#[cfg(feature = "tokio")]
mod tasks;
#[cfg(feature = "tracing")]
mod trace;
#[cfg(feature = "serde")]
mod wire;
