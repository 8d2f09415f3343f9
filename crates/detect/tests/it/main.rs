//! The public API of wardkit-detect, a module an area.

mod bottleneck;
mod forecast;
mod leak;
mod simulations;

#[path = "../simulated/mod.rs"]
mod simulated;
