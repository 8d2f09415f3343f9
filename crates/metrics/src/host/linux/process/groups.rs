//! Groups of processes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::Process;
use super::scan::Scan;
use super::top::{Bytes, read_io};
use crate::host::linux::cgroup::members;
use crate::host::linux::file::{Scratch, open, unreadable};
use crate::host::linux::parse::{number, sample, words};
use crate::host::{HostConfig, HostPaths, ProcessGroup};
use crate::{Error, Family, Kind, Samples};

#[derive(Debug)]
pub(super) struct Groups {
    all: Vec<Group>,
    cgroups: PathBuf,
    /// The group of each process of the pass.
    member_of: Vec<Member>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Unknown,
    Of(usize),
    OfNone,
}

#[derive(Debug)]
struct Group {
    config: ProcessGroup,
    /// What was counted of each of its processes so far. A sum over those that live would fall with each that ends.
    counted: HashMap<(u32, u64), Counted>,
    user: u64,
    system: u64,
    bytes: Option<Bytes>,
    sums: Sums,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    user: u64,
    system: u64,
    bytes: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    processes: u64,
    threads: u64,
    resident: u64,
    /// In pages; `None` when it is not known of one of them.
    anonymous: Option<u64>,
    files: u64,
    unreadable: u64,
    oldest: Option<u64>,
}

impl Groups {
    pub(super) fn new(paths: &HostPaths, config: &HostConfig) -> Self {
        let group = |config: &ProcessGroup| Group {
            config: config.clone(),
            counted: HashMap::new(),
            user: 0,
            system: 0,
            bytes: None,
            sums: Sums::default(),
        };
        Self {
            all: config.processes.iter().map(group).collect(),
            cgroups: paths.sys.join("fs/cgroup"),
            member_of: Vec::new(),
        }
    }

    /// Sums up the groups and appends them.
    ///
    /// # Errors
    ///
    /// When it cannot be told who is in a group. Nobody being in it is no error.
    pub(super) fn collect(
        &mut self,
        scan: &mut Scan,
        boot_time: Option<u64>,
        scratch: &mut Scratch,
        out: &mut Samples,
    ) -> Result<(), Error> {
        if self.all.is_empty() {
            return Ok(());
        }
        let outcome = self.select(scan, scratch);
        self.follow_parents(scan);
        for group in &mut self.all {
            group.sums = Sums { anonymous: Some(0), ..Sums::default() };
        }
        for at in 0..scan.now.len() {
            if let Member::Of(group) = self.member_of[at] {
                self.all[group].add(at, scan, scratch);
            }
        }
        for group in &mut self.all {
            group.counted.retain(|(pid, start), _| {
                scan.find(*pid).is_some_and(|at| scan.now[at].start == *start)
            });
        }
        push(&self.all, boot_time, out);
        outcome
    }

