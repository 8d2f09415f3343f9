//! Tests of the program as its user runs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod config;
mod daemon;
mod dashboards;
mod instance;
mod integrity;
mod metrics;
mod outgoing;
mod reload;
mod support;
mod trail;
