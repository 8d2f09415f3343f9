//! The host and its processes, under `node_exporter`'s names, so that dashboards and rules written for it work.
//!
//! ```
//! use wardkit_metrics::host::{Host, HostConfig, HostPaths};
//! use wardkit_metrics::{Collector, Samples};
//!
//! let mut host = Host::new(HostPaths::default(), HostConfig::default())?;
//! let mut samples = Samples::new();
//! host.collect(&mut samples)?; // once an interval, from one blocking thread
//! let loads = samples.families().find(|family| family.name() == "node_load1");
//! assert!(loads.is_some());
//! # Ok::<(), wardkit_metrics::Error>(())
//! ```
//!
//! On Linux procfs is read directly, through descriptors that stay open. A collector that cannot measure says so in
//! `node_scrape_collector_success`, makes one [`HostChange`], and holds up no other. File systems are asked on a
//! thread of their own: one that never answers costs one deadline, once.
//!
//! Left out of what `node_exporter` measures: everything that needs more than procfs and `statvfs`, and entropy, whose
//! unit is no base unit.

mod config;
#[cfg(target_os = "linux")]
mod linux;
mod snapshot;
#[cfg(feature = "sysinfo")]
mod system;

pub use config::{HostConfig, HostPart, HostPaths, ProcessGroup};
#[cfg(target_os = "linux")]
pub use linux::{Host, HostChange};
pub use snapshot::{
    CgroupUse, DiskUse, FileSystemUse, HostSnapshot, NetworkUse, Pressure, ProcessUse,
};
#[cfg(feature = "sysinfo")]
pub use system::SystemHost;

/// Tells whether a name is what a pattern means: the same, or begins like it up to its `*`.
fn matches_name(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}
