//! Groups of processes with limits that the kernel keeps, in version 2 and in version 1.

mod host;

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use wardkit_process::Cgroup;

pub(crate) use host::{Controllers, name};

use crate::{Limits, Share};

/// What a group can limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Controller {
    Memory,
    Cpu,
    Tasks,
}

impl Controller {
    pub(crate) const ALL: [Self; 3] = [Self::Memory, Self::Cpu, Self::Tasks];

    /// Returns the kernel's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Tasks => "pids",
        }
    }
}

/// How limits are written in one version of the hierarchy, and what is read back.
pub(crate) trait CgroupDriver: std::fmt::Debug + Send + Sync {
    /// Returns the version's number.
    fn version(&self) -> u8;

    /// Returns the values of a group that keeps this limit: name, value, and whether the kernel must take it.
    fn values(&self, controller: Controller, limits: &Limits) -> Vec<(&'static str, String, bool)>;

    /// Returns the value that lifts the limit of processors.
    fn any_cpu(&self) -> (&'static str, &'static str);

    /// Returns how often a process of the group was ended for want of memory.
    fn memory_kills(&self, group: &Path) -> u64;

    /// Returns the most memory of the group.
    fn memory_peak(&self, group: &Path) -> Option<u64>;

    /// Returns how long the group stood still because its share was used up.
    fn throttled(&self, group: &Path) -> Duration;
}

/// Version 2: one group for everything.
#[derive(Debug)]
pub(crate) struct V2;

impl CgroupDriver for V2 {
    fn version(&self) -> u8 {
        2
    }

    fn values(&self, controller: Controller, limits: &Limits) -> Vec<(&'static str, String, bool)> {
        match controller {
            Controller::Memory => vec![
                ("memory.max", limits.memory.0.to_string(), true),
                // Not there on a host without swap.
                ("memory.swap.max", "0".into(), false),
                ("memory.oom.group", "1".into(), false),
            ],
            Controller::Cpu => {
                let (quota, period) = quota(limits.cpu);
                vec![("cpu.max", format!("{quota} {period}"), true)]
            }
            Controller::Tasks => vec![("pids.max", limits.tasks.to_string(), true)],
        }
    }

    fn any_cpu(&self) -> (&'static str, &'static str) {
        ("cpu.max", "max")
    }

    fn memory_kills(&self, group: &Path) -> u64 {
        number(&group.join("memory.events"), "oom_kill").unwrap_or(0)
    }

    fn memory_peak(&self, group: &Path) -> Option<u64> {
        fs::read_to_string(group.join("memory.peak")).ok()?.trim().parse().ok()
    }

    fn throttled(&self, group: &Path) -> Duration {
        Duration::from_micros(number(&group.join("cpu.stat"), "throttled_usec").unwrap_or(0))
    }
}

/// Version 1: a group in each controller's hierarchy.
#[derive(Debug)]
pub(crate) struct V1;

impl CgroupDriver for V1 {
    fn version(&self) -> u8 {
        1
    }

    fn values(&self, controller: Controller, limits: &Limits) -> Vec<(&'static str, String, bool)> {
        match controller {
            Controller::Memory => vec![
                ("memory.limit_in_bytes", limits.memory.0.to_string(), true),
                // Memory and swap together, which not every kernel counts.
                ("memory.memsw.limit_in_bytes", limits.memory.0.to_string(), false),
                ("memory.swappiness", "0".into(), false),
            ],
            Controller::Cpu => {
                let (quota, period) = quota(limits.cpu);
                vec![
                    ("cpu.cfs_period_us", period.to_string(), true),
                    ("cpu.cfs_quota_us", quota.to_string(), true),
                ]
            }
            Controller::Tasks => vec![("pids.max", limits.tasks.to_string(), true)],
        }
    }

    fn any_cpu(&self) -> (&'static str, &'static str) {
        ("cpu.cfs_quota_us", "-1")
    }

    fn memory_kills(&self, group: &Path) -> u64 {
        number(&group.join("memory.oom_control"), "oom_kill").unwrap_or(0)
    }

    fn memory_peak(&self, group: &Path) -> Option<u64> {
        fs::read_to_string(group.join("memory.max_usage_in_bytes")).ok()?.trim().parse().ok()
    }

