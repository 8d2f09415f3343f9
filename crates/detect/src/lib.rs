//! Anomalies, forecasts, leaks and bottlenecks from plain numbers, in bounded memory.

pub mod anomaly;
pub mod bottleneck;
pub mod capacity;
pub mod correlate;
pub mod forecast;
pub mod leak;
pub mod profile;
mod stats;
