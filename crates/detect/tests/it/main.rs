//! The public API of wardkit-detect, a module an area.

mod bottleneck;
mod simulations;

#[path = "../simulated/mod.rs"]
mod simulated;
