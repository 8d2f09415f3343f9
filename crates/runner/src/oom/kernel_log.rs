//! Whom the kernel says it has killed because memory ran out.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::time::ClockId;
use wardkit_process::Identity;

/// The log of the kernel, read from where it was left when somebody asks.
#[derive(Debug)]
pub(crate) struct KernelLog {
    path: PathBuf,
    /// Open once somebody has asked; it cannot be opened everywhere.
    file: Option<File>,
    /// The last that were killed.
    victims: VecDeque<Victim>,
}

/// A process that was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Victim {
    pid: u32,
    /// Since the boot, without the time that the host slept.
    at: Duration,
}

impl Default for KernelLog {
    fn default() -> Self {
        Self::at("/dev/kmsg")
    }
}

impl KernelLog {
    /// Reads from another file.
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), file: None, victims: VecDeque::new() }
    }

    /// Tells whether a process was killed because memory ran out; no, where the log cannot be read.
    pub(crate) fn has_killed(&mut self, identity: &Identity) -> bool {
        // Whoever may not read it will not be able to later.
        let _ = self.read();
        let started = identity.since_boot();
        // The log's clock stands still while the host sleeps.
        let slept = now(ClockId::Boottime).saturating_sub(now(ClockId::Monotonic));
        let is_it = |victim: &Victim| {
            victim.pid == identity.pid && victim.at.saturating_add(slept + ROUNDING) >= started
        };
        self.victims.iter().any(is_it)
    }

    fn read(&mut self) -> io::Result<()> {
        let nonblock = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
        let file = match &mut self.file {
            Some(file) => file,
            file => {
                file.insert(OpenOptions::new().read(true).custom_flags(nonblock).open(&self.path)?)
            }
        };
        let mut record = vec![0; LONGEST];
        for _ in 0..MOST_RECORDS {
            match file.read(&mut record) {
                Ok(0) => return Ok(()),
                Ok(length) => {
                    let Some(victim) = victim(record.get(..length).unwrap_or_default()) else {
                        continue;
                    };
                    if self.victims.len() >= MOST_VICTIMS {
                        self.victims.pop_front();
                    }
                    self.victims.push_back(victim);
                }
                // What was read next has been written over, or does not fit.
                Err(error) if is_passed_over(&error) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn is_passed_over(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::InvalidInput | io::ErrorKind::Interrupted
    )
}

/// Reads a record: `priority,sequence,microseconds,flags;text`.
fn victim(record: &[u8]) -> Option<Victim> {
    let text = String::from_utf8_lossy(record);
    let (prefix, text) = text.split_once(';')?;
    let mut fields = prefix.split(',');
    let priority: u32 = fields.next()?.parse().ok()?;
    let micros: u64 = fields.nth(1)?.parse().ok()?;
    // Other programs may write here, too, but not in the kernel's name.
    if priority >> 3 != 0 {
        return None;
    }
    let (why, whom) = text.split_once(": Killed process ")?;
    if !WHY.iter().any(|known| why.starts_with(known)) {
        return None;
    }
    let pid = whom.split([' ', '(']).next()?.parse().ok()?;
    Some(Victim { pid, at: Duration::from_micros(micros) })
}

fn now(clock: ClockId) -> Duration {
    Duration::try_from(rustix::time::clock_gettime(clock)).unwrap_or_default()
}

/// Of the host, and of a group.
const WHY: [&str; 2] = ["Out of memory", "Memory cgroup out of memory"];

/// What the kernel writes at most in one.
const LONGEST: usize = 8 * 1024;

/// More than any kernel keeps; a log that is written faster than it is read ends somewhere.
const MOST_RECORDS: usize = 1 << 20;

const MOST_VICTIMS: usize = 256;

/// A process's start is known to a tick, and the two clocks are not read at once.
const ROUNDING: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_log_is_read_on_and_a_number_of_long_ago_is_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kmsg");
        let mut file = File::create(&path).unwrap();
        let mut say = |seconds: u64, pid: u32| {
            let micros = seconds * 1_000_000;
            let text = format!("3,1,{micros},-;Out of memory: Killed process {pid} (bot)\n");
            file.write_all(text.as_bytes()).unwrap();
        };
        let mut log = KernelLog::at(&path);
        // A hundred seconds after the boot, at a hundred ticks a second.
        let identity = Identity::new("boot", 42, 10_000);
        assert!(!log.has_killed(&identity));
        say(1, 43);
        assert!(!log.has_killed(&identity));
        let slept = now(ClockId::Boottime).saturating_sub(now(ClockId::Monotonic));
        if slept < Duration::from_secs(50) {
            say(50, 42);
            assert!(!log.has_killed(&identity));
        }
        say(200, 42);
        assert!(log.has_killed(&identity));
        assert!(!KernelLog::at(folder.path().join("none")).has_killed(&identity));
    }

    #[test]
    fn the_kernel_names_whom_it_has_killed() {
        let killed = "Killed process 4711 (Killed process 1) total-vm:99kB, anon-rss:9kB, UID:0";
        for (record, expected) in [
            (format!("3,12,5000000,-;Out of memory: {killed}\n SUBSYSTEM=x\n"), Some(4711)),
            (
                format!("3,12,5000000,-,caller=T1;Memory cgroup out of memory: {killed}\n"),
                Some(4711),
            ),
            (
                format!("3,12,5000000,-;Out of memory (oom_kill_allocating_task): {killed}"),
                Some(4711),
            ),
            // A program says so, or a program's name does.
            (format!("11,12,5000000,-;Out of memory: {killed}"), None),
            (format!("3,12,5000000,-;segfault in x: {killed}"), None),
            ("3,12,5000000,-;Out of memory: Killed process x (y)".to_owned(), None),
            ("3,12,5000000,-;Out of memory: Killed process 99999999999 (y)".to_owned(), None),
            ("3,12;Out of memory: Killed process 1 (y)".to_owned(), None),
            (String::new(), None),
            ("\u{fffd};;;".to_owned(), None),
        ] {
            let found = victim(record.as_bytes());
            assert_eq!(found.map(|victim| victim.pid), expected, "{record}");
            assert!(found.is_none_or(|victim| victim.at == Duration::from_secs(5)));
        }
    }
}
