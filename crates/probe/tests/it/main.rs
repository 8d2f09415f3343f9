//! Checks as a program that embeds them sees them.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod ask;
#[cfg(feature = "serde")]
mod config;
mod databases;
mod dependencies;
mod machine;
mod prober;
mod props;
mod support;
