use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Error, Exit, Identity, Program};

/// The process file system, or a folder that looks like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procfs {
    root: PathBuf,
}

/// What the kernel says of a process in one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stat {
    /// Its number.
    pub pid: u32,
    /// `R`, `S`, `D` (cannot be interrupted), `T` (stopped), `Z` (ended, not reaped) and others.
    pub state: char,
    /// Its parent.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// When it started, in ticks since the boot.
    pub started: u64,
    /// What it has used of the processors, with its children that were waited for, in ticks.
    pub processor: u64,
    /// How many threads it has.
    pub threads: u32,
}

impl Stat {
    /// Tells whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

impl Default for Procfs {
    fn default() -> Self {
        Self { root: "/proc".into() }
    }
}

impl Procfs {
    /// Reads from another folder, for tests and for other roots.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Returns the identifier of this boot.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is empty.
    pub fn boot_id(&self) -> Result<String, Error> {
        let path = self.root.join("sys/kernel/random/boot_id");
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        match text.trim() {
            "" => Err(Error::Malformed { path, reason: "holds no boot id" }),
            id if id.len() > 64 => Err(Error::Malformed { path, reason: "is no boot id" }),
            id => Ok(id.to_owned()),
        }
    }

    /// Returns what the kernel says of a process.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] when there is none, others when its file cannot be read or is none.
    pub fn stat(&self, pid: u32) -> Result<Stat, Error> {
        let path = self.of(pid, "stat");
        let bytes = fs::read(&path).map_err(|source| gone_or(pid, &path, source))?;
        parse_stat(&bytes).ok_or(Error::Malformed { path, reason: "is no stat line" })
    }

    /// Returns the program that a process runs; `None` when it has ended, is the kernel's, or may not be looked at.
    #[must_use]
    pub fn program(&self, pid: u32) -> Option<Program> {
        let metadata = fs::metadata(self.of(pid, "exe")).ok()?;
        Some(Program { device: metadata.dev(), inode: metadata.ino() })
    }

    /// Returns the arguments of a process, each ended by NUL; none of a kernel's thread or of one that has ended.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] when there is no such process, others when its file cannot be read.
    pub fn command_line(&self, pid: u32) -> Result<Vec<u8>, Error> {
        let path = self.of(pid, "cmdline");
        self.read_settled(pid, &path, |_| false).map_err(|source| gone_or(pid, &path, source))
    }

    /// Returns the value of a variable that the process was started with, if this process may see it.
    #[must_use]
    pub fn variable(&self, pid: u32, name: &OsStr) -> Option<Vec<u8>> {
        let path = self.of(pid, "environ");
        // A program that was given none has a command line all the same.
        let has_none =
            |look| look > 2 && fs::read(self.of(pid, "cmdline")).is_ok_and(|line| !line.is_empty());
        let environment = self.read_settled(pid, &path, has_none).ok()?;
        let find =
            |entry: &[u8]| Some(entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?.to_vec());
        environment.split(|byte| *byte == 0).find_map(find)
    }

    /// Reads what a program was started with: there is nothing for a moment while one makes way for the next.
    fn read_settled(
        &self,
        pid: u32,
        path: &Path,
        has_none: impl Fn(usize) -> bool,
    ) -> io::Result<Vec<u8>> {
        let pause = rustix::event::Timespec { tv_sec: 0, tv_nsec: 200_000 };
        for look in 0..MOST_LOOKS {
            let bytes = fs::read(path)?;
            if !bytes.is_empty() || !self.has_program(pid) || has_none(look) {
                return Ok(bytes);
            }
            // Of no descriptor anything is heard: the pause passes.
            let _ = rustix::event::poll(&mut [], Some(&pause));
        }
        Ok(Vec::new())
    }

    /// Tells whether there is a program in it: what has ended and what is of the kernel's own has none.
    fn has_program(&self, pid: u32) -> bool {
        self.stat(pid)
            .is_ok_and(|stat| !stat.has_ended() && ![stat.pid, stat.parent].contains(&KTHREADD))
    }

    /// Returns the path of a process in the cgroup v2 hierarchy, from its root.
    #[must_use]
    pub fn cgroup(&self, pid: u32) -> Option<PathBuf> {
        let text = fs::read(self.of(pid, "cgroup")).ok()?;
        let find =
            |line: &[u8]| Some(Path::new(OsStr::from_bytes(line.strip_prefix(b"0::")?)).into());
        text.split(|byte| *byte == b'\n').find_map(find)
    }

