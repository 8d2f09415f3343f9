//! Counters, host collectors, history, and how they are shown to Prometheus and OpenTelemetry.

#![forbid(unsafe_code)]

pub mod business;
#[cfg(feature = "serde")]
mod duration;
mod error;
#[cfg(feature = "history")]
pub mod history;
#[cfg(feature = "host")]
pub mod host;
pub mod ingest;
mod samples;
mod violation;

pub use error::Error;
pub use samples::{Collector, Family, FamilyView, Kind, SampleView, Samples};
pub use violation::Violation;
