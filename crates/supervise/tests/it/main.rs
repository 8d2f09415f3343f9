//! The public API, an area a module.

mod config;
mod crash_loops;
mod dependencies;
mod explain;
mod groups;
#[cfg(feature = "import")]
mod import;
mod jobs;
mod logs;
mod model;
mod probes;
mod props;
mod recoveries;
mod restore;
mod stops;
mod support;
#[cfg(feature = "tokio")]
mod tasks;