    fn throttled(&self, group: &Path) -> Duration {
        Duration::from_nanos(number(&group.join("cpu.stat"), "throttled_time").unwrap_or(0))
    }
}

/// The groups of one run. They are removed when it is dropped; by then they must be empty.
#[derive(Debug, Default)]
pub(crate) struct Group {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    driver: &'static dyn CgroupDriver,
    cgroup: Cgroup,
    keeps: Vec<Controller>,
}

impl Group {
    /// Makes groups for as many limits as the host lets us.
    pub(crate) fn make(host: &Controllers, name: &str, limits: &Limits) -> Self {
        let mut group = Self::default();
        for (driver, parent, controllers) in host.parents() {
            let Ok(cgroup) = parent.child(name) else { continue };
            let keeps: Vec<_> = controllers
                .iter()
                .copied()
                .filter(|controller| set(&cgroup, driver, *controller, limits))
                .collect();
            if keeps.is_empty() {
                // It is new and empty; the next start of the host removes it at the latest.
                let _ = cgroup.remove();
            } else {
                group.parts.push(Part { driver, cgroup, keeps });
            }
        }
        group
    }

    /// Returns the version of the hierarchy that keeps this limit; `None` when none does.
    pub(crate) fn keeps(&self, controller: Controller) -> Option<u8> {
        self.part(controller).map(|part| part.driver.version())
    }

    /// Opens the groups of version 1, for the child to enter by writing `0`: itself alone. To be moved by another would
    /// have the kernel wait until no process of the host is being made, and to be born there would have its parent visit:
    /// each way has the scheduler choose anew, and costs the parent a slice on a busy host.
    pub(crate) fn doors(&self) -> io::Result<Vec<OwnedFd>> {
        let parts = self.parts.iter().filter(|part| part.driver.version() == 1);
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let open = |part: &Part| {
            Ok(rustix::fs::open(part.cgroup.path().join("tasks"), flags, Mode::empty())?)
        };
        parts.map(open).collect()
    }

    /// Opens the group that a child can be cloned into.
    pub(crate) fn entrance(&self) -> io::Result<Option<OwnedFd>> {
        let part = self.parts.iter().find(|part| part.driver.version() == 2);
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = |part: &Part| rustix::fs::open(part.cgroup.path(), flags, Mode::empty());
        Ok(part.map(open).transpose()?)
    }

    /// Ends everything in it, where the kernel can do that at once.
    pub(crate) fn kill(&self) {
        if let Some(part) = self.part(Controller::Cpu) {
            // Who has used up its share would wait for the next period before it can die.
            let (name, value) = part.driver.any_cpu();
            let _ = part.cgroup.set(name, value);
        }
        for part in &self.parts {
            // Version 1 has no such value; whoever calls kills by other means too.
            let _ = part.cgroup.kill();
        }
    }

    pub(crate) fn ran_out_of_memory(&self) -> bool {
        self.part(Controller::Memory)
            .is_some_and(|part| part.driver.memory_kills(part.cgroup.path()) > 0)
    }

    pub(crate) fn memory_peak(&self) -> Option<u64> {
        self.part(Controller::Memory).and_then(|part| part.driver.memory_peak(part.cgroup.path()))
    }

    pub(crate) fn throttled(&self) -> Duration {
        self.part(Controller::Cpu)
            .map(|part| part.driver.throttled(part.cgroup.path()))
            .unwrap_or_default()
    }

    fn part(&self, controller: Controller) -> Option<&Part> {
        self.parts.iter().find(|part| part.keeps.contains(&controller))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for part in &self.parts {
            // The kernel lets go of a group a moment after its last process was reaped.
            for _ in 0..REMOVALS {
                if part.cgroup.remove().is_ok() {
                    break;
                }
                let _ = part.cgroup.kill();
                let moment = rustix::time::Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
                let _ = rustix::thread::nanosleep(&moment);
            }
        }
    }
}

/// A tenth of a second in all.
const REMOVALS: u32 = 100;

fn set(
    cgroup: &Cgroup,
    driver: &dyn CgroupDriver,
    controller: Controller,
    limits: &Limits,
) -> bool {
    driver
        .values(controller, limits)
        .iter()
        .all(|(name, value, is_needed)| cgroup.set(name, value).is_ok() || !is_needed)
}

/// Returns a share as the time of processors in a period, both in microseconds.
fn quota(share: Share) -> (u64, u64) {
    let thousandths = u64::from(share.thousandths());
    // The kernel takes no quota below a millisecond.
    let period = if thousandths < 10 { 1_000_000 } else { 100_000 };
    (thousandths * period / 1_000, period)
}

fn number(file: &Path, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_become_quotas_that_the_kernel_takes() {
        let check = |text: &str, expected| {
            assert_eq!(quota(text.parse().expect("it is a share")), expected, "{text}");
        };
        check("10%", (10_000, 100_000));
        check("250%", (250_000, 100_000));
        check("0.1%", (1_000, 1_000_000));
        check("1%", (1_000, 100_000));
    }
}
