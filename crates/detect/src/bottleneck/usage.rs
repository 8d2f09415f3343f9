//! What was used and waited for during one window: plain numbers, filled by whoever measures.

use std::time::Duration;

/// What a host, or a group within it, used during the last `window`.
///
/// Everything but the window may be left at its default when it was not measured. Shares are of the window: `0.31` of
/// a minute is 18.6 seconds. Values that are no number or out of range count as nothing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct Usage {
    /// How long was measured.
    pub window: Duration,
    /// The processors.
    pub cpu: CpuUsage,
    /// The memory.
    pub memory: MemoryUsage,
    /// The pressure of input and output, of all disks together: `/proc/pressure/io`.
    pub io_pressure: Option<Pressure>,
    /// The disks.
    pub disks: Vec<DiskUsage>,
    /// The network devices.
    pub networks: Vec<NetworkUsage>,
    /// Open file descriptors and how many there may be.
    pub descriptors: Option<LimitUsage>,
    /// Threads, or process ids, and how many there may be.
    pub threads: Option<LimitUsage>,
    /// The control group with a quota, when there is one.
    pub cgroup: Option<CgroupUsage>,
    /// Processes that may be named as the cause; the top few by each of their numbers are enough.
    pub processes: Vec<ProcessUsage>,
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            window: Duration::from_mins(1),
            cpu: CpuUsage::default(),
            memory: MemoryUsage::default(),
            io_pressure: None,
            disks: Vec::new(),
            networks: Vec::new(),
            descriptors: None,
            threads: None,
            cgroup: None,
            processes: Vec::new(),
        }
    }
}

/// The shares of the window in which work waited for a resource, as `/proc/pressure` tells them.
///
/// Exhaustive on purpose: the kernel tells these two.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Pressure {
    /// The share in which at least one task waited, `0..=1`.
    pub some: f64,
    /// The share in which all tasks waited, `0..=1`.
    pub full: f64,
}

/// What the processors did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct CpuUsage {
    /// How many there are.
    pub cores: f64,
    /// The share of their time in which they worked, `0..=1`.
    pub busy: f64,
    /// The share that the hypervisor kept, `0..=1`.
    pub stolen: f64,
    /// How many tasks were ready to run; asked only where there is no pressure.
    pub runnable: f64,
    /// `/proc/pressure/cpu`.
    pub pressure: Option<Pressure>,
}

/// What the memory held.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct MemoryUsage {
    /// All of it, in bytes.
    pub total: f64,
    /// What can be had without swapping, in bytes.
    pub available: f64,
    /// Processes killed for want of memory during the window.
    pub killed: u64,
    /// `/proc/pressure/memory`.
    pub pressure: Option<Pressure>,
}

/// What a disk did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct DiskUsage {
    /// The device.
    pub name: String,
    /// The share of the window in which it had something to do, `0..=1`.
    pub busy: f64,
}

impl DiskUsage {
    /// Creates the usage of a disk that was `busy` for a share of the window.
    #[must_use]
    pub fn new(name: impl Into<String>, busy: f64) -> Self {
        Self { name: name.into(), busy }
    }
}

/// What a network device did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct NetworkUsage {
    /// The device.
    pub name: String,
    /// Bytes a second, of the busier direction.
    pub bytes_per_second: f64,
    /// What it can carry, in bytes a second; 0 when that is unknown.
    pub capacity: f64,
    /// The share of packets that were dropped or broken, `0..=1`.
    pub lost: f64,
}

impl NetworkUsage {
    /// Creates the usage of a device that did nothing.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// How much of a fixed number is taken.
///
/// Exhaustive on purpose: a number and its limit are all there is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LimitUsage {
    /// How many are taken.
    pub used: f64,
    /// How many there may be; 0 when there is no limit.
    pub limit: f64,
}

/// What a control group was kept from.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct CgroupUsage {
    /// Its name.
    pub name: String,
    /// The share of the window in which it had used up its processor quota, `0..=1`.
    pub throttled: f64,
    /// Its memory and the limit of it.
    pub memory: LimitUsage,
}

impl CgroupUsage {
    /// Creates the usage of a group that was kept from nothing.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// What a process used; the most of each is named as the cause.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct ProcessUsage {
    /// Its id.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// Processors, as many as it kept busy: `1.5` is one and a half.
    pub cpu: f64,
    /// Resident memory, in bytes.
    pub resident: f64,
    /// Bytes a second read from disks.
    pub read: f64,
    /// Bytes a second written to disks.
    pub written: f64,
    /// Open file descriptors.
    pub descriptors: f64,
    /// Threads.
    pub threads: f64,
}

impl ProcessUsage {
    /// Creates the usage of a process that used nothing.
    #[must_use]
    pub fn new(pid: u32, name: impl Into<String>) -> Self {
        Self { pid, name: name.into(), ..Self::default() }
    }
}
