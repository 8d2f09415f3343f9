//! The listener and the control socket as their clients see them.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod admission;
mod alerts;
mod config;
mod control;
mod drain;
mod hosts;
mod ingest;
mod limits;
mod plugins;
mod props;
mod questions;
mod routes;
mod services;
mod support;
mod wire;
