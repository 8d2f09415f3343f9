//! The system calls that rustix does not have, and what happens between fork and exec.

#![expect(unsafe_code, reason = "these calls have no safe interface")]

use std::ffi::{CStr, CString, c_int, c_long};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};

use crate::{Exit, Usage};

/// Gives back what the allocator does not use.
pub(crate) fn trim() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it may be called at any time from any thread, and moves nothing that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Waits until a descriptor is ready, hung up, or the time has passed; returns whether it is.
pub(crate) fn poll_one(
    fd: BorrowedFd<'_>,
    flags: PollFlags,
    longest: Option<Duration>,
) -> rustix::io::Result<bool> {
    let timeout = longest.map(Timespec::try_from).transpose();
    let timeout = timeout.map_err(|_| rustix::io::Errno::INVAL)?;
    match rustix::event::poll(&mut [PollFd::from_borrowed_fd(fd, flags)], timeout.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        // A signal came: to the caller it is as if the time had passed.
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Returns the inode of a pidfd where it is a process's own; on older kernels all pidfds share one.
pub(crate) fn pidfd_inode(pidfd: BorrowedFd<'_>) -> Option<u64> {
    let is_own = rustix::fs::fstatfs(pidfd).is_ok_and(|found| found.f_type == PIDFS_MAGIC);
    is_own.then(|| rustix::fs::fstat(pidfd).ok().map(|stat| stat.st_ino))?
}

/// Returns the number behind a pidfd; `None` once the process was reaped.
pub(crate) fn pid_of(pidfd: BorrowedFd<'_>) -> Option<u32> {
    let text = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok()
}

/// Reaps a child that has ended; `None` while it has not.
pub(crate) fn reap(pidfd: BorrowedFd<'_>) -> io::Result<Option<(Exit, Usage)>> {
    let options = libc::WEXITED | libc::WNOHANG;
    let Some((info, used)) = wait(libc::P_PIDFD, pidfd.as_raw_fd(), options)? else {
        return Ok(None);
    };
    // SAFETY: the union holds a child's number and status after `waitid`.
    let status = unsafe { info.si_status() };
    let exit = match info.si_code {
        libc::CLD_EXITED => Exit::Code(status),
        code => Exit::Signal { number: status, core: code == libc::CLD_DUMPED },
    };
    let kilobytes = u64::try_from(used.ru_maxrss).unwrap_or(0);
    let processor = duration(used.ru_utime).saturating_add(duration(used.ru_stime));
    Ok(Some((exit, Usage::new(kilobytes.saturating_mul(1024), processor))))
}

/// Returns the number of a child that has ended, and leaves it unreaped.
pub(crate) fn ended_child() -> io::Result<Option<u32>> {
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    let Some((info, _)) = wait(libc::P_ALL, 0, options)? else { return Ok(None) };
    // SAFETY: the union holds a child's number and status after `waitid`.
    Ok(u32::try_from(unsafe { info.si_pid() }).ok())
}

fn wait(
    kind: libc::idtype_t,
    id: c_int,
    options: c_int,
) -> io::Result<Option<(libc::siginfo_t, libc::rusage)>> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let mut used = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both buffers are of the types that the call fills, and outlive it. glibc's function has no place for
    // the usage, the system call has.
    let result = unsafe {
        libc::syscall(
            libc::SYS_waitid,
            c_long::from(kind),
            c_long::from(id),
            info.as_mut_ptr(),
            c_long::from(options),
            used.as_mut_ptr(),
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: all bits zero are a value of both types, and the kernel has overwritten them with others or not.
    let (info, used) = unsafe { (info.assume_init(), used.assume_init()) };
    // SAFETY: the union holds a child's number after `waitid`, and zeros when there was none.
    let pid = unsafe { info.si_pid() };
    Ok((pid != 0).then_some((info, used)))
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds).saturating_add(Duration::from_micros(micros))
}

/// Asks how a process ended that is no child: Linux 6.15, and only once its parent has reaped it.
pub(crate) fn exit_of_stranger(pidfd: BorrowedFd<'_>) -> io::Result<Option<Exit>> {
    let mut info = PidfdInfo { mask: PIDFD_INFO_EXIT, ..PidfdInfo::default() };
    // SAFETY: the buffer is laid out as the kernel's `struct pidfd_info` in its first version, whose size is in the
    // request, and outlives the call.
    let result = unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_INFO, &raw mut info) };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok((info.mask & PIDFD_INFO_EXIT != 0).then(|| Exit::from_wait(info.exit_code)))
}

/// `struct pidfd_info` of linux/pidfd.h, first version: 64 bytes.
#[repr(C)]
#[derive(Default)]
struct PidfdInfo {
    mask: u64,
    cgroup: u64,
    ids: [u32; 11],
    exit_code: i32,
}

const PIDFD_INFO_EXIT: u64 = 1 << 3;

/// `_IOWR(0xFF, 11, struct pidfd_info)`.
const PIDFD_GET_INFO: libc::Ioctl = 0xC040_FF0B_u32 as libc::Ioctl;

/// `PIDFS_MAGIC`, "PIDF".
const PIDFS_MAGIC: rustix::fs::FsWord = 0x5049_4446;

