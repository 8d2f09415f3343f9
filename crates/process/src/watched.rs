use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::{Error, Process, Procfs, pid_file};

/// What a PID file leads to that another program wrote.
#[derive(Debug)]
#[non_exhaustive]
pub enum Watched {
    /// The process that it names, held.
    Running(Process),
    /// It names no process, or another one.
    Stale {
        /// The number that it holds, if it holds one.
        pid: Option<u32>,
        /// Why it is not believed.
        why: Stale,
    },
    /// There is no such file.
    Missing,
}

/// Why a PID file is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stale {
    /// It holds no number.
    NoNumber,
    /// No process has the number.
    NotRunning,
    /// The process that has it is not what was asked for.
    OtherProgram,
    /// The process that has it started after the file was written. A clock that was set looks the same: search for the
    /// process by its command line before you start another.
    StartedLater,
}

/// A process as it shows itself, to be recognised or not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// Its number.
    pub pid: u32,
    /// Its arguments, with spaces between them; what is no UTF-8 is replaced.
    pub command_line: String,
    /// The path of its program, where it may be seen.
    pub program: Option<PathBuf>,
}

impl Watched {
    /// Reads a PID file and verifies what it leads to: the process is opened first and looked at then, so that a
    /// number that changes hands meanwhile leads nowhere.
    ///
    /// # Errors
    ///
    /// When the file is there and cannot be read, or the kernel refuses to hold the process.
    pub fn read(path: &Path, is_wanted: impl Fn(&Candidate) -> bool) -> Result<Self, Error> {
        let file = match pid_file::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Missing),
            Err(source) => return Err(Error::file(path)(source)),
        };
        let metadata = file.metadata().map_err(Error::file(path))?;
        if !metadata.is_file() {
            return Err(Error::Malformed { path: path.into(), reason: "is no regular file" });
        }
        let Some(pid) = pid_file::number(&file) else {
            return Ok(Self::Stale { pid: None, why: Stale::NoNumber });
        };
        let stale = |why| Ok(Self::Stale { pid: Some(pid), why });
        let process = match Process::with_pid(pid) {
            Ok(process) => process,
            Err(Error::Gone { .. }) => return stale(Stale::NotRunning),
            Err(error) => return Err(error),
        };
        let procfs = Procfs::default();
        let looked = Candidate::of(&procfs, pid).and_then(|candidate| {
            Ok((candidate, Procfs::since_boot(&procfs.stat(pid)?).as_secs()))
        });
        let (candidate, since_boot) = match looked {
            Ok(looked) => looked,
            Err(Error::Gone { .. }) => return stale(Stale::NotRunning),
            Err(error) => return Err(error),
        };
        if process.has_ended()? {
            return stale(Stale::NotRunning);
        }
        if !is_wanted(&candidate) {
            return stale(Stale::OtherProgram);
        }
        let started = procfs.booted()?.saturating_add(since_boot);
        let written = u64::try_from(metadata.mtime()).unwrap_or(0);
        if started > written.saturating_add(CLOCK_SLACK) {
            return stale(Stale::StartedLater);
        }
        Ok(Self::Running(process))
    }
}

impl Candidate {
    /// Looks at a process.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] when there is none, others when it may not be looked at.
    pub fn of(procfs: &Procfs, pid: u32) -> Result<Self, Error> {
        let mut arguments = procfs.command_line(pid)?;
        while arguments.last() == Some(&0) {
            arguments.pop();
        }
        for byte in &mut arguments {
            if *byte == 0 {
                *byte = b' ';
            }
        }
        let command_line = OsString::from_vec(arguments).to_string_lossy().into_owned();
        Ok(Self { pid, command_line, program: fs::read_link(format!("/proc/{pid}/exe")).ok() })
    }
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoNumber => "holds no number",
            Self::NotRunning => "names a process that is gone",
            Self::OtherProgram => "names another program's process",
            Self::StartedLater => "names a process that started after it was written",
        })
    }
}

/// Searches all processes for those that are wanted; threads of the kernel and this process are left out.
///
/// # Errors
///
/// When the processes cannot be listed.
pub fn search(is_wanted: impl Fn(&Candidate) -> bool) -> Result<Vec<Process>, Error> {
    let procfs = Procfs::default();
    hold(procfs.pids()?, |pid| {
        Candidate::of(&procfs, pid)
            .is_ok_and(|found| !found.command_line.is_empty() && is_wanted(&found))
    })
}

/// Searches all processes for those that were started with a variable of a value that is wanted, and may be asked.
///
/// # Errors
///
/// When the processes cannot be listed.
pub fn search_marked(
    name: impl Into<OsString>,
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Result<Vec<Process>, Error> {
    let procfs = Procfs::default();
    let name = name.into();
    hold(procfs.pids()?, |pid| procfs.variable(pid, &name).is_some_and(|value| is_wanted(&value)))
}

/// Opens those that are wanted, and looks at each once more when it is open: so what is returned is what was looked at.
fn hold(pids: Vec<u32>, is_wanted: impl Fn(u32) -> bool) -> Result<Vec<Process>, Error> {
    let mut found = Vec::new();
    for pid in pids {
        if pid == std::process::id() || !is_wanted(pid) {
            continue;
        }
        match Process::with_pid(pid) {
            Ok(process) if is_wanted(pid) && !process.has_ended()? => found.push(process),
            Ok(_) | Err(Error::Gone { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The start of a process is known to a hundredth of a second, the boot to a second, and the file may have been written
/// before the start was over.
const CLOCK_SLACK: u64 = 2;
