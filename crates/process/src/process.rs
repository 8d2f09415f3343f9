use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags};

use crate::{Error, Exit, Identity, Likeness, Procfs, Signal, State, sys};

/// A process that is held by a pidfd, so that it is this one for ever: signals and waiting never reach another that
/// got its number later.
///
/// The descriptor becomes readable when the process ends, for children and strangers alike.
#[derive(Debug)]
pub struct Process {
    pidfd: OwnedFd,
    identity: Identity,
}

impl Process {
    /// Opens the process that was recorded.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] when it has ended or its number is another's, [`Error::Changed`] when it cannot be told, and
    /// [`Error::Watch`] when the kernel refuses.
    pub fn open(recorded: &Identity) -> Result<Self, Error> {
        let found = Self::with_pid(recorded.pid)?;
        match recorded.compare(&found.identity) {
            Likeness::Same => Ok(found),
            Likeness::Doubtful => Err(Error::Changed { pid: recorded.pid }),
            Likeness::Other => Err(Error::Gone { pid: recorded.pid }),
        }
    }

    /// Opens whatever process has a number now.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] when none lives under it, and [`Error::Watch`] when the kernel refuses.
    pub fn with_pid(pid: u32) -> Result<Self, Error> {
        let found = Self::of_child(pid)?;
        // Whoever lives now has lived since before its files were read, so they were its own.
        if found.has_ended()? { Err(Error::Gone { pid }) } else { Ok(found) }
    }

    /// Opens a child of this process that nobody has waited for yet, even if it has ended.
    ///
    /// # Errors
    ///
    /// As [`Process::with_pid`].
    pub fn of_child(pid: u32) -> Result<Self, Error> {
        let pidfd = rustix::process::pidfd_open(number(pid)?, PidfdFlags::NONBLOCK)
            .map_err(|errno| watch(pid, errno))?;
        let identity = Identity {
            pidfd_inode: sys::pidfd_inode(pidfd.as_fd()),
            ..Identity::read(&Procfs::default(), pid)?
        };
        Ok(Self { pidfd, identity })
    }

    /// Takes a pidfd that came from another process, and verifies that it is the recorded one's.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] when it is another's. A process that has ended is taken: how it ended may still be learnt.
    pub fn from_pidfd(pidfd: OwnedFd, recorded: &Identity) -> Result<Self, Error> {
        let gone = || Error::Gone { pid: recorded.pid };
        match (sys::pidfd_inode(pidfd.as_fd()), recorded.pidfd_inode) {
            (Some(inode), Some(expected)) if inode == expected => {}
            (Some(_), Some(_)) => return Err(gone()),
            // Without inodes it is the recorded one if both are alive and have one number.
            _ => {
                Self::open(recorded)?;
                if sys::pid_of(pidfd.as_fd()) != Some(recorded.pid) {
                    return Err(gone());
                }
            }
        }
        Ok(Self { pidfd, identity: recorded.clone() })
    }

    /// Finds the process that was recorded, by a pidfd that came from another process where there is one; `None` when it
    /// is gone.
    ///
    /// # Errors
    ///
    /// As [`Process::open`], but for that.
    pub fn find(recorded: &Identity, pidfd: Option<OwnedFd>) -> Result<Option<Self>, Error> {
        let found = match pidfd {
            Some(pidfd) => Self::from_pidfd(pidfd, recorded),
            None => Self::open(recorded),
        };
        match found {
            Ok(process) => Ok(Some(process)),
            Err(Error::Gone { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.identity.pid
    }

    /// Returns what makes it itself.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Sends a signal.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] when it has ended and was waited for, [`Error::Signal`] when the kernel refuses.
    pub fn signal(&self, signal: Signal) -> Result<(), Error> {
        let pid = self.pid();
        rustix::process::pidfd_send_signal(&self.pidfd, signal.raw()).map_err(|errno| match errno {
            rustix::io::Errno::SRCH => Error::Gone { pid },
            errno => Error::Signal { pid, source: errno.into() },
        })
    }

    /// Tells whether it has ended, whoever its parent is.
    ///
    /// # Errors
    ///
    /// [`Error::Watch`] when the kernel does not say.
    pub fn has_ended(&self) -> Result<bool, Error> {
        self.wait(Some(Duration::ZERO))
    }

    /// Waits until it has ended, but not longer than told; returns whether it has.
    ///
    /// # Errors
    ///
    /// [`Error::Watch`] when the kernel does not say.
    pub fn wait(&self, longest: Option<Duration>) -> Result<bool, Error> {
        let ready = sys::poll_one(self.pidfd.as_fd(), PollFlags::IN, longest);
        ready.map_err(|errno| watch(self.pid(), errno))
    }

    /// Returns what is known of it now. A child that has ended is reaped by the first call that tells so.
    ///
    /// # Errors
    ///
    /// [`Error::Watch`] when the kernel does not say.
    pub fn state(&self) -> Result<State, Error> {
        if !self.has_ended()? {
            return Ok(State::Running);
        }
        match sys::reap(self.pidfd.as_fd()) {
            Ok(Some((exit, usage))) => return Ok(State::Ended { exit, usage: Some(usage) }),
            // Its first thread has ended and others have not.
            Ok(None) => return Ok(State::Running),
            Err(source) if is_no_child(&source) => {}
            Err(source) => return Err(Error::Watch { pid: self.pid(), source }),
        }
        let reaped = sys::poll_one(self.pidfd.as_fd(), PollFlags::empty(), Some(Duration::ZERO))
            .map_err(|errno| watch(self.pid(), errno))?;
        let told = sys::exit_of_stranger(self.pidfd.as_fd());
        let is_open = !reaped && told.is_ok();
        // The kernel tells once the parent has asked; until then its entry stands in the process file system.
        let exit = told.ok().flatten().or_else(|| Procfs::default().exit_of(&self.identity));
        Ok(match exit {
            None if is_open => State::Unreaped,
            exit => State::Ended { exit: exit.unwrap_or(Exit::Unknown), usage: None },
        })
    }

    /// Returns another hold on the same process.
    ///
    /// # Errors
    ///
    /// [`Error::Watch`] when there are too many descriptors.
    pub fn try_clone(&self) -> Result<Self, Error> {
        let pidfd = self.pidfd.try_clone();
        let pidfd = pidfd.map_err(|source| Error::Watch { pid: self.pid(), source })?;
        Ok(Self { pidfd, identity: self.identity.clone() })
    }

    /// Gives the pidfd away.
    #[must_use]
    pub fn into_pidfd(self) -> OwnedFd {
        self.pidfd
    }
}

impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

/// Waits until one of the processes has ended, but not longer than told; a round through all of them costs one call.
pub(crate) fn wait_any(processes: &[Process], longest: Duration) -> io::Result<()> {
    let mut fds: Vec<PollFd<'_>> =
        processes.iter().map(|process| PollFd::new(&process.pidfd, PollFlags::IN)).collect();
    let timeout = Timespec::try_from(longest).map_err(|_| io::ErrorKind::InvalidInput)?;
    match rustix::event::poll(&mut fds, Some(&timeout)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

fn number(pid: u32) -> Result<Pid, Error> {
    i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Error::Gone { pid })
}

fn watch(pid: u32, errno: rustix::io::Errno) -> Error {
    match errno {
        rustix::io::Errno::SRCH => Error::Gone { pid },
        errno => Error::Watch { pid, source: errno.into() },
    }
}

fn is_no_child(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::CHILD.raw_os_error())
}
