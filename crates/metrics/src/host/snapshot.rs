//! What was read last, as plain numbers for rules that judge the host.

use std::time::Duration;

/// The host at the last collection.
///
/// Shares are of the time between the last two collections, and absent until there are two.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct HostSnapshot {
    /// How long it was between the last two collections.
    pub elapsed: Option<Duration>,
    /// When the host booted, in Unix time.
    pub boot_time: Option<u64>,
    /// How many processors there are.
    pub cpus: u32,
    /// The share of the processors' time that was not idle, in 0 to 1.
    pub cpu_busy: Option<f64>,
    /// The share of the processors' time that the hypervisor gave to others, in 0 to 1.
    pub cpu_stolen: Option<f64>,
    /// Tasks that run or want to, mean of the last minute.
    pub load1: Option<f64>,
    /// Tasks that run or are ready to.
    pub runnable: Option<u64>,
    /// Tasks that wait for disks.
    pub blocked: Option<u64>,
    /// Time lost for want of processors.
    pub cpu_pressure: Option<Pressure>,
    /// Time lost for want of memory.
    pub memory_pressure: Option<Pressure>,
    /// Time lost for want of disks.
    pub io_pressure: Option<Pressure>,
    /// Memory, in bytes.
    pub memory_total: Option<u64>,
    /// Memory that programs can still have without swapping, in bytes.
    pub memory_available: Option<u64>,
    /// Swap, in bytes.
    pub swap_total: Option<u64>,
    /// Swap that is free, in bytes.
    pub swap_free: Option<u64>,
    /// Processes killed for want of memory since boot.
    pub oom_kills: Option<u64>,
    /// Open files of the whole host.
    pub files_open: Option<u64>,
    /// How many files may be open.
    pub files_limit: Option<u64>,
    /// Threads of the whole host.
    pub threads: Option<u64>,
    /// How many threads there may be.
    pub threads_limit: Option<u64>,
    /// Tracked connections.
    pub connections: Option<u64>,
    /// How many connections may be tracked.
    pub connections_limit: Option<u64>,
    /// Disks.
    pub disks: Vec<DiskUse>,
    /// Network devices.
    pub networks: Vec<NetworkUse>,
    /// File systems that answered.
    pub file_systems: Vec<FileSystemUse>,
    /// Control groups that the configuration names.
    pub cgroups: Vec<CgroupUse>,
    /// The processes that use most of something; which ones use most of what is for the reader to sort.
    pub processes: Vec<ProcessUse>,
}

/// Time lost for want of one resource.
///
/// Exhaustive on purpose: it is what the kernel tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pressure {
    /// The share of the last ten seconds in which some task waited, in 0 to 1.
    pub some_avg10: f64,
    /// The share of the last minute in which some task waited, in 0 to 1.
    pub some_avg60: f64,
    /// The share of the last ten seconds in which all tasks waited, in 0 to 1.
    pub full_avg10: f64,
    /// The share of the last minute in which all tasks waited, in 0 to 1.
    pub full_avg60: f64,
    /// How long some task waited since boot.
    pub some_total: Duration,
    /// How long all tasks waited since boot.
    pub full_total: Duration,
}

/// A disk between the last two collections.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct DiskUse {
    /// The kernel's name of it.
    pub device: String,
    /// The share of time in which it had work, in 0 to 1.
    pub busy: Option<f64>,
    /// The mean number of requests that waited or were served.
    pub queue: Option<f64>,
}

/// A network device between the last two collections.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct NetworkUse {
    /// The kernel's name of it.
    pub device: String,
    /// Bytes received a second.
    pub received: Option<f64>,
    /// Bytes sent a second.
    pub sent: Option<f64>,
    /// Packets a second, both ways.
    pub packets: Option<f64>,
    /// Packets dropped and faulty a second, both ways.
    pub lost: Option<f64>,
    /// What it can carry, in bytes a second, when it says so.
    pub capacity: Option<f64>,
}

/// A file system that answered.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct FileSystemUse {
    /// Where it is mounted.
    pub mount_point: String,
    /// Its size in bytes.
    pub size: u64,
    /// What ordinary users can still write, in bytes.
    pub available: u64,
    /// How many files it can hold; zero where nothing limits them.
    pub files: u64,
    /// How many files can still be made.
    pub files_free: u64,
}

/// A control group.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CgroupUse {
    /// Its path below the hierarchy's root.
    pub path: String,
    /// The share of time in which it was held back for using more processor than it may, in 0 to 1.
    pub throttled: Option<f64>,
    /// Its memory in bytes.
    pub memory: Option<u64>,
    /// The memory that it may have, in bytes.
    pub memory_limit: Option<u64>,
    /// Its tasks.
    pub tasks: Option<u64>,
    /// The tasks that it may have.
    pub tasks_limit: Option<u64>,
    /// How many of its processes were killed for want of memory.
    pub oom_kills: Option<u64>,
}

/// A process that used much of something between the last two collections.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ProcessUse {
    /// Its number.
    pub pid: u32,
    /// The name that the kernel keeps of it. It is the process's choice; bytes that are no text are replaced.
    pub name: String,
    /// Processors that it kept busy: 1.5 is one and a half.
    pub cpu: Option<f64>,
    /// Its memory in bytes.
    pub resident: u64,
    /// Its threads.
    pub threads: u64,
    /// Bytes a second read from disks; only asked while disks are short.
    pub read: Option<f64>,
    /// Bytes a second written to disks; only asked while disks are short.
    pub written: Option<f64>,
}
