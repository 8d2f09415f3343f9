//! Counters, host collectors, history, and how they are shown to Prometheus and OpenTelemetry.

#![forbid(unsafe_code)]

mod error;
#[cfg(feature = "history")]
pub mod history;
#[cfg(feature = "host")]
pub mod host;
mod samples;
mod violation;

pub use error::Error;
pub use samples::{Collector, Family, FamilyView, Kind, SampleView, Samples};
pub use violation::Violation;
