//! One pass over all processes.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, RawDir, SeekFrom, seek};
use rustix::io::Errno;

use super::{Process, stat};
use crate::Error;
use crate::host::linux::file::{Scratch, open, open_at, unreadable};
use crate::host::linux::parse::number;

/// All processes, at two passes.
#[derive(Debug)]
pub(super) struct Scan {
    path: PathBuf,
    proc: Option<OwnedFd>,
    entries: Vec<u8>,
    pids: Vec<u32>,
    /// Opening costs twice what reading costs. An open file does not follow a number that is used again: reading it
    /// fails once its process is gone.
    kept: HashMap<u32, OwnedFd>,
    /// By number.
    pub(super) now: Vec<Process>,
    pub(super) before: Vec<Process>,
}

impl Scan {
    pub(super) fn new(proc: &Path) -> Self {
        Self {
            path: proc.to_owned(),
            proc: None,
            entries: Vec::new(),
            pids: Vec::new(),
            kept: HashMap::new(),
            now: Vec::new(),
            before: Vec::new(),
        }
    }

    /// Looks at all processes. One that is gone by the time it is looked at is none.
    ///
    /// # Errors
    ///
    /// When the list of processes cannot be read.
    pub(super) fn run(&mut self, scratch: &mut Scratch) -> Result<(), Error> {
        self.list().map_err(|errno| {
            self.proc = None;
            unreadable(&self.path, errno)
        })?;
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.clear();
        for at in 0..self.pids.len() {
            let pid = self.pids[at];
            if let Ok(process) = self.look(pid, scratch) {
                self.now.extend(process.filter(|process| process.pid == pid));
            }
        }
        let now = &self.now;
        self.kept.retain(|pid, _| now.binary_search_by_key(pid, |process| process.pid).is_ok());
        Ok(())
    }

    /// Returns the process with a number.
    pub(super) fn find(&self, pid: u32) -> Option<usize> {
        self.now.binary_search_by_key(&pid, |process| process.pid).ok()
    }

    /// Returns what was seen of the same process at the pass before.
    pub(super) fn previous(&self, process: &Process) -> Option<&Process> {
        let at = self.before.binary_search_by_key(&process.pid, |before| before.pid).ok()?;
        self.before.get(at).filter(|before| before.start == process.start)
    }

    /// Opens a file of a process.
    pub(super) fn open(&self, pid: u32, file: &str) -> Result<OwnedFd, Errno> {
        self.open_with(pid, file, OFlags::empty())
    }

    /// Counts the open files of a process.
    pub(super) fn open_files(&mut self, pid: u32) -> Result<u64, Errno> {
        let directory = self.open_with(pid, "fd", OFlags::DIRECTORY)?;
        // Linux 6.2 and later keep count.
        let size = rustix::fs::fstat(&directory)?.st_size;
        if let Ok(count @ 1..) = u64::try_from(size) {
            return Ok(count);
        }
        let mut count = 0;
        self.entries.clear();
        self.entries.reserve(ENTRIES);
        let mut entries = RawDir::new(&directory, self.entries.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            count += u64::from(!entry?.file_name().to_bytes().starts_with(b"."));
        }
        Ok(count)
    }

    fn open_with(&self, pid: u32, file: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        let proc = self.proc.as_ref().ok_or(Errno::NOENT)?;
        let mut path = PathText::default();
        path.push_number(pid);
        path.push(b'/');
        for byte in file.bytes() {
            path.push(byte);
        }
        open_at(proc, path.as_bytes(), flags)
    }

    fn list(&mut self) -> Result<(), Errno> {
        let proc = match &mut self.proc {
            Some(proc) => {
                seek(&*proc, SeekFrom::Start(0))?;
                proc
            }
            none => none.insert(open(&self.path)?),
        };
        self.pids.clear();
        self.entries.clear();
        self.entries.reserve(ENTRIES);
        let mut entries = RawDir::new(proc.as_fd(), self.entries.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let pid = number(entry?.file_name().to_bytes()).and_then(|pid| u32::try_from(pid).ok());
            if let Some(pid) = pid.filter(|_| self.pids.len() < MOST_PROCESSES) {
                self.pids.push(pid);
            }
        }
        // procfs tells them in order; a made-up tree need not.
        self.pids.sort_unstable();
        self.pids.dedup();
        Ok(())
    }

    fn look(&mut self, pid: u32, scratch: &mut Scratch) -> Result<Option<Process>, Errno> {
        if let Some(file) = self.kept.get(&pid) {
            if let Some(process) = scratch.read_small(file).ok().and_then(stat::parse) {
                return Ok(Some(process));
            }
            self.kept.remove(&pid);
        }
        let file = self.open(pid, "stat")?;
        let process = stat::parse(scratch.read_small(&file)?);
        if self.kept.len() < MOST_KEPT {
            self.kept.insert(pid, file);
        }
        Ok(process)
    }
}

/// `4194304/stat`, without a heap for each of thousands.
#[derive(Default)]
struct PathText {
    bytes: [u8; 24],
    length: usize,
}

impl PathText {
    fn push(&mut self, byte: u8) {
        if let Some(at) = self.bytes.get_mut(self.length) {
            *at = byte;
            self.length += 1;
        }
    }

    fn push_number(&mut self, number: u32) {
        let mut divisor = 1_000_000_000;
        while divisor > 1 && number / divisor == 0 {
            divisor /= 10;
        }
        while divisor > 0 {
            let digit = (number / divisor % 10).to_le_bytes()[0];
            self.push(b'0' + digit);
            divisor /= 10;
        }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Some thousand names a call.
const ENTRIES: usize = 32 * 1024;
/// Beyond it a host is not described by a list.
const MOST_PROCESSES: usize = 100_000;
/// A quarter of what a program may usually have open.
const MOST_KEPT: usize = 256;
