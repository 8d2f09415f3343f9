//! The client against servers on loopback, most of them hostile.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod config;
mod exchange;
mod hostile;
#[cfg(feature = "notify")]
mod notify;
#[cfg(feature = "plugins")]
mod plugins;
mod redirects;
mod retries;
mod support;
mod tls;
