//! What goes into a program and what comes out, each up to its limit.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::event::PollFlags;
use rustix::io::Errno;

use crate::native::start::setup;
use crate::{Input, SandboxError};

/// What is handed to a program.
#[derive(Debug)]
pub(crate) struct Feed<'a> {
    /// The way to the program, until there is no more.
    pipe: Option<OwnedFd>,
    bytes: &'a [u8],
    source: Option<BorrowedFd<'a>>,
    /// What was read from the source and is to be written.
    buffer: Vec<u8>,
    /// How much more may be read.
    left: u64,
}

impl<'a> Feed<'a> {
    pub(crate) fn new(pipe: Option<OwnedFd>, input: Input<'a>, limit: u64) -> Self {
        let (bytes, source) = match input {
            Input::Bytes(bytes) => (bytes, None),
            Input::Open(source) => (&[][..], Some(source)),
        };
        let pipe = pipe.filter(|_| source.is_some() || !bytes.is_empty());
        Self { pipe, bytes, source, buffer: Vec::new(), left: limit }
    }

    /// Returns what has to be waited for.
    pub(crate) fn wants(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let pipe = self.pipe.as_ref()?;
        match self.source {
            Some(source) if self.buffer.is_empty() => Some((source, PollFlags::IN)),
            _ => Some((pipe.as_fd(), PollFlags::OUT)),
        }
    }

    /// Reads or writes once.
    pub(crate) fn step(&mut self) -> Result<(), SandboxError> {
        let Some(pipe) = &self.pipe else { return Ok(()) };
        if let (Some(source), true) = (self.source, self.buffer.is_empty()) {
            return self.read(source);
        }
        let waiting = if self.source.is_some() { &self.buffer } else { self.bytes };
        match rustix::io::write(pipe, waiting) {
            Ok(written) if self.source.is_some() => {
                self.buffer.drain(..written);
            }
            Ok(written) => {
                self.bytes = self.bytes.get(written..).unwrap_or_default();
                if self.bytes.is_empty() {
                    self.pipe = None;
                }
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            // It does not want to read any more.
            Err(_) => self.pipe = None,
        }
        Ok(())
    }

    fn read(&mut self, source: BorrowedFd<'_>) -> Result<(), SandboxError> {
        let mut part = vec![0; PART];
        match rustix::io::read(source, &mut part) {
            Ok(0) => self.pipe = None,
            Ok(read) => {
                let long = u64::try_from(read).unwrap_or(u64::MAX);
                let Some(left) = self.left.checked_sub(long) else {
                    return Err(SandboxError::Invalid {
                        what: "the input".into(),
                        reason: "is longer than the policy allows".into(),
                    });
                };
                self.left = left;
                part.truncate(read);
                self.buffer = part;
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(errno) => return Err(setup("reading the input")(errno.into())),
        }
        Ok(())
    }
}

/// One stream of what a program gives.
#[derive(Debug)]
pub(crate) struct Flow {
    is_open: bool,
    /// How much more may come.
    left: u64,
}

impl Flow {
    pub(crate) fn new(limit: u64) -> Self {
        Self { is_open: true, left: limit }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Passes on what is there; returns whether it fits into the limit.
    pub(crate) fn step(
        &mut self,
        pipe: &OwnedFd,
        pass: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let mut part = vec![0; PART];
        match rustix::io::read(pipe, &mut part) {
            Ok(0) => self.is_open = false,
            Ok(read) => {
                let left = usize::try_from(self.left).unwrap_or(usize::MAX);
                let fitting = read.min(left);
                self.left -= u64::try_from(fitting).unwrap_or(self.left);
                pass(part.get(..fitting).unwrap_or_default())?;
                if fitting < read {
                    self.is_open = false;
                    return Ok(false);
                }
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(true)
    }

    /// Passes on what is left of a program that has ended; never waits for more.
    pub(crate) fn drain(
        &mut self,
        pipe: &OwnedFd,
        pass: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        while self.is_open {
            let before = self.left;
            if !self.step(pipe, pass)? {
                return Ok(false);
            }
            if self.left == before {
                self.is_open = false;
            }
        }
        Ok(true)
    }
}

/// As much as a pipe holds.
const PART: usize = 64 * 1024;
