//! Tests of the public interface.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod limit;
mod names;
mod untrusted;
