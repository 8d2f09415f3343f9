//! From a pipe into the file, so that at no moment a line is in neither of them or in both.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use memchr::memrchr;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, SpliceFlags};
use wardkit_core::Clock;

use super::{Writer, Written};

/// Looks at what lies in pipes without taking it. One does for any number of pipes.
#[derive(Debug)]
pub struct Peek {
    read: OwnedFd,
    write: OwnedFd,
    buffer: Vec<u8>,
}

impl Peek {
    /// Creates one.
    ///
    /// # Errors
    ///
    /// When there are too many descriptors.
    pub fn new() -> io::Result<Self> {
        let (read, write) = pipe()?;
        Ok(Self { read, write, buffer: vec![0; SEEN] })
    }

    /// Returns what lies at the front of a pipe, up to 64 KiB; nothing when it is empty.
    ///
    /// # Errors
    ///
    /// When it is no pipe, or is not open for reading.
    pub fn look(&mut self, pipe: impl AsFd) -> io::Result<&[u8]> {
        let pipe = pipe.as_fd();
        let count = loop {
            match rustix::pipe::tee(pipe, &self.write, SEEN, SpliceFlags::NONBLOCK) {
                Ok(count) => break count,
                Err(Errno::AGAIN) => break 0,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        };
        let mut filled = 0;
        while filled < count {
            match rustix::io::read(&self.read, &mut self.buffer[filled..count]) {
                Ok(read) if read > 0 => filled += read,
                Err(Errno::INTR) => {}
                result => {
                    // What is left in there would be seen as another pipe's.
                    (self.read, self.write) = self::pipe()?;
                    return Err(result
                        .map_or_else(io::Error::from, |_| io::ErrorKind::UnexpectedEof.into()));
                }
            }
        }
        Ok(&self.buffer[..count])
    }

    /// Tells whether there is no room in a pipe, so that whoever writes to it waits. It must be open for writing, too.
    ///
    /// # Errors
    ///
    /// When the kernel does not say.
    pub fn is_full(pipe: impl AsFd) -> io::Result<bool> {
        let mut fds = [PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::OUT)];
        rustix::event::poll(&mut fds, Some(&Timespec::default()))?;
        Ok(!fds[0].revents().contains(PollFlags::OUT))
    }
}

impl Writer {
    /// Takes whole lines out of a pipe, at whose front lies `seen`; of a line longer than [`Limits::max_line`] a part
    /// is taken. Nobody else may read from the pipe.
    ///
    /// Lines go from the pipe into the file within one system call, so that a program that is killed neither loses nor
    /// doubles one. Where the file system cannot do that, the lines of one call may come twice.
    ///
    /// [`Limits::max_line`]: super::Limits::max_line
    ///
    /// # Errors
    ///
    /// When nothing can be written; then all is still in the pipe. When a part can, that part is taken, as when there is
    /// hardly any room on the disk. The caller tries again, or gives up with [`Writer::skip_from`].
    pub fn take_from(
        &mut self,
        clock: &dyn Clock,
        pipe: impl AsFd,
        seen: &[u8],
    ) -> io::Result<Written> {
        let end = match memrchr(b'\n', seen) {
            Some(place) => place + 1,
            None if seen.len() >= self.limits.max_line => seen.len(),
            None => return Ok(Written::default()),
        };
        self.take_part_from(clock, pipe, &seen[..end])
    }

    /// Takes all of `seen` out of a pipe, also a line without end; see [`Writer::end`].
    ///
    /// # Errors
    ///
    /// As [`Writer::take_from`].
    pub fn take_part_from(
        &mut self,
        clock: &dyn Clock,
        pipe: impl AsFd,
        seen: &[u8],
    ) -> io::Result<Written> {
        let pipe = pipe.as_fd();
        // Somebody may have emptied the file in place.
        self.length = self.file.metadata()?.len();
        let mut written = Written::default();
        let (allowed, refused) = match &mut self.rate {
            Some(bucket) => seen.split_at(bucket.allow(clock.uptime(), seen)),
            None => (seen, [].as_slice()),
        };
        if !allowed.is_empty() {
            if self.must_rotate(allowed.len()) {
                self.rotate(clock)?;
                written.rotated = true;
            }
            self.write_mark()?;
            written.taken = self.splice(pipe, allowed)?;
            if written.taken < allowed.len() {
                return Ok(written);
            }
        }
        if !refused.is_empty() {
            written.left_out = self.skip_from(pipe, refused, super::TOO_FAST)?;
            written.taken += refused.len();
        }
        Ok(written)
    }

    /// Takes `seen` out of a pipe and leaves it out; the file says so, and why, where it goes on. Returns how many
    /// lines that were.
    ///
    /// # Errors
    ///
    /// When the pipe does not hold as much.
    pub fn skip_from(&mut self, pipe: impl AsFd, seen: &[u8], reason: &str) -> io::Result<u64> {
        discard(pipe.as_fd(), seen.len())?;
        Ok(self.leave_out(seen, reason))
    }

    /// Moves lines into the file, and returns how much of them before the first failure.
    fn splice(&mut self, pipe: BorrowedFd<'_>, lines: &[u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < lines.len() {
            let (mut at, rest) = (self.length, lines.len() - done);
            let flags = SpliceFlags::NONBLOCK;
            match rustix::pipe::splice(pipe, None, &self.file, Some(&mut at), rest, flags) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(moved) => {
                    done += moved;
                    self.length += moved as u64;
                    (self.is_dirty, self.is_open) = (true, lines[done - 1] != b'\n');
                }
                Err(Errno::INTR) => {}
                // The file system cannot.
                Err(Errno::INVAL) => {
                    self.write_here(&lines[done..])?;
                    discard(pipe, rest)?;
                    self.is_open = !lines.ends_with(b"\n");
                    return Ok(lines.len());
                }
                Err(_) if done > 0 => return Ok(done),
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(done)
    }
}

/// Takes so much out of a pipe, and keeps nothing of it.
///
/// # Errors
///
/// When the pipe does not hold as much.
pub fn discard(pipe: impl AsFd, count: usize) -> io::Result<()> {
    let mut buffer = [0; 8192];
    let mut rest = count;
    while rest > 0 {
        let most = rest.min(buffer.len());
        match rustix::io::read(&pipe, &mut buffer[..most]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => rest -= read,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    // Pieces that were written one by one lie apart, and as many are seen as there is room for. Less is seen where it
    // may not be larger.
    let _ = rustix::pipe::fcntl_setpipe_size(&write, 1 << 20);
    Ok((read, write))
}

/// As long as the longest line that is waited for by default.
const SEEN: usize = 64 << 10;
