//! The processes that use most.

use std::collections::HashMap;
use std::time::Duration;

use super::Process;
use super::scan::Scan;
use crate::host::linux::file::Scratch;
use crate::host::linux::parse::{number, sample, value_of};
use crate::host::{HostSnapshot, ProcessUse};

/// Bytes read and written of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bytes {
    pub(super) read: u64,
    pub(super) written: u64,
}

#[derive(Debug, Default)]
pub(super) struct Top {
    /// What each process had read and written at the last pass; empty unless disks were short then.
    bytes: HashMap<(u32, u64), Bytes>,
}

impl Top {
    pub(super) fn fill(
        &mut self,
        scan: &Scan,
        elapsed: Option<Duration>,
        facts: &mut HostSnapshot,
        scratch: &mut Scratch,
    ) {
        let rates = self.rates(scan, elapsed, facts, scratch);
        let seconds = elapsed.map(|elapsed| elapsed.as_secs_f64());
        let ticks = sample(rustix::param::clock_ticks_per_second().max(1));
        let page = rustix::param::page_size() as u64;
        let spent = |process: &Process| {
            let before = scan.previous(process)?;
            let user = process.user.saturating_sub(before.user);
            Some(user.saturating_add(process.system.saturating_sub(before.system)))
        };
        let mut wanted = Vec::with_capacity(3 * MOST);
        most(scan, |_, process| spent(process).unwrap_or_default(), &mut wanted);
        most(scan, |_, process| process.resident, &mut wanted);
        let sum = |at: usize| {
            rates.get(at).copied().flatten().map_or(0, |b| b.read.saturating_add(b.written))
        };
        most(scan, |at, _| sum(at), &mut wanted);
        wanted.sort_unstable();
        wanted.dedup();
        for at in wanted {
            let process = &scan.now[at];
            let rate = |of: fn(Bytes) -> u64| {
                let bytes = rates.get(at).copied().flatten()?;
                seconds.map(|seconds| sample(of(bytes)) / seconds)
            };
            facts.processes.push(ProcessUse {
                pid: process.pid,
                name: String::from_utf8_lossy(process.name.as_bytes()).into_owned(),
                cpu: spent(process).zip(seconds).map(|(spent, gap)| sample(spent) / ticks / gap),
                resident: process.resident.saturating_mul(page),
                threads: process.threads,
                read: rate(|bytes| bytes.read),
                written: rate(|bytes| bytes.written),
            });
        }
    }

    /// Returns what each process read and wrote since the last pass. It takes a file more of each, so it is asked only
    /// while something waits for disks.
    fn rates(
        &mut self,
        scan: &Scan,
        elapsed: Option<Duration>,
        facts: &HostSnapshot,
        scratch: &mut Scratch,
    ) -> Vec<Option<Bytes>> {
        let is_short = match facts.io_pressure {
            Some(pressure) => pressure.some_avg10 >= SHORT,
            None => facts.blocked.is_some_and(|blocked| blocked > 0),
        };
        if !is_short {
            self.bytes.clear();
            return Vec::new();
        }
        let mut bytes = HashMap::with_capacity(scan.now.len());
        let rates = scan.now.iter().map(|process| {
            // Threads of the kernel write what others wrote.
            if process.pid == KERNEL || process.parent == KERNEL {
                return None;
            }
            let before = self.bytes.get(&process.id());
            // Who neither computed nor waits did not write either.
            let is_idle = process.state != b'D'
                && scan.previous(process).is_some_and(|before| {
                    (before.user, before.system) == (process.user, process.system)
                });
            if let Some(before) = before.filter(|_| is_idle) {
                bytes.insert(process.id(), *before);
                return None;
            }
            let now = read_io(scan, process.pid, scratch)?;
            bytes.insert(process.id(), now);
            let before = before.filter(|_| elapsed.is_some())?;
            Some(Bytes {
                read: now.read.saturating_sub(before.read),
                written: now.written.saturating_sub(before.written),
            })
        });
        let rates = rates.collect();
        self.bytes = bytes;
        rates
    }
}

/// Reads `/proc/PID/io`, which only the process's owner and root may.
pub(super) fn read_io(scan: &Scan, pid: u32, scratch: &mut Scratch) -> Option<Bytes> {
    let file = scan.open(pid, "io").ok()?;
    let text = scratch.read_small(&file).ok()?;
    let value = |key: &[u8]| value_of(text, key).and_then(number);
    Some(Bytes { read: value(b"read_bytes:")?, written: value(b"write_bytes:")? })
}

/// Appends the places of the processes that have most of something.
fn most(scan: &Scan, of: impl Fn(usize, &Process) -> u64, wanted: &mut Vec<usize>) {
    let mut found: [(u64, usize); MOST] = [(0, 0); MOST];
    for (at, process) in scan.now.iter().enumerate() {
        let value = of(at, process);
        if value > found[MOST - 1].0 {
            found[MOST - 1] = (value, at);
            found.sort_unstable_by(|a, b| b.cmp(a));
        }
    }
    wanted.extend(found.iter().filter(|(value, _)| *value > 0).map(|(_, at)| *at));
}

/// How many of each kind.
const MOST: usize = 5;
/// The share of the last ten seconds in which something waited for a disk, from which on it matters who uses them.
const SHORT: f64 = 0.01;
/// `kthreadd`, and the parent of all its kind.
const KERNEL: u32 = 2;
