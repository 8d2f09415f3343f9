//! Tests of the public interface.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod limit;
mod addresses;
mod names;
mod untrusted;
