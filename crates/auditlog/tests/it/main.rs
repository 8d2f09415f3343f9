//! Tests of the public interface.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod append;
mod archive;
mod keys;
mod kill;
mod props;
mod query;
mod support;
mod tamper;
