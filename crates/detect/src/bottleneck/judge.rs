//! The rule: how long did work wait for each resource, measured or estimated.

use super::report::{Culprit, Report, Resource, Row, percent};
use super::usage::{CgroupUsage, LimitUsage, Pressure, ProcessUsage, Usage};

/// The share of the window from which waiting makes a resource short. Below a tenth, hosts that nobody complains about
/// wait too: every `fsync` shows.
pub const STALLED: f64 = 0.10;

/// The share of a limit from which what is left is called short. From here to the limit the row counts as standing
/// still ever longer, so that it is ranked with the others.
pub const LIMIT_USED: f64 = 0.90;

/// Judges what was short.
///
/// Waiting is the kernel's own measure (`/proc/pressure`) where it was given. Without it, it is estimated from what is
/// always there: tasks beyond the processors, disks that were busy beyond nine tenths, memory that is all but gone.
#[must_use]
pub fn judge(usage: &Usage) -> Report {
    let mut rows: Vec<Row> = [cpu, memory, disk, network, descriptors, threads, quota]
        .iter()
        .filter_map(|rule| rule(usage))
        .collect();
    rows.sort_by(|a, b| b.short.cmp(&a.short).then(b.stalled.total_cmp(&a.stalled)));
    Report { window: usage.window, rows }
}

fn cpu(usage: &Usage) -> Option<Row> {
    let cpu = &usage.cpu;
    if cpu.cores.is_nan() || cpu.cores <= 0.0 {
        return None;
    }
    let busy = share(cpu.busy);
    // Those that wait, of those that would run.
    let waiting = share(1.0 - cpu.cores / cpu.runnable.max(cpu.cores));
    let estimate = if busy >= 0.9 { waiting } else { 0.0 };
    // The kernel's `full` means nothing for the processors of a whole host: some task always runs.
    let stalled = share(cpu.pressure.map_or(estimate, |pressure| pressure.some));
    let stolen = share(cpu.stolen);
    let detail = (stolen >= 0.05).then(|| format!("{} stolen by the hypervisor", percent(stolen)));
    let culprit = top(&usage.processes, "top user", |process| process.cpu);
    Some(Row { detail, culprit, ..row(Resource::Cpu, Some(busy), stalled) })
}

fn memory(usage: &Usage) -> Option<Row> {
    let memory = &usage.memory;
    let host = (memory.total > 0.0).then(|| share(1.0 - memory.available / memory.total));
    let group = usage.cgroup.as_ref().and_then(|group| Some((&group.name, taken(group.memory)?)));
    // The tighter of the two is the one that is felt.
    let group = group.filter(|(_, used)| *used > host.unwrap_or(0.0));
    let used = group.map(|(_, used)| used).or(host);
    if used.is_none() && memory.pressure.is_none() && memory.killed == 0 {
        return None;
    }
    // Without the kernel's measure: nothing waits while a twentieth is left, all does when nothing is.
    let estimate = used.map_or(0.0, |used| share((used - 0.95) / 0.05));
    let waited = share(memory.pressure.map_or(estimate, |pressure| pressure.some));
    // Who was killed waits for ever.
    let stalled = if memory.killed > 0 { 1.0 } else { waited };
    let killed = match memory.killed {
        0 => None,
        1 => Some("1 process was killed for want of it".to_owned()),
        killed => Some(format!("{killed} processes were killed for want of it")),
    };
    let detail = killed.or_else(|| {
        let (name, used) = group?;
        Some(format!("group {} uses {} of its limit", name.escape_default(), percent(used)))
    });
    let culprit = top(&usage.processes, "top user", |process| process.resident);
    Some(Row {
        detail,
        culprit,
        ..with_full(row(Resource::Memory, used, stalled), memory.pressure)
    })
}

