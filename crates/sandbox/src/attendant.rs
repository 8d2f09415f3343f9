use std::os::fd::BorrowedFd;

use crate::{Report, Sink};

/// Looks after a program that lives long: takes what it gives, hears what it is denied, and has signals for it. Called
/// from the thread that runs the program; while a call does not return, nothing else of the program is seen to.
pub trait Attendant: Sink {
    /// The program is started next, and this is what enforces each guarantee. Called once.
    fn starts(&mut self, report: &Report) {
        let _ = report;
    }

    /// It was denied this system call. Called for each.
    fn denied(&mut self, call: &str) {
        let _ = call;
    }

    /// Returns where signals for it are read from: each byte is the number of one. Called before each wait.
    ///
    /// A signal that the program does not handle, and by which another program would end, ends it with all that it has
    /// started: it is the first process of its namespace, where the kernel would drop the signal.
    fn signals(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}
