//! Tests of the public API.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod needs;
mod profiles;
mod props;
mod trace;
mod units;
