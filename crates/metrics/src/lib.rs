//! Counters, host collectors, history, and how they are shown to Prometheus and OpenTelemetry.

#![forbid(unsafe_code)]

mod error;
mod samples;

pub use error::Error;
pub use samples::{Collector, Family, FamilyView, Kind, SampleView, Samples};
