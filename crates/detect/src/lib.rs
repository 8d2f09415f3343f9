//! Anomalies, forecasts, leaks and bottlenecks from plain numbers, in bounded memory.

pub mod anomaly;
pub mod bottleneck;
pub mod forecast;
pub mod leak;
mod stats;
