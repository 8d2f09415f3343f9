//! The public API of wardkit-metrics, a module an area.

mod exposition;
#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "otlp")]
mod otlp;
mod props;
mod registry;
mod server;