/// Blocks signals in this thread and returns a descriptor that is readable when one of them is pending.
pub(crate) fn signal_fd(signals: &[c_int]) -> io::Result<OwnedFd> {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` initialises the set, and the others are given that set; the numbers are checked by libc.
    let fd = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), *signal);
        }
        let error = libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut());
        if error != 0 {
            return Err(io::Error::from_raw_os_error(error));
        }
        libc::signalfd(-1, set.as_ptr(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK)
    };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call made this descriptor just now, so that nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Has a command do something between fork and exec.
pub(crate) fn before_exec(
    command: &mut Command,
    step: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) {
    // SAFETY: the only caller, `launch.rs`, makes system calls in `step` and nothing else: it allocates nothing, takes
    // no lock and touches nothing that another thread may have held when the process was forked.
    unsafe { command.pre_exec(step) };
}

/// Gives the child the dispositions and the mask of a new process. For use between fork and exec.
pub(crate) fn reset_signals() {
    // All zeros: the default disposition, no flags, no mask, on every architecture.
    let default = [0_u64; 8];
    for signal in 1..=LAST_SIGNAL {
        // SAFETY: the buffer is larger than the kernel's `struct sigaction`, which is read only. The system call itself,
        // since glibc refuses the two signals that it uses; those that cannot be changed are refused by the kernel.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                c_long::from(signal),
                default.as_ptr(),
                std::ptr::null_mut::<u64>(),
                SIGNAL_SET,
            )
        };
    }
    let mut none = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigemptyset` initialises the set before it is used.
    unsafe {
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
    }
}

/// Has everything but standard input, output and error closed by exec. For use between fork and exec.
pub(crate) fn close_on_exec() {
    // SAFETY: no pointer is passed; descriptors are only marked, so that the one through which the standard library
    // tells of a failed exec stays open until then.
    let result = unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC)
    };
    if result == 0 {
        return;
    }
    // Before Linux 5.11. Our own descriptors are marked already; these are what we were given.
    for fd in 3..4096 {
        // SAFETY: marks a descriptor, or does nothing when there is none.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

/// Has the kernel forget that this process had looked at a part of its own program; it is there again at the next touch.
pub(crate) fn forget_program_pages(part: &crate::own_memory::Part) -> io::Result<()> {
    // SAFETY: a `Part` is a segment of the running program that was never written to, as `own_memory.rs` makes sure: it
    // stays mapped as long as the process lives, and its pages are those of the file, so that they are the same when they
    // come back.
    let result = unsafe {
        libc::madvise(
            std::ptr::without_provenance_mut(part.start),
            part.length,
            libc::MADV_DONTNEED,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Looks an account up by name: user, group and all groups. `None` when there is none.
pub(crate) fn account(name: &CStr) -> io::Result<Option<(u32, u32, Vec<u32>)>> {
    let mut buffer = vec![0; 16 * 1024];
    let (user, group) = loop {
        let mut entry = MaybeUninit::<libc::passwd>::uninit();
        let mut found = std::ptr::null_mut();
        // SAFETY: the name ends with NUL, the buffer is as long as said, and all outlive the call. `entry` is read only
        // when the call points `found` to it.
        let error = unsafe {
            libc::getpwnam_r(
                name.as_ptr(),
                entry.as_mut_ptr(),
                buffer.as_mut_ptr(),
                buffer.len(),
                &raw mut found,
            )
        };
        match error {
            libc::ERANGE if buffer.len() < MAX_ACCOUNT => buffer.resize(buffer.len() * 4, 0),
            0 if found.is_null() => return Ok(None),
            // SAFETY: the call has filled the entry, as `found` says.
            0 => break unsafe { ((*found).pw_uid, (*found).pw_gid) },
            // What systems answer for "no such user", beside the documented null.
            libc::ENOENT | libc::ESRCH => return Ok(None),
            error => return Err(io::Error::from_raw_os_error(error)),
        }
    };
    let mut groups = vec![0; 64];
    loop {
        let mut length = c_int::try_from(groups.len()).unwrap_or(c_int::MAX);
        // SAFETY: the list has room for as many groups as `length` says; both outlive the call.
        let result = unsafe {
            libc::getgrouplist(name.as_ptr(), group, groups.as_mut_ptr(), &raw mut length)
        };
        let wanted = usize::try_from(length).unwrap_or(0);
        if result >= 0 {
            groups.truncate(wanted);
            return Ok(Some((user, group, groups)));
        }
        if groups.len() >= MAX_GROUPS {
            return Err(io::ErrorKind::InvalidData.into());
        }
        groups.resize(wanted.max(groups.len() * 2).min(MAX_GROUPS), 0);
    }
}

pub(crate) fn c_string(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(|_| io::ErrorKind::InvalidInput.into())
}

/// The last real-time signal of Linux.
const LAST_SIGNAL: c_int = 64;

/// The size of the kernel's set of signals, in bytes.
const SIGNAL_SET: c_long = 8;

/// No entry of an account is longer.
const MAX_ACCOUNT: usize = 1 << 20;

/// `NGROUPS_MAX` of Linux.
const MAX_GROUPS: usize = 65_536;
