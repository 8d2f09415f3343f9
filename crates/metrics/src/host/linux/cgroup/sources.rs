//! Where each value of a control group stands, in version 2 and version 1.

use std::path::{Path, PathBuf};

use crate::host::linux::parse::{lines, number, sample, value_of, words};
use crate::host::linux::pressure;
use crate::{Family, Kind};

/// A value that is told of a control group.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column {
    Cpu,
    CpuLimit,
    Periods,
    ThrottledPeriods,
    Throttled,
    Memory,
    MemoryLimit,
    LimitHits,
    OomKills,
    Tasks,
    TasksLimit,
    Read,
    Written,
    CpuWaiting,
    MemoryWaiting,
    IoWaiting,
}

pub(super) type Values = [Option<f64>; Column::ALL.len()];

/// A hierarchy that a host may have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hierarchy {
    Two,
    /// Version 2 beside version 1; it may have no controllers.
    TwoBeside,
    One(&'static str),
}

/// A file in which values stand.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) hierarchy: Hierarchy,
    pub(super) file: &'static str,
    pub(super) read: fn(&[u8], &mut Values),
}

impl Hierarchy {
    /// In the order in which they are asked who is in a group.
    pub(super) const ALL: [Self; 8] = [
        Self::Two,
        Self::One("systemd"),
        Self::TwoBeside,
        Self::One("pids"),
        Self::One("memory"),
        Self::One("cpu"),
        Self::One("cpuacct"),
        Self::One("blkio"),
    ];

    pub(super) fn root(self, root: &Path) -> PathBuf {
        match self {
            Self::Two => root.to_owned(),
            Self::TwoBeside => root.join("unified"),
            Self::One(controller) => root.join(controller),
        }
    }

    pub(super) fn is_at(self, root: &Path) -> bool {
        let root = self.root(root);
        match self {
            Self::Two | Self::TwoBeside => root.join("cgroup.controllers").exists(),
            Self::One(_) => root.is_dir(),
        }
    }
}

const fn two(file: &'static str, read: fn(&[u8], &mut Values)) -> Source {
    Source { hierarchy: Hierarchy::Two, file, read }
}

const fn one(controller: &'static str, file: &'static str, read: fn(&[u8], &mut Values)) -> Source {
    Source { hierarchy: Hierarchy::One(controller), file, read }
}

/// What is found first counts.
pub(super) const SOURCES: [Source; 23] = [
    two("cpu.stat", cpu_stat),
    two("cpu.max", cpu_max),
    two("memory.current", |text, to| set(to, Column::Memory, first(text))),
    two("memory.max", |text, to| set(to, Column::MemoryLimit, first(text))),
    two("memory.events", |text, to| {
        set(to, Column::LimitHits, field(text, b"max"));
        set(to, Column::OomKills, field(text, b"oom_kill"));
    }),
    two("pids.current", |text, to| set(to, Column::Tasks, first(text))),
    two("pids.max", |text, to| set(to, Column::TasksLimit, first(text))),
    two("io.stat", io_stat),
    two("cpu.pressure", |text, to| set(to, Column::CpuWaiting, waiting(text))),
    two("memory.pressure", |text, to| set(to, Column::MemoryWaiting, waiting(text))),
    two("io.pressure", |text, to| set(to, Column::IoWaiting, waiting(text))),
    one("cpuacct", "cpuacct.usage", |text, to| {
        set(to, Column::Cpu, first(text).map(|ns| ns * NANO));
    }),
    one("cpu", "cpu.stat", |text, to| {
        set(to, Column::Periods, field(text, b"nr_periods"));
        set(to, Column::ThrottledPeriods, field(text, b"nr_throttled"));
        set(to, Column::Throttled, field(text, b"throttled_time").map(|ns| ns * NANO));
    }),
    // The quota is divided by the period that the next source reads.
    one("cpu", "cpu.cfs_quota_us", |text, to| set(to, Column::CpuLimit, first(text))),
    one("cpu", "cpu.cfs_period_us", |text, to| {
        let limit = &mut to[Column::CpuLimit as usize];
        *limit = limit
            .zip(first(text))
            .filter(|(_, period)| *period > 0.0)
            .map(|(quota, period)| quota / period);
    }),
    one("memory", "memory.usage_in_bytes", |text, to| set(to, Column::Memory, first(text))),
    one("memory", "memory.limit_in_bytes", |text, to| {
        set(to, Column::MemoryLimit, first(text).filter(|limit| *limit < NO_LIMIT));
    }),
    one("memory", "memory.failcnt", |text, to| set(to, Column::LimitHits, first(text))),
    one("memory", "memory.oom_control", |text, to| {
        set(to, Column::OomKills, field(text, b"oom_kill"));
    }),
    one("pids", "pids.current", |text, to| set(to, Column::Tasks, first(text))),
    one("pids", "pids.max", |text, to| set(to, Column::TasksLimit, first(text))),
    one("blkio", "blkio.throttle.io_service_bytes_recursive", blkio),
    Source { hierarchy: Hierarchy::TwoBeside, file: "cpu.stat", read: cpu_stat },
];

fn set(to: &mut Values, column: Column, value: Option<f64>) {
    let slot = &mut to[column as usize];
    *slot = slot.or(value);
}

