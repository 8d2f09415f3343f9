//! The familiar names of the `backoff` crate, version 0.4, on code that is maintained.
//!
//! `backoff` itself is unmaintained (RUSTSEC-2025-0012) and pulls in `instant`, which is too (RUSTSEC-2024-0384).
//! A program that uses it changes one line and keeps the rest of its text:
//!
//! ```
//! use wardkit_retry::compat_backoff as backoff;
//!
//! use backoff::{Error, ExponentialBackoffBuilder, retry};
//! use std::time::Duration;
//!
//! let backoff = ExponentialBackoffBuilder::new().with_initial_interval(Duration::from_millis(1)).build();
//! let mut calls = 0;
//! let answer = retry(backoff, || {
//!     calls += 1;
//!     if calls < 3 { Err(Error::transient("busy")) } else { Ok(calls) }
//! });
//! assert_eq!(answer, Ok(3));
//! ```
//!
//! New code is better off with this crate's own policy: here every error is transient unless the caller says
//! otherwise, nothing limits the number of attempts, and there is no budget.
//!
//! # What is the same
//!
//! Names, fields, defaults, the formula of the delays, the order in which the operation, the schedule and
//! [`Notify`] are called, what an error prints. The tests run one program text against both.
//!
//! # What differs
//!
//! - A multiplier that is not a number, or a randomization factor that is not finite, leaves the interval as it is.
//!   The original makes it zero, which is a busy loop.
//! - Intervals that overflow saturate. The original panics.
//! - `future::Retry` allocates once for the operation's future, and once more when it first has to wait.
//! - `future` comes with the feature `tokio`. No `async-std` and no `wasm-bindgen`; another runtime is driven through
//!   `future::Sleeper`.
//! - More types are `Clone`, `Eq` and `Default`.

pub mod backoff;
mod clock;
pub mod default;
mod error;
pub mod exponential;
#[cfg(feature = "tokio")]
pub mod future;
mod retry;

pub use clock::{Clock, SystemClock};
pub use error::Error;
pub use retry::{NoopNotify, Notify, retry, retry_notify};

/// Exponential backoff on the system's clock.
pub type ExponentialBackoff = exponential::ExponentialBackoff<SystemClock>;

/// Builder of an exponential backoff on the system's clock.
pub type ExponentialBackoffBuilder = exponential::ExponentialBackoffBuilder<SystemClock>;