    /// Returns the most memory that was resident, in bytes; `None` once the process has ended.
    #[must_use]
    pub fn peak_resident(&self, pid: u32) -> Option<u64> {
        let text = fs::read_to_string(self.of(pid, "status")).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        kilobytes.checked_mul(1024)
    }

    /// Returns the numbers of the children of a process, also of those that have ended and were not waited for; `None`
    /// where the kernel does not list them. Complete where no child is waited for meanwhile.
    #[must_use]
    pub fn children(&self, pid: u32) -> Option<Vec<u32>> {
        let mut children = Vec::new();
        for thread in fs::read_dir(self.of(pid, "task")).ok()? {
            let text = fs::read_to_string(thread.ok()?.path().join("children")).ok()?;
            children
                .extend(text.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
        Some(children)
    }

    /// Returns the numbers of all processes.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn pids(&self) -> Result<Vec<u32>, Error> {
        let entries = fs::read_dir(&self.root).map_err(Error::file(&self.root))?;
        let mut pids = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Error::file(&self.root))?;
            pids.extend(entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        Ok(pids)
    }

    /// Returns what the kernel says of all processes; one that ends meanwhile is left out.
    ///
    /// # Errors
    ///
    /// When the folder, or the file of a process that is there, cannot be read.
    pub fn processes(&self) -> Result<Vec<Stat>, Error> {
        let mut found = Vec::new();
        for pid in self.pids()? {
            match self.stat(pid) {
                Ok(stat) => found.push(stat),
                Err(Error::Gone { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Returns how a process ended whose parent has not asked yet; `None` when it has, and where we may not know.
    pub(crate) fn exit_of(&self, identity: &Identity) -> Option<Exit> {
        let bytes = fs::read(self.of(identity.pid, "stat")).ok()?;
        let stat = parse_stat(&bytes)?;
        if !stat.has_ended() || stat.started != identity.started {
            return None;
        }
        let status = parse_status(&bytes)?;
        // Those who may not know are told 0, too. The kernel asks for the same right here.
        let may_know = || fs::read_link(self.of(identity.pid, "ns/user")).is_ok();
        (status != 0 || may_know()).then(|| Exit::from_wait(status))
    }

    /// Returns how long after the boot a process started.
    #[must_use]
    pub fn since_boot(stat: &Stat) -> Duration {
        duration(stat.started)
    }

    /// Returns what a process has used of the processors, with its children that were waited for.
    #[must_use]
    pub fn processor_time(stat: &Stat) -> Duration {
        duration(stat.processor)
    }

    /// Returns how long the system is up, in the ticks in which starts are told.
    pub(crate) fn uptime(&self) -> Result<u64, Error> {
        let path = self.root.join("uptime");
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let ticks = || {
            let (seconds, hundredths) = text.split_whitespace().next()?.split_once('.')?;
            let (seconds, rest) = (seconds.parse::<u64>().ok()?, hundredths.parse::<u64>().ok()?);
            let per_second = rustix::param::clock_ticks_per_second();
            // Rounded up: what started in the same moment had started.
            let rest = rest.saturating_add(1).saturating_mul(per_second) / 100;
            Some(seconds.saturating_mul(per_second).saturating_add(rest))
        };
        ticks().ok_or(Error::Malformed { path, reason: "does not say how long the system is up" })
    }

    /// Returns when the system was booted, by its clock of today, in seconds since 1970.
    pub(crate) fn booted(&self) -> Result<u64, Error> {
        let path = self.root.join("stat");
        let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
        let line = text.lines().find_map(|line| line.strip_prefix("btime "));
        line.and_then(|seconds| seconds.trim().parse().ok())
            .ok_or(Error::Malformed { path, reason: "does not say when the system was booted" })
    }

    fn of(&self, pid: u32, file: &str) -> PathBuf {
        self.root.join(format!("{pid}/{file}"))
    }
}

pub(crate) fn duration(ticks: u64) -> Duration {
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    let rest = ticks % per_second;
    Duration::from_secs(ticks / per_second)
        + Duration::from_nanos(rest.saturating_mul(1_000_000_000) / per_second)
}

fn gone_or(pid: u32, path: &Path, source: io::Error) -> Error {
    let is_gone = source.kind() == io::ErrorKind::NotFound
        || source.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error());
    if is_gone { Error::Gone { pid } } else { Error::file(path)(source) }
}

/// The name stands in brackets and may hold brackets and spaces itself, so the last one ends it.
fn parse_stat(bytes: &[u8]) -> Option<Stat> {
    let name_starts = bytes.iter().position(|byte| *byte == b'(')?;
    let name_ends = bytes.iter().rposition(|byte| *byte == b')')?;
    let pid = std::str::from_utf8(bytes.get(..name_starts)?).ok()?.trim().parse().ok()?;
    let rest = std::str::from_utf8(bytes.get(name_ends + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    // A process outside our namespace has number 0; a kernel's thread has group and session 0. One that is just being
    // reaped has -1 for both.
    let mut number = || match fields.next()? {
        "-1" => Some(0),
        number => number.parse::<u32>().ok(),
    };
    let (parent, group, session) = (number()?, number()?, number()?);
    // Fields 14 to 17; the session was field 6.
    let mut used = fields.by_ref().skip(7);
    let mut ticks = || used.next()?.parse::<u64>().ok();
    let used = [ticks()?, ticks()?, ticks()?, ticks()?];
    let processor = used.into_iter().fold(0, u64::saturating_add);
    // Fields 20 and 22.
    let threads = fields.nth(2)?.parse().ok()?;
    let started = fields.nth(1)?.parse().ok()?;
    Some(Stat { pid, state, parent, group, session, started, processor, threads })
}

/// Field 52, the last one of those that are known today.
fn parse_status(stat: &[u8]) -> Option<i32> {
    let name_ends = stat.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(stat.get(name_ends + 1..)?).ok()?;
    rest.split_ascii_whitespace().nth(49)?.parse().ok()
}

/// The parent of all that is of the kernel's own.
const KTHREADD: u32 = 2;
/// One program makes way for the next in much less than the time of these, even on a busy machine.
const MOST_LOOKS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_is_read_of_the_one_that_was_meant_and_where_it_may_be_known() {
        let folder = tempfile::tempdir().unwrap();
        let procfs = Procfs::at(folder.path());
        let line = |state, status| {
            let between = "0 ".repeat(29);
            format!(
                "42 (a) b) {state} 1 7 7 0 -1 64 1 2 3 4 5 6 7 8 20 0 1 0 4711 {between}{status}\n"
            )
        };
        let identity = |started| Identity::new("boot", 42, started);
        fs::create_dir_all(folder.path().join("42/ns")).unwrap();
        let killed = Some(Exit::Signal { number: 9, core: false });
        for (state, status, started, expected) in [
            ('Z', "9", 4711, killed),
            ('Z', "10752", 4711, Some(Exit::Code(42))),
            ('Z', "9", 4712, None),
            ('S', "9", 4711, None),
            ('Z', "", 4711, None),
            // Ended well, or not ours to know.
            ('Z', "0", 4711, None),
        ] {
            fs::write(folder.path().join("42/stat"), line(state, status)).unwrap();
            assert_eq!(procfs.exit_of(&identity(started)), expected, "{state} {status} {started}");
        }
        std::os::unix::fs::symlink("user:[1]", folder.path().join("42/ns/user")).unwrap();
        assert_eq!(procfs.exit_of(&identity(4711)), Some(Exit::Code(0)));
        fs::remove_file(folder.path().join("42/stat")).unwrap();
        assert_eq!(procfs.exit_of(&identity(4711)), None);
    }

    #[test]
    fn a_stat_line_is_read_whatever_the_name_holds() {
        let tail = "S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 0 0";
        for name in ["sh", "a b", ") S 9 9 9", "((", ""] {
            let stat = parse_stat(format!("42 ({name}) {tail}\n").as_bytes()).unwrap();
            assert_eq!((stat.pid, stat.state, stat.parent), (42, 'S', 1), "{name}");
            assert_eq!((stat.group, stat.session, stat.started), (7, 7, 4711), "{name}");
            assert_eq!((stat.processor, stat.threads), (5 + 6 + 7 + 8, 1), "{name}");
        }
        let reaped = "42 (sh) X 0 -1 -1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 0 0 4711 0 0";
        let stat = parse_stat(reaped.as_bytes()).unwrap();
        assert!(stat.has_ended());
        assert_eq!((stat.group, stat.session, stat.threads), (0, 0, 0));
        for broken in
            ["", "42", "42 (sh", "42 sh) S 1", "x (sh) S 1 7 7", ")42(", "42 (sh) S 1 7 7 0"]
        {
            assert_eq!(parse_stat(broken.as_bytes()), None, "{broken}");
        }
    }
}
