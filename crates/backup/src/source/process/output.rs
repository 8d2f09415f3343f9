//! What a program writes, for as long as somebody is to wait for it.

use std::fs::File;
use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags};

/// What a program writes. It ends when all that can write have ended, and fails when the program is stopped: something
/// that the program left behind may hold its output open for ever.
#[derive(Debug)]
pub(in crate::source) struct Output {
    pipe: File,
    stopped: Arc<PipeReader>,
}

impl Output {
    pub(super) fn new(pipe: OwnedFd, stopped: Arc<PipeReader>) -> Self {
        Self { pipe: pipe.into(), stopped }
    }

    /// Reads to the end, and returns the last of it.
    pub(super) fn into_tail(mut self) -> Vec<u8> {
        let mut tail = Vec::new();
        let mut block = [0; TAIL];
        // After the program was stopped, no more than a pipe holds was written before.
        let mut left = LARGEST_PIPE;
        while let Ok(read @ 1..) = self.read(&mut block) {
            tail.extend_from_slice(&block[..read]);
            tail.drain(..tail.len().saturating_sub(TAIL));
            if self.wait().is_ok_and(|ready| ready.is_stopped) {
                left = left.saturating_sub(read);
            }
            if left == 0 {
                break;
            }
        }
        tail
    }

    /// Waits until there is something to read, or nothing to wait for.
    fn wait(&self) -> io::Result<Ready> {
        let mut polled = [
            PollFd::from_borrowed_fd(self.pipe.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.stopped.as_fd(), PollFlags::IN),
        ];
        rustix::io::retry_on_intr(|| rustix::event::poll(&mut polled, None))?;
        let [has_output, is_stopped] = polled.map(|polled| !polled.revents().is_empty());
        Ok(Ready { has_output, is_stopped })
    }
}

impl Read for Output {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.wait()?.has_output {
            return self.pipe.read(buffer);
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "the program was stopped"))
    }
}

struct Ready {
    has_output: bool,
    is_stopped: bool,
}

/// How much of what a program says of its failure is kept.
const TAIL: usize = 4096;

/// The default of Linux, times what an ordinary user may make of it.
const LARGEST_PIPE: usize = 1 << 20;