fn disk(usage: &Usage) -> Option<Row> {
    let busiest = usage.disks.iter().max_by(|a, b| share(a.busy).total_cmp(&share(b.busy)));
    let busy = busiest.map(|disk| share(disk.busy));
    if busy.is_none() && usage.io_pressure.is_none() {
        return None;
    }
    let estimate = busy.map_or(0.0, |busy| share((busy - 0.9) / 0.1));
    let stalled = share(usage.io_pressure.map_or(estimate, |pressure| pressure.some));
    let detail = busiest.map(|disk| {
        format!("busiest disk {} {}", disk.name.escape_default(), percent(share(disk.busy)))
    });
    let sum = |number: fn(&ProcessUsage) -> f64| -> f64 {
        usage.processes.iter().map(|process| finite(number(process))).sum()
    };
    let culprit = if sum(|process| process.read) > sum(|process| process.written) {
        top(&usage.processes, "top reader", |process| process.read)
    } else {
        top(&usage.processes, "top writer", |process| process.written)
    };
    Some(Row {
        detail,
        culprit,
        ..with_full(row(Resource::DiskIo, busy, stalled), usage.io_pressure)
    })
}

fn network(usage: &Usage) -> Option<Row> {
    let rate =
        |bytes: f64, capacity: f64| if capacity > 0.0 { share(bytes / capacity) } else { 0.0 };
    let judged = usage.networks.iter().map(|device| {
        let used = rate(device.bytes_per_second, device.capacity);
        // A hundredth of the packets lost halves what a connection carries, a tenth all but ends it.
        let stalled = share((used - 0.9) / 0.1).max(share(device.lost * 10.0));
        (device, used, stalled)
    });
    let (device, used, stalled) =
        judged.max_by(|a, b| a.2.total_cmp(&b.2).then(a.1.total_cmp(&b.1)))?;
    let lost = share(device.lost);
    let name = device.name.escape_default();
    let detail = if lost >= 0.001 {
        format!("{name} loses {:.1} % of its packets", lost * 100.0)
    } else {
        format!("busiest device {name}")
    };
    let used = (device.capacity > 0.0).then_some(used);
    Some(Row { detail: Some(detail), ..row(Resource::Network, used, stalled) })
}

fn descriptors(usage: &Usage) -> Option<Row> {
    let culprit = top(&usage.processes, "top user", |process| process.descriptors);
    limit(Resource::Descriptors, usage.descriptors?, culprit)
}

fn threads(usage: &Usage) -> Option<Row> {
    let culprit = top(&usage.processes, "top user", |process| process.threads);
    limit(Resource::Threads, usage.threads?, culprit)
}

fn quota(usage: &Usage) -> Option<Row> {
    let CgroupUsage { name, throttled, .. } = usage.cgroup.as_ref()?;
    let detail = Some(format!("group {}", name.escape_default()));
    let culprit = top(&usage.processes, "top user", |process| process.cpu);
    Some(Row { detail, culprit, ..row(Resource::CpuQuota, None, share(*throttled)) })
}

fn limit(resource: Resource, usage: LimitUsage, culprit: Option<Culprit>) -> Option<Row> {
    let used = taken(usage)?;
    let mut row = row(resource, Some(used), share((used - LIMIT_USED) / (1.0 - LIMIT_USED)));
    row.short = used >= LIMIT_USED;
    row.culprit = culprit;
    Some(row)
}

/// Returns the share of a limit that is taken, when there is a limit.
fn taken(usage: LimitUsage) -> Option<f64> {
    (usage.limit > 0.0).then(|| share(usage.used / usage.limit))
}

fn row(resource: Resource, used: Option<f64>, stalled: f64) -> Row {
    let short = stalled >= STALLED;
    Row { resource, used, stalled, stalled_fully: None, short, detail: None, culprit: None }
}

fn with_full(row: Row, pressure: Option<Pressure>) -> Row {
    Row { stalled_fully: pressure.map(|pressure| share(pressure.full)), ..row }
}

/// Returns the process with the highest number, unless that is nothing.
fn top(
    processes: &[ProcessUsage],
    role: &'static str,
    number: impl Fn(&ProcessUsage) -> f64,
) -> Option<Culprit> {
    let most = processes.iter().max_by(|a, b| finite(number(a)).total_cmp(&finite(number(b))))?;
    (finite(number(most)) > 0.0).then(|| Culprit { role, pid: most.pid, name: most.name.clone() })
}

/// Clamps a share from outside; what is no number is nothing.
fn share(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}
