//! Counters, host collectors, history, and how they are shown to Prometheus and OpenTelemetry.

#![forbid(unsafe_code)]

pub mod business;
#[cfg(feature = "serde")]
mod duration;
mod error;
mod exposition;
#[cfg(feature = "history")]
pub mod history;
#[cfg(feature = "host")]
pub mod host;
pub mod ingest;
mod instrument;
#[cfg(feature = "otel")]
pub mod otel;
#[cfg(feature = "otlp")]
pub mod otlp;
mod process;
mod registry;
mod samples;
mod server;
mod violation;

pub use error::Error;
pub use exposition::Exposition;
pub use instrument::{Counter, Gauge, Histogram, Instrument, Labelled};
pub use process::ProcessCollector;
pub use registry::{Limits, Registry};
pub use samples::{Collector, Family, FamilyView, Kind, SampleView, Samples};
pub use server::{ActiveConnection, ServerMetrics};
pub use violation::Violation;