    /// Finds those whom a group names itself.
    fn select(&mut self, scan: &Scan, scratch: &mut Scratch) -> Result<(), Error> {
        self.member_of.clear();
        self.member_of.resize(scan.now.len(), Member::Unknown);
        let mut outcome = Ok(());
        for (group, Group { config, .. }) in self.all.iter().enumerate() {
            let mut take = |at: usize| {
                if self.member_of[at] == Member::Unknown {
                    self.member_of[at] = Member::Of(group);
                }
            };
            if let Some(command) = &config.command {
                let is_it = |process: &Process| process.name.as_bytes() == command.as_bytes();
                (0..scan.now.len()).filter(|&at| is_it(&scan.now[at])).for_each(&mut take);
            }
            let named = match (&config.pid_file, &config.cgroup) {
                (Some(file), _) => read_pid(file).map(Vec::from_iter),
                (None, Some(cgroup)) => members(&self.cgroups, cgroup, scratch),
                (None, None) => continue,
            };
            match named {
                Ok(pids) => pids.into_iter().filter_map(|pid| scan.find(pid)).for_each(take),
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }

    /// Gives everybody the group of the nearest ancestor that has one.
    fn follow_parents(&mut self, scan: &Scan) {
        let mut path = Vec::new();
        for from in 0..scan.now.len() {
            let mut at = from;
            path.clear();
            let found = loop {
                match self.member_of[at] {
                    Member::Unknown => {}
                    known => break known,
                }
                // Ends a circle, which parents that were seen at different moments can make.
                self.member_of[at] = Member::OfNone;
                path.push(at);
                match scan.find(scan.now[at].parent) {
                    Some(parent) => at = parent,
                    None => break Member::OfNone,
                }
            };
            for &at in &path {
                self.member_of[at] = found;
            }
        }
    }
}

impl Group {
    fn add(&mut self, at: usize, scan: &mut Scan, scratch: &mut Scratch) {
        let process = scan.now[at];
        let bytes = read_io(scan, process.pid, scratch);
        let files = scan.open_files(process.pid);
        let anonymous = read_anonymous(scan, process.pid, scratch);
        let sums = &mut self.sums;
        sums.processes += 1;
        sums.threads = sums.threads.saturating_add(process.threads);
        sums.resident = sums.resident.saturating_add(process.resident);
        sums.anonymous =
            sums.anonymous.zip(anonymous).map(|(sum, pages)| sum.saturating_add(pages));
        sums.files = sums.files.saturating_add(files.unwrap_or_default());
        sums.unreadable += u64::from(bytes.is_none() || files.is_err());
        sums.oldest = Some(sums.oldest.map_or(process.start, |oldest| oldest.min(process.start)));
        let now = Counted { user: process.user, system: process.system, bytes };
        let before = match self.counted.get(&process.id()) {
            Some(before) => *before,
            // It was there before and did what it did elsewhere.
            None if scan.previous(&process).is_some() => now,
            None => Counted { bytes: Some(Bytes::default()), ..Counted::default() },
        };
        self.user = self.user.saturating_add(now.user.saturating_sub(before.user));
        self.system = self.system.saturating_add(now.system.saturating_sub(before.system));
        if let Some((now, before)) = now.bytes.zip(before.bytes) {
            let sum = self.bytes.get_or_insert_default();
            sum.read = sum.read.saturating_add(now.read.saturating_sub(before.read));
            sum.written = sum.written.saturating_add(now.written.saturating_sub(before.written));
        }
        let bytes = now.bytes.or(before.bytes);
        self.counted.insert(process.id(), Counted { bytes, ..now });
    }
}

/// Reads from `/proc/PID/statm` how many pages are neither of a file nor shared: what the process allocated itself.
fn read_anonymous(scan: &Scan, pid: u32, scratch: &mut Scratch) -> Option<u64> {
    let file = scan.open(pid, "statm").ok()?;
    let mut numbers = words(scratch.read_small(&file).ok()?).skip(1).map(number);
    let (resident, shared) = (numbers.next()??, numbers.next()??);
    Some(resident.saturating_sub(shared))
}

/// Returns the number in a file, or nothing when there is no file or no number in it.
fn read_pid(path: &Path) -> Result<Option<u32>, Error> {
    let file = match open(path) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
        Err(errno) => return Err(unreadable(path, errno)),
    };
    let mut text = Vec::new();
    // A pipe would give nothing, or never end.
    let read = match file.metadata() {
        Ok(metadata) if metadata.is_file() => file.take(LONGEST_PID).read_to_end(&mut text),
        Ok(_) => Err(ErrorKind::InvalidInput.into()),
        Err(source) => Err(source),
    };
    read.map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(number(line.trim_ascii()).and_then(|pid| u32::try_from(pid).ok()))
}

fn push(groups: &[Group], boot_time: Option<u64>, out: &mut Samples) {
    let page = rustix::param::page_size() as u64;
    let ticks = sample(rustix::param::clock_ticks_per_second().max(1));
    out.family(CPU);
    for group in groups {
        let name = group.config.name.as_str();
        for (mode, spent) in [("system", group.system), ("user", group.user)] {
            out.push(&[("group", name), ("mode", mode)], sample(spent) / ticks);
        }
    }
    let mut push = |family, value: &dyn Fn(&Group) -> Option<f64>| {
        out.family(family);
        for group in groups {
            if let Some(value) = value(group) {
                out.push(&[("group", &group.config.name)], value);
            }
        }
    };
    push(PROCESSES, &|group| Some(sample(group.sums.processes)));
    push(THREADS, &|group| Some(sample(group.sums.threads)));
    push(RESIDENT, &|group| Some(sample(group.sums.resident.saturating_mul(page))));
    push(ANONYMOUS, &|group| {
        let known = group.sums.anonymous.filter(|_| group.sums.processes > 0)?;
        Some(sample(known.saturating_mul(page)))
    });
    push(FILES, &|group| Some(sample(group.sums.files)));
    push(UNREADABLE, &|group| Some(sample(group.sums.unreadable)));
    push(READ, &|group| group.bytes.map(|bytes| sample(bytes.read)));
    push(WRITTEN, &|group| group.bytes.map(|bytes| sample(bytes.written)));
    push(OLDEST, &|group| Some(sample(boot_time?) + sample(group.sums.oldest?) / ticks));
}

/// Room for a number and its line's end.
const LONGEST_PID: u64 = 64;

const fn gauge(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Gauge }
}

const fn counter(name: &'static str, help: &'static str) -> Family<'static> {
    Family { name, help, kind: Kind::Counter }
}

const CPU: Family<'static> = counter(
    "process_group_cpu_seconds_total",
    "Processor time of a group of processes, of those that ended too.",
);
const PROCESSES: Family<'static> = gauge("process_group_processes", "Processes in a group.");
const THREADS: Family<'static> = gauge("process_group_threads", "Threads of a group.");
const RESIDENT: Family<'static> = gauge(
    "process_group_resident_memory_bytes",
    "Memory of a group; what its processes share counts for each.",
);
const ANONYMOUS: Family<'static> = gauge(
    "process_group_anonymous_memory_bytes",
    "Memory that a group allocated itself: neither of files nor shared. It is what a leak adds to.",
);
const FILES: Family<'static> = gauge("process_group_open_fds", "Open files of a group.");
const UNREADABLE: Family<'static> = gauge(
    "process_group_unreadable_processes",
    "Processes of a group whose open files or disk use may not be read.",
);
const READ: Family<'static> =
    counter("process_group_read_bytes_total", "Bytes that a group read from disks.");
const WRITTEN: Family<'static> =
    counter("process_group_written_bytes_total", "Bytes that a group wrote to disks.");
const OLDEST: Family<'static> = gauge(
    "process_group_oldest_start_time_seconds",
    "When the oldest process of a group began, in Unix time.",
);
