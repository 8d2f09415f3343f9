//! Files of procfs that are read again and again.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{Errno, pread};

use crate::Error;

/// A file whose descriptor stays open: the kernel writes its text anew whenever it is read from the start.
#[derive(Debug)]
pub(super) struct KeptFile {
    path: PathBuf,
    file: Option<OwnedFd>,
}

impl KeptFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Returns the file's text as it is now.
    pub(super) fn read<'b>(&mut self, scratch: &'b mut Scratch) -> Result<&'b [u8], Error> {
        let read = self.fill(scratch);
        let length = read.map_err(|source| match source {
            Fault::Io(errno) => unreadable(&self.path, errno),
            Fault::TooLong => Error::TooLong { path: self.path.clone(), limit: LONGEST },
        })?;
        Ok(&scratch.bytes[..length])
    }

    /// Returns the file's text, when it is short enough to come in one piece.
    pub(super) fn read_small<'b>(&mut self, scratch: &'b mut Scratch) -> Result<&'b [u8], Error> {
        let length = match &self.file {
            Some(file) => scratch.read_small(file).ok().map(<[u8]>::len),
            None => None,
        };
        match length {
            Some(length) => Ok(&scratch.bytes[..length]),
            None => self.read(scratch),
        }
    }

    /// Returns the file's text, or nothing when there is no such file.
    pub(super) fn read_if_there<'b>(
        &mut self,
        scratch: &'b mut Scratch,
    ) -> Result<Option<&'b [u8]>, Error> {
        match self.read(scratch) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.is_absence() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns that something is not in the file.
    pub(super) fn lacks(&self, what: &'static str) -> Error {
        Error::Malformed { path: self.path.clone(), what }
    }

    fn fill(&mut self, scratch: &mut Scratch) -> Result<usize, Fault> {
        if let Some(file) = &self.file {
            match scratch.fill(file) {
                Err(Fault::Io(_)) => self.file = None,
                read => return read,
            }
        }
        // The first try, or what it belonged to went away and may have come back.
        let file = open(&self.path)?;
        let read = scratch.fill(&file)?;
        self.file = Some(file);
        Ok(read)
    }
}

/// The one buffer that everything is read into.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    bytes: Vec<u8>,
}

impl Scratch {
    /// Reads a file from its start and returns how many bytes it has.
    fn fill(&mut self, file: impl AsFd) -> Result<usize, Fault> {
        let mut length = 0;
        loop {
            if length == self.bytes.len() {
                if length >= LONGEST {
                    return Err(Fault::TooLong);
                }
                self.bytes.resize((length * 2).max(FIRST), 0);
            }
            let read = match pread(&file, &mut self.bytes[length..], length as u64) {
                Ok(0) => return Ok(length),
                Ok(read) => read,
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(Fault::Io(errno)),
            };
            length += read;
        }
    }

    /// Reads a file of any length from its start.
    pub(super) fn read_whole(&mut self, file: impl AsFd) -> Result<&[u8], Errno> {
        match self.fill(file) {
            Ok(length) => Ok(&self.bytes[..length]),
            Err(Fault::Io(errno)) => Err(errno),
            Err(Fault::TooLong) => Err(Errno::FBIG),
        }
    }

    /// Reads a small file, whose text comes in one piece, from its start.
    pub(super) fn read_small(&mut self, file: impl AsFd) -> Result<&[u8], Errno> {
        if self.bytes.len() < SMALL {
            self.bytes.resize(FIRST, 0);
        }
        loop {
            match pread(&file, &mut self.bytes[..SMALL], 0) {
                Ok(read) => return Ok(&self.bytes[..read]),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

enum Fault {
    Io(Errno),
    TooLong,
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        Self::Io(errno)
    }
}

/// Opens a file for reading. A pipe in its place does not hold it up.
pub(super) fn open(path: &Path) -> Result<OwnedFd, Errno> {
    open_at(CWD, path, OFlags::empty())
}

/// Opens a file below a directory for reading.
pub(super) fn open_at(
    directory: impl AsFd,
    path: impl rustix::path::Arg,
    flags: OFlags,
) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    openat(directory, path, flags, Mode::empty())
}

pub(super) fn unreadable(path: &Path, errno: Errno) -> Error {
    Error::Unreadable { path: path.to_owned(), source: io::Error::from(errno) }
}

/// For the files below `/proc/sys` the kernel takes and clears as much memory as is asked for, which costs more than
/// all else of reading them.
const SMALL: usize = 4096;
/// What most files fit into.
const FIRST: usize = 64 * 1024;
/// No file here is longer: a million lines of statistics are none.
const LONGEST: usize = 16 * 1024 * 1024;
