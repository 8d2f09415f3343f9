//! The public API of wardkit-metrics, a module an area.

mod exposition;
mod props;
mod registry;
mod server;
