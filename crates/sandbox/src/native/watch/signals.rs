//! Signals from outside, for a program that is the first process of its namespace.

use std::os::fd::BorrowedFd;

use rustix::io::Errno;
use rustix::process::Signal;

use crate::native::names;
use crate::native::start::{Running, setup};
use crate::{Ended, SandboxError};

/// Reads the signals that wait; returns `None` when no more can come.
pub(crate) fn waiting(source: BorrowedFd<'_>) -> Result<Option<Vec<u8>>, SandboxError> {
    let mut numbers = [0; MOST];
    match rustix::io::read(source, &mut numbers) {
        Ok(0) => Ok(None),
        Ok(read) => Ok(Some(numbers.get(..read).unwrap_or_default().to_vec())),
        Err(Errno::AGAIN | Errno::INTR) => Ok(Some(Vec::new())),
        Err(errno) => Err(setup("reading signals")(errno.into())),
    }
}

/// Passes a signal on; returns how the program must end, if by this.
pub(crate) fn pass(running: &Running, number: u8) -> Option<Ended> {
    let number = i32::from(number);
    let signal = Signal::from_named_raw(number)?;
    if leaves_to_kernel(running.pid, number) && !LEFT_ALONE.contains(&signal) {
        return Some(Ended::Killed(number));
    }
    // One that has ended already is reaped next.
    let _ = rustix::process::pidfd_send_signal(&running.pidfd, signal);
    None
}

/// Tells whether a process does nothing about a signal. One that blocks it for good waits for it; one that blocks it for a
/// moment, as shells do around each command, does not.
fn leaves_to_kernel(pid: u32, number: i32) -> bool {
    for _ in 0..LOOKS {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok();
        match status.and_then(|status| attitude(&status, number)) {
            Some(Attitude::None) => return !waits(pid),
            Some(Attitude::Blocked) => {
                let moment = rustix::time::Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
                let _ = rustix::thread::nanosleep(&moment);
            }
            Some(Attitude::Taken) | None => return false,
        }
    }
    false
}

/// Tells whether a thread waits for signals, which takes them out of what it blocks for as long.
fn waits(pid: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    let waiting = names::number("rt_sigtimedwait").map(|number| number.to_string());
    threads.flatten().any(|thread| {
        let call = std::fs::read_to_string(thread.path().join("syscall"));
        call.is_ok_and(|call| call.split(' ').next().map(str::to_owned) == waiting)
    })
}

/// What a process does about a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attitude {
    None,
    Blocked,
    /// It handles or ignores it.
    Taken,
}

fn attitude(status: &str, number: i32) -> Option<Attitude> {
    let bit = 1_u64 << u32::try_from(number - 1).ok()?;
    let has = |name: &str| {
        let mask = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(u64::from_str_radix(mask.trim(), 16).ok()? & bit != 0)
    };
    Some(match (has("SigIgn:")? || has("SigCgt:")?, has("SigBlk:")?) {
        (true, _) => Attitude::Taken,
        (false, true) => Attitude::Blocked,
        (false, false) => Attitude::None,
    })
}

/// What ends nobody: the defaults of these are to do nothing, to stop and to go on.
const LEFT_ALONE: [Signal; 8] = [
    Signal::CHILD,
    Signal::CONT,
    Signal::STOP,
    Signal::TSTP,
    Signal::TTIN,
    Signal::TTOU,
    Signal::URG,
    Signal::WINCH,
];

/// So many are taken at once; the rest is there the next time.
const MOST: usize = 32;

/// Far longer in all than a command takes to start.
const LOOKS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_does_about_a_signal_is_in_its_status() {
        let status = "Name:\tbot\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000000002\n\
                      SigCgt:\t0000000000004000\n";
        let check = |number, expected| assert_eq!(attitude(status, number), expected, "{number}");
        check(1, Some(Attitude::Blocked));
        check(2, Some(Attitude::Taken));
        check(15, Some(Attitude::Taken));
        check(3, Some(Attitude::None));
        assert_eq!(attitude("Name:\tbot\n", 15), None);
    }
}