/// Returns the number that the text begins with; `max` and `-1` are none.
fn first(text: &[u8]) -> Option<f64> {
    words(text).next().and_then(number).map(sample)
}

fn field(text: &[u8], key: &[u8]) -> Option<f64> {
    value_of(text, key).and_then(number).map(sample)
}

fn waiting(text: &[u8]) -> Option<f64> {
    pressure::parse(text).map(|pressure| pressure.some_total.as_secs_f64())
}

fn cpu_stat(text: &[u8], to: &mut Values) {
    set(to, Column::Cpu, field(text, b"usage_usec").map(|us| us * MICRO));
    set(to, Column::Periods, field(text, b"nr_periods"));
    set(to, Column::ThrottledPeriods, field(text, b"nr_throttled"));
    set(to, Column::Throttled, field(text, b"throttled_usec").map(|us| us * MICRO));
}

/// Reads `max 100000` or `50000 100000`.
fn cpu_max(text: &[u8], to: &mut Values) {
    let mut words = words(text).map(number);
    let quota = words.next().flatten().map(sample);
    let period = words.next().flatten().map(sample).filter(|period| *period > 0.0);
    set(to, Column::CpuLimit, quota.zip(period).map(|(quota, period)| quota / period));
}

/// Reads `253:0 rbytes=1 wbytes=2 rios=3 …`, a line a disk.
fn io_stat(text: &[u8], to: &mut Values) {
    let (mut read, mut written) = (0_u64, 0_u64);
    for word in lines(text).flat_map(words) {
        let value = |key| word.strip_prefix(key).and_then(number).unwrap_or_default();
        read = read.saturating_add(value(&b"rbytes="[..]));
        written = written.saturating_add(value(&b"wbytes="[..]));
    }
    set(to, Column::Read, Some(sample(read)));
    set(to, Column::Written, Some(sample(written)));
}

/// Reads `253:0 Read 1`, a line a disk and kind, and a sum of all.
fn blkio(text: &[u8], to: &mut Values) {
    let (mut read, mut written) = (0_u64, 0_u64);
    for line in lines(text) {
        let mut words = words(line).skip(1);
        let (kind, value) = (words.next(), words.next().and_then(number).unwrap_or_default());
        match kind {
            Some(b"Read") => read = read.saturating_add(value),
            Some(b"Write") => written = written.saturating_add(value),
            _ => {}
        }
    }
    set(to, Column::Read, Some(sample(read)));
    set(to, Column::Written, Some(sample(written)));
}

impl Column {
    pub(super) const ALL: [Self; 16] = [
        Self::Cpu,
        Self::CpuLimit,
        Self::Periods,
        Self::ThrottledPeriods,
        Self::Throttled,
        Self::Memory,
        Self::MemoryLimit,
        Self::LimitHits,
        Self::OomKills,
        Self::Tasks,
        Self::TasksLimit,
        Self::Read,
        Self::Written,
        Self::CpuWaiting,
        Self::MemoryWaiting,
        Self::IoWaiting,
    ];

    pub(super) const fn family(self) -> Family<'static> {
        match self {
            Self::Cpu => counter("cgroup_cpu_seconds_total", "Processor time."),
            Self::CpuLimit => gauge("cgroup_cpu_limit_cores", "Processors that may be kept busy."),
            Self::Periods => counter(
                "cgroup_cpu_periods_total",
                "Periods in which the limit of processor time was applied.",
            ),
            Self::ThrottledPeriods => counter(
                "cgroup_cpu_throttled_periods_total",
                "Periods in which the limit was reached.",
            ),
            Self::Throttled => counter(
                "cgroup_cpu_throttled_seconds_total",
                "Time held back for reaching the limit.",
            ),
            Self::Memory => gauge("cgroup_memory_usage_bytes", "Memory, with what is cached."),
            Self::MemoryLimit => gauge("cgroup_memory_limit_bytes", "Memory that may be had."),
            Self::LimitHits => counter(
                "cgroup_memory_limit_hits_total",
                "How often the limit of memory was reached.",
            ),
            Self::OomKills => {
                counter("cgroup_memory_oom_kills_total", "Processes killed for want of memory.")
            }
            Self::Tasks => gauge("cgroup_tasks", "Processes and threads."),
            Self::TasksLimit => {
                gauge("cgroup_tasks_limit", "Processes and threads that there may be.")
            }
            Self::Read => counter("cgroup_io_read_bytes_total", "Bytes read from disks."),
            Self::Written => counter("cgroup_io_written_bytes_total", "Bytes written to disks."),
            Self::CpuWaiting => counter(
                "cgroup_pressure_cpu_waiting_seconds_total",
                "Time in which some task waited for a processor.",
            ),
            Self::MemoryWaiting => counter(
                "cgroup_pressure_memory_waiting_seconds_total",
                "Time in which some task waited for memory.",
            ),
            Self::IoWaiting => counter(
                "cgroup_pressure_io_waiting_seconds_total",
                "Time in which some task waited for disks.",
            ),
        }
    }
}

const fn counter(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Counter }
}

const fn gauge(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Gauge }
}

const MICRO: f64 = 1e-6;
const NANO: f64 = 1e-9;
/// Version 1 tells the largest number of pages for no limit.
const NO_LIMIT: f64 = 9e18;
