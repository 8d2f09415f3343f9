//! Tests of what is kept, as a program uses it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

#[cfg(feature = "baselines")]
mod baselines;
mod keyring;
mod repositories;
mod seen;
mod support;
mod trail;
