//! The public API of `wardkit-integrity`, as its users see it.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod baseline;
mod diff;
mod guard;
mod interop;
mod monitor;
mod mutations;
mod ordinary;
mod policy;
mod scan;
mod scan_limits;
mod scan_races;
#[cfg(feature = "sentry")]
mod sentry;
mod text_diff;
#[cfg(feature = "trust")]
mod trust;
mod watch;
