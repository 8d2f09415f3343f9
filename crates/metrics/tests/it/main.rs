//! The public API of wardkit-metrics, a module an area.
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod business;
mod exposition;
#[cfg(feature = "history")]
mod history;
#[cfg(all(feature = "host", target_os = "linux"))]
mod host;
mod ingest;
mod ingest_props;
mod ingest_store;
#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "otlp")]
mod otlp;
mod props;
mod registry;
mod server;
