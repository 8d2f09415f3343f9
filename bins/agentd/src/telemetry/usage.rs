//! From what the host told to what the rule about bottlenecks judges.

use wardkit_detect::bottleneck::{
    CgroupUsage, DiskUsage, LimitUsage, NetworkUsage, Pressure, ProcessUsage, Usage,
};
use wardkit_metrics::host::{self, HostSnapshot};

use super::float;

/// Translates the host's own numbers. Pressures are of the last minute, and so is everything that the rule says; the
/// rest is of the last two collections.
pub(super) fn usage(host: &HostSnapshot) -> Usage {
    let mut usage = Usage::default();
    usage.cpu.cores = f64::from(host.cpus);
    usage.cpu.busy = host.cpu_busy.unwrap_or(0.0);
    usage.cpu.stolen = host.cpu_stolen.unwrap_or(0.0);
    usage.cpu.runnable = host.load1.unwrap_or(0.0);
    usage.cpu.pressure = host.cpu_pressure.map(pressure);
    usage.memory.total = host.memory_total.map_or(0.0, float);
    usage.memory.available = host.memory_available.map_or(0.0, float);
    usage.memory.pressure = host.memory_pressure.map(pressure);
    usage.io_pressure = host.io_pressure.map(pressure);
    let disk = |disk: &host::DiskUse| DiskUsage::new(&disk.device, disk.busy.unwrap_or(0.0));
    usage.disks = host.disks.iter().map(disk).collect();
    usage.networks = host.networks.iter().map(network).collect();
    usage.descriptors = limit(host.files_open, host.files_limit);
    usage.threads = limit(host.threads, host.threads_limit);
    let held_back = |group: &host::CgroupUse| group.throttled.unwrap_or(0.0);
    let worst = host.cgroups.iter().max_by(|a, b| held_back(a).total_cmp(&held_back(b)));
    usage.cgroup = worst.map(cgroup);
    usage.processes = host.processes.iter().map(process).collect();
    usage
}

fn pressure(found: host::Pressure) -> Pressure {
    Pressure { some: found.some_avg60, full: found.full_avg60 }
}

fn network(device: &host::NetworkUse) -> NetworkUsage {
    let (received, sent) = (device.received.unwrap_or(0.0), device.sent.unwrap_or(0.0));
    let (lost, packets) = (device.lost.unwrap_or(0.0), device.packets.unwrap_or(0.0));
    let mut usage = NetworkUsage::new(&device.device);
    usage.bytes_per_second = received.max(sent);
    usage.capacity = device.capacity.unwrap_or(0.0);
    usage.lost = if lost > 0.0 { lost / (lost + packets) } else { 0.0 };
    usage
}

fn limit(used: Option<u64>, limit: Option<u64>) -> Option<LimitUsage> {
    Some(LimitUsage { used: float(used?), limit: float(limit?) })
}

fn cgroup(group: &host::CgroupUse) -> CgroupUsage {
    let mut usage = CgroupUsage::new(&group.path);
    usage.throttled = group.throttled.unwrap_or(0.0);
    usage.memory = limit(group.memory, group.memory_limit).unwrap_or_default();
    usage
}

fn process(one: &host::ProcessUse) -> ProcessUsage {
    let mut usage = ProcessUsage::new(one.pid, &one.name);
    usage.cpu = one.cpu.unwrap_or(0.0);
    usage.resident = float(one.resident);
    usage.threads = float(one.threads);
    usage.read = one.read.unwrap_or(0.0);
    usage.written = one.written.unwrap_or(0.0);
    usage
}
