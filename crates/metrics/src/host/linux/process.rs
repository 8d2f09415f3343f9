//! Processes: all of them in one pass, those of each group summed up, and those that use most.

mod groups;
mod scan;
mod stat;
mod top;

use self::groups::Groups;
use self::scan::Scan;
use self::top::Top;
use super::file::KeptFile;
use super::parse::{number, sample, words};
use super::{Part, Scope};
use crate::host::{HostConfig, HostPaths};
use crate::{Error, Family, Kind, Samples};

/// A process as it was seen in one pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Process {
    pid: u32,
    parent: u32,
    /// When it began, in ticks since boot; with the number it is the process's identity.
    start: u64,
    state: u8,
    user: u64,
    system: u64,
    threads: u64,
    /// In pages.
    resident: u64,
    name: Name,
}

impl Process {
    fn id(&self) -> (u32, u64) {
        (self.pid, self.start)
    }
}

/// The kernel's name of a process: any bytes but zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Name {
    bytes: [u8; LONGEST_NAME],
    length: u8,
}

impl Name {
    fn new(bytes: &[u8]) -> Self {
        let mut name = Self::default();
        for (to, from) in name.bytes.iter_mut().zip(bytes) {
            *to = *from;
            name.length += 1;
        }
        name
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

#[derive(Debug)]
pub(super) struct Processes {
    scan: Scan,
    pid_max: KeptFile,
    groups: Groups,
    top: Top,
}

impl Processes {
    pub(super) fn new(paths: &HostPaths, config: &HostConfig) -> Self {
        Self {
            scan: Scan::new(&paths.proc),
            pid_max: KeptFile::new(paths.proc.join("sys/kernel/pid_max")),
            groups: Groups::new(paths, config),
            top: Top::default(),
        }
    }
}

impl Part for Processes {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error> {
        let Scope { scratch, facts, out, elapsed } = scope;
        self.scan.run(scratch)?;
        push_totals(&self.scan.now, out);
        let limit = self.pid_max.read_small(scratch).ok();
        if let Some(limit) = limit.and_then(|text| words(text).next().and_then(number)) {
            out.single(LIMIT, sample(limit));
        }
        self.top.fill(&self.scan, elapsed, facts, scratch);
        self.groups.collect(&mut self.scan, facts.boot_time, scratch, out)
    }
}

fn push_totals(processes: &[Process], out: &mut Samples) {
    let mut states = [0_u32; STATES.len()];
    let mut threads = 0_u64;
    for process in processes {
        threads = threads.saturating_add(process.threads);
        if let Some(at) = STATES.iter().position(|state| state.as_bytes() == [process.state]) {
            states[at] += 1;
        }
    }
    out.single(COUNT, sample(processes.len() as u64));
    out.single(THREADS, sample(threads));
    out.family(STATE);
    for (state, count) in STATES.iter().zip(states).filter(|(_, count)| *count > 0) {
        out.push(&[("state", state)], f64::from(count));
    }
}

/// `TASK_COMM_LEN` without its zero. Kernel threads have longer ones there, which nobody selects.
const LONGEST_NAME: usize = 15;

/// What `state` can be in `/proc/PID/stat`.
const STATES: [&str; 9] = ["D", "I", "P", "R", "S", "T", "X", "Z", "t"];

const fn gauge(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Gauge }
}

const COUNT: Family<'static> = gauge("node_processes_pids", "Processes.");
const THREADS: Family<'static> = gauge("node_processes_threads", "Threads of all processes.");
const STATE: Family<'static> = gauge("node_processes_state", "Processes in each state.");
const LIMIT: Family<'static> =
    gauge("node_processes_max_processes", "How high the numbers of processes and threads go.");
