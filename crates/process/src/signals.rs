use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::{Error, Signal, sys};

/// Signals that come as something to read and no longer interrupt.
///
/// Blocks them in the calling thread, so a program takes it before it starts others.
#[derive(Debug)]
pub struct Signals(OwnedFd);

impl Signals {
    /// Takes these signals over.
    ///
    /// # Errors
    ///
    /// When there are too many descriptors.
    pub fn take(signals: &[Signal]) -> Result<Self, Error> {
        let numbers: Vec<i32> = signals.iter().map(|signal| signal.number()).collect();
        sys::signal_fd(&numbers).map(Self).map_err(Error::file("signalfd"))
    }

    /// Returns a signal that has come, if one has.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
    pub fn next(&self) -> Result<Option<Signal>, Error> {
        // `struct signalfd_siginfo`, which begins with the number.
        let mut info = [0; 128];
        match rustix::io::read(&self.0, &mut info) {
            Ok(_) => {}
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return Ok(None),
            Err(errno) => return Err(Error::file("signalfd")(errno.into())),
        }
        let [a, b, c, d, ..] = info;
        let number = u32::from_ne_bytes([a, b, c, d]);
        Ok(i32::try_from(number).ok().and_then(Signal::new))
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Makes this process inherit the orphans of its descendants, instead of the first process of the system.
///
/// # Errors
///
/// When the kernel refuses.
pub fn become_subreaper() -> Result<(), Error> {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(|errno| Error::file("prctl")(errno.into()))
}

/// Returns the number of a child that has ended and was not waited for; it stays so.
///
/// # Errors
///
/// When the kernel refuses.
pub fn ended_child() -> Result<Option<u32>, Error> {
    match sys::ended_child() {
        Ok(found) => Ok(found),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::CHILD.raw_os_error()) => {
            Ok(None)
        }
        Err(error) => Err(Error::file("waitid")(error)),
    }
}
