//! The public API of wardkit-metrics, a module an area.

mod exposition;
#[cfg(feature = "otel")]
mod otel;
mod props;
mod registry;
mod server;
