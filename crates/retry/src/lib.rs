//! Retries, circuit breakers, budgets, hedging and fallbacks as data and types.

mod class;
pub mod compat_backoff;
mod policy;
mod schedule;
mod validate;

pub use class::{Classes, Retryable};
pub use policy::{RetryAfter, RetryPolicy, Violation};
pub use schedule::{Delays, Jitter, Schedule};

#[cfg(any(test, feature = "serde"))]
mod duration_text;
#[cfg(feature = "serde")]
mod wire;
