//! Numbers of one run, from its groups where they tell, otherwise summed up over its processes.
//!
//! Memory is what the limit counts less what the system takes back by itself: files that were read or written and are
//! not in use. Without a group it is the proportional share of each process, so that what a server's workers have in
//! common counts once; where that may not be read, what is resident, in which it counts for each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wardkit_process::{Cgroup, Procfs, Scan, Stat};
use wardkit_supervise::Measure;

use super::{Watched, What};
use crate::cgroups::Groups;
use crate::pressure::{self, Whose};

/// Where numbers are read.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    procfs: PathBuf,
}

/// A number of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) value: f64,
    /// It only grows, and what counts is how fast, in a second.
    pub(crate) grows: bool,
    /// What is to be known of it.
    pub(crate) remark: Option<&'static str>,
}

impl Default for Meter {
    fn default() -> Self {
        Self { procfs: "/proc".into() }
    }
}

impl Meter {
    /// Reads a number.
    ///
    /// # Errors
    ///
    /// What keeps it from being read, for people.
    pub(crate) fn read(&self, run: &Watched, what: What, scan: &Scan) -> Result<Reading, String> {
        let from_groups = of_groups(&run.groups, what);
        if let Some(reading) = from_groups {
            return Ok(reading);
        }
        if let What::Rule(
            measure @ (Measure::MemoryPressure | Measure::CpuPressure | Measure::IoPressure),
        ) = what
        {
            let host = self.procfs.join("pressure");
            let waited = pressure::waited(measure, run.groups.unified.as_ref(), &host)?;
            let remark = (waited.of == Whose::Host).then_some(OF_THE_HOST);
            return Ok(Reading { value: waited.total.as_secs_f64(), grows: true, remark });
        }
        let members = run.tree.members_in(scan).map_err(|error| crate::start::chain(&error))?;
        self.of_processes(&members, what)
    }

    fn of_processes(&self, members: &[Stat], what: What) -> Result<Reading, String> {
        let measure = match what {
            What::Anonymous => {
                return sum(members, |pid| self.memory(pid, "Pss_Anon:")).map(Reading::now);
            }
            What::Rule(measure) => measure,
        };
        match measure {
            Measure::Memory => sum(members, |pid| self.memory(pid, "Pss:")).map(Reading::now),
            Measure::Cpu => {
                let used = members.iter().map(|stat| Procfs::processor_time(stat).as_secs_f64());
                Ok(Reading { value: used.sum(), grows: true, remark: None })
            }
            Measure::OpenFiles => sum(members, |pid| self.open_files(pid)).map(Reading::now),
            Measure::Threads => {
                Ok(Reading::now(members.iter().map(|stat| f64::from(stat.threads)).sum()))
            }
            Measure::Processes => Ok(Reading::now(float(members.len() as u64))),
            Measure::Disk => sum(members, |pid| self.written(pid)).map(Reading::now),
            _ => Err("this program does not know how".to_owned()),
        }
    }

    fn memory(&self, pid: u32, name: &str) -> io::Result<u64> {
        match fs::read_to_string(self.of(pid, "smaps_rollup")) {
            Ok(text) => field(&text, name).map(|kilobytes| kilobytes.saturating_mul(1024)),
            Err(error) if is_gone(&error) => Err(error),
            // It is another user's, or the kernel is older than 4.14.
            Err(_) => {
                let text = fs::read_to_string(self.of(pid, "statm"))?;
                let mut pages =
                    text.split(' ').skip(1).map_while(|pages| pages.parse::<u64>().ok());
                let (resident, shared) = (pages.next().unwrap_or(0), pages.next().unwrap_or(0));
                let counted =
                    if name == "Pss:" { resident } else { resident.saturating_sub(shared) };
                Ok(counted.saturating_mul(rustix::param::page_size() as u64))
            }
        }
    }

    fn open_files(&self, pid: u32) -> io::Result<u64> {
        let path = self.of(pid, "fd");
        // Since Linux 6.2 the size of the folder is how many there are.
        match fs::metadata(&path)?.len() {
            0 => Ok(fs::read_dir(&path)?.count() as u64),
            count => Ok(count),
        }
    }

    /// Returns what a process and its children that were waited for have written to disk.
    fn written(&self, pid: u32) -> io::Result<u64> {
        field(&fs::read_to_string(self.of(pid, "io"))?, "write_bytes:")
    }

    fn of(&self, pid: u32, file: &str) -> PathBuf {
        self.procfs.join(format!("{pid}/{file}"))
    }
}

impl Reading {
    fn now(value: f64) -> Self {
        Self { value, grows: false, remark: None }
    }
}

/// Adds up over processes; those that have ended meanwhile are left out.
fn sum(members: &[Stat], each: impl Fn(u32) -> io::Result<u64>) -> Result<f64, String> {
    let mut sum: u64 = 0;
    for stat in members {
        match each(stat.pid) {
            Ok(value) => sum = sum.saturating_add(value),
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(format!("process {}: {error}", stat.pid)),
        }
    }
    Ok(float(sum))
}

/// Reads a number that the groups of a run tell.
fn of_groups(groups: &Groups, what: What) -> Option<Reading> {
    let unified = groups.unified.as_ref().map(Cgroup::path);
    let legacy = groups.memory_v1.as_ref().map(Cgroup::path);
    match what {
        What::Rule(Measure::Memory) => {
            let unified = || in_use(unified?, "memory.current", "inactive_file");
            let legacy = || in_use(legacy?, "memory.usage_in_bytes", "total_inactive_file");
            unified().or_else(legacy).map(Reading::now)
        }
        What::Anonymous => {
            let of = |path: &Path, name| {
                let text = fs::read_to_string(path.join("memory.stat")).ok()?;
                field(&text, name).ok()
            };
            let unified = || of(unified?, "anon");
            let legacy = || of(legacy?, "total_rss");
            unified().or_else(legacy).map(|bytes| Reading::now(float(bytes)))
        }
        What::Rule(Measure::Cpu) => {
            let text = fs::read_to_string(unified?.join("cpu.stat")).ok()?;
            let micros = field(&text, "usage_usec").ok()?;
            Some(Reading { value: float(micros) / 1e6, grows: true, remark: None })
        }
        What::Rule(_) => None,
    }
}

/// Returns the memory of a group less files that are not in use.
fn in_use(group: &Path, file: &str, inactive: &str) -> Option<f64> {
    let all: u64 = fs::read_to_string(group.join(file)).ok()?.trim().parse().ok()?;
    let inactive = field(&fs::read_to_string(group.join("memory.stat")).ok()?, inactive).ok()?;
    Some(float(all.saturating_sub(inactive)))
}

/// Returns the number after a name at the begin of a line.
fn field(text: &str, name: &str) -> io::Result<u64> {
    let find = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        (words.next() == Some(name)).then(|| words.next()?.parse().ok())?
    };
    text.lines().find_map(find).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("there is no {}", name.trim_end_matches(':')),
        )
    })
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        || error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error())
}

#[expect(clippy::cast_precision_loss, reason = "nobody limits to the byte beyond 8 PiB")]
fn float(value: u64) -> f64 {
    value as f64
}

const OF_THE_HOST: &str =
    "this is the pressure of the whole host, since the service has no group of its own";
