//! Which resource is short, and who uses it most: use, saturation and errors of each, ranked by the time that work
//! stood still.
//!
//! ```
//! use wardkit_detect::bottleneck::{DiskUsage, Pressure, ProcessUsage, Usage, judge};
//!
//! let mut usage = Usage::default(); // of one minute
//! usage.io_pressure = Some(Pressure { some: 0.31, full: 0.2 });
//! usage.disks.push(DiskUsage::new("sda", 0.97));
//! let mut postgres = ProcessUsage::new(812, "postgres");
//! postgres.written = 40e6;
//! usage.processes.push(postgres);
//! assert_eq!(
//!     judge(&usage).to_string(),
//!     "disk io: 31 % of the last minute stalled; busiest disk sda 97 %; top writer pid 812 postgres"
//! );
//! ```

mod judge;
mod report;
mod usage;

pub use judge::{LIMIT_USED, STALLED, judge};
pub use report::{Culprit, Report, Resource, Row};
pub use usage::{
    CgroupUsage, CpuUsage, DiskUsage, LimitUsage, MemoryUsage, NetworkUsage, Pressure,
    ProcessUsage, Usage,
};
