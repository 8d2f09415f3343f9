//! The public API of wardkit-detect, a module an area.

mod anomaly;
mod bottleneck;
mod capacity;
mod correlate;
mod forecast;
mod leak;
mod profile;
mod simulations;

#[path = "../simulated/mod.rs"]
mod simulated;
