//! The system calls that rustix does not have, and the child between clone and exec.

#![expect(unsafe_code, reason = "these calls have no safe interface")]

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_uint};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::time::Duration;

use super::filter::Instruction;

/// Makes a child that does this and nothing else, in these namespaces; returns its number and its pidfd.
///
/// The child is a copy of this thread alone. Whatever it does must make system calls only: another thread may have held
/// any lock, that of the allocator too, at the moment of the copy. It ends by exec or by [`end`].
pub(crate) fn child(
    flags: u64,
    cgroup: Option<BorrowedFd<'_>>,
    job: impl FnOnce(),
) -> io::Result<(u32, OwnedFd)> {
    let mut pidfd: c_int = -1;
    let mut arguments = CloneArguments {
        flags: flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
        pidfd: (&raw mut pidfd).expose_provenance() as u64,
        exit_signal: SIGCHLD,
        ..CloneArguments::default()
    };
    if let Some(cgroup) = cgroup {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = u64::try_from(cgroup.as_raw_fd()).unwrap_or(u64::MAX);
    }
    // SAFETY: the arguments are laid out as the kernel's `struct clone_args` in its third version and outlive the call.
    // No memory is shared and no stack is given, so that the child goes on here with a copy of everything.
    let mut result = unsafe {
        libc::syscall(libc::SYS_clone3, &raw const arguments, size_of::<CloneArguments>())
    };
    if result < 0
        && io::Error::last_os_error().raw_os_error() == Some(libc::ENOSYS)
        && cgroup.is_none()
    {
        // A container's filter may not know the newer call.
        let flags = (flags | CLONE_PIDFD | SIGCHLD).cast_signed();
        // SAFETY: as above; the pidfd is written to where the third argument points.
        result = unsafe { libc::syscall(libc::SYS_clone, flags, 0, &raw mut pidfd, 0, 0) };
    }
    match result {
        0 => {
            job();
            end(127)
        }
        pid if pid > 0 => {
            // SAFETY: the kernel made this descriptor with the child, and nobody else has it.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok((u32::try_from(pid).unwrap_or(0), pidfd))
        }
        _ => Err(io::Error::last_os_error()),
    }
}

/// Ends this process at once.
pub(crate) fn end(status: c_int) -> ! {
    // SAFETY: it runs no handler and never returns.
    unsafe { libc::_exit(status) }
}

/// Returns this descriptor under that number, to be closed by exec. For the child.
pub(crate) fn move_to(from: BorrowedFd<'_>, to: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the child owns its whole table of descriptors, and whoever plans for it leaves that number free.
    check(unsafe { c_long::from(libc::dup3(from.as_raw_fd(), to, libc::O_CLOEXEC)) })?;
    // SAFETY: the call made this descriptor just now.
    Ok(unsafe { OwnedFd::from_raw_fd(to) })
}

/// Has exec close everything but standard input, output and error. For the child.
pub(crate) fn close_on_exec() -> io::Result<()> {
    // SAFETY: descriptors are marked, none is closed.
    check(unsafe {
        libc::syscall(libc::SYS_close_range, 3, c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC)
    })
}

/// Closes everything but standard input, output and error, and these: what the parent has open leaves the child no room
/// below its limit. For the child, which uses nothing of it any more.
pub(crate) fn close_all_but(mut kept: [RawFd; 3]) -> io::Result<()> {
    kept.sort_unstable();
    let mut from: c_uint = 3;
    let ends = kept.into_iter().filter_map(|kept| c_uint::try_from(kept).ok());
    for end in ends.chain([c_uint::MAX]) {
        if from < end {
            // SAFETY: the child owns its whole table of descriptors, and those that are closed are not used again.
            check(unsafe { libc::syscall(libc::SYS_close_range, from, end - 1, 0) })?;
        }
        from = from.max(end.saturating_add(1));
    }
    Ok(())
}

/// Gives this process the dispositions and the mask of a new one. For the child.
pub(crate) fn reset_signals() {
    // All zeros: the default disposition, no flags, no mask, on every architecture; and as a mask, no signal.
    let none = [0_u64; 8];
    for signal in 1..=LAST_SIGNAL {
        // SAFETY: the buffer is larger than the kernel's `struct sigaction`, which is read only.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                none.as_ptr(),
                std::ptr::null_mut::<u64>(),
                SIGNAL_SET,
            )
        };
    }
    // SAFETY: the buffer is larger than the kernel's set of signals, which is read only.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            c_long::from(libc::SIG_SETMASK),
            none.as_ptr(),
            std::ptr::null_mut::<u64>(),
            SIGNAL_SET,
        )
    };
}

/// Sets attributes of a mount, and of those below it when it is a tree.
pub(crate) fn set_mount(mount: BorrowedFd<'_>, attributes: u64, below: bool) -> io::Result<()> {
    let wanted = [attributes, 0, 0, 0];
    let flags = libc::AT_EMPTY_PATH | if below { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the buffer is laid out as the kernel's `struct mount_attr`, of which the size is given.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            EMPTY.as_ptr(),
            flags,
            wanted.as_ptr(),
            size_of_val(&wanted),
        )
    })
}

/// Returns the version of Landlock; 0 where there is none.
pub(crate) fn landlock_version() -> u32 {
    // SAFETY: without a buffer the call only tells its version.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u64>(),
            0,
            LANDLOCK_VERSION,
        )
    };
    u32::try_from(version).unwrap_or(0)
}

/// Makes a set of rules for these rights to files, to the network and to what is outside.
pub(crate) fn landlock_rules(handled: &[u64]) -> io::Result<OwnedFd> {
    // SAFETY: the kernel's `struct landlock_ruleset_attr` is a row of 64-bit words, of which as many are read as said.
    let fd = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, handled.as_ptr(), size_of_val(handled), 0)
    };
    check(fd)?;
    // SAFETY: the call made this descriptor just now.
    Ok(unsafe { OwnedFd::from_raw_fd(RawFd::try_from(fd).unwrap_or(-1)) })
}

/// Allows these rights below a place.
pub(crate) fn landlock_allow(
    rules: BorrowedFd<'_>,
    rights: u64,
    place: BorrowedFd<'_>,
) -> io::Result<()> {
    let rule = PathRule { rights, place: place.as_raw_fd() };
    // SAFETY: the rule is laid out as the kernel's packed `struct landlock_path_beneath_attr`.
    check(unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            rules.as_raw_fd(),
            LANDLOCK_PATH,
            &raw const rule,
            0,
        )
    })
}

/// Puts this process under a set of rules, for good. For the child.
pub(crate) fn landlock_enter(rules: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: no pointer is passed.
    check(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0) })
}

/// Puts this process under a filter, for good; returns the listener. For the child.
pub(crate) fn filter(program: &[Instruction], listen: bool) -> io::Result<Option<OwnedFd>> {
    let length = u16::try_from(program.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut().cast() };
    let flags = if listen { SECCOMP_NEW_LISTENER } else { 0 };
    // SAFETY: an `Instruction` is laid out as `struct sock_filter`, and the program is read only.
    let result =
        unsafe { libc::syscall(libc::SYS_seccomp, SECCOMP_SET_FILTER, flags, &raw const program) };
    check(result)?;
    let listener = RawFd::try_from(result).ok().filter(|_| listen);
    // SAFETY: the call made this descriptor just now.
    Ok(listener.map(|listener| unsafe { OwnedFd::from_raw_fd(listener) }))
}

/// Takes the number of a call that waits for an answer, and refuses the call. `None` when its caller is gone.
pub(crate) fn refuse_one(listener: BorrowedFd<'_>) -> io::Result<Option<u32>> {
    let mut asked = Notification::default();
    // SAFETY: the buffer is laid out as the kernel's `struct seccomp_notif`, is all zeros as it must be, and outlives the
    // call.
    let received = unsafe { libc::ioctl(listener.as_raw_fd(), SECCOMP_RECEIVE, &raw mut asked) };
    match check(c_long::from(received)) {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => return Ok(None),
        received => received?,
    }
    // Never `SECCOMP_USER_NOTIF_FLAG_CONTINUE`: what the arguments point to can change after it was looked at.
    let answer = Answer { id: asked.id, value: 0, error: -libc::EPERM, flags: 0 };
    // SAFETY: the buffer is laid out as the kernel's `struct seccomp_notif_resp` and outlives the call.
    let sent = unsafe { libc::ioctl(listener.as_raw_fd(), SECCOMP_SEND, &raw const answer) };
    match check(c_long::from(sent)) {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(None),
        sent => sent.map(|()| Some(asked.number.cast_unsigned())),
    }
}

/// What exec hands to a program.
#[derive(Debug)]
pub(crate) struct Strings {
    pointers: Vec<*const c_char>,
    /// What the pointers point to.
    _strings: Vec<CString>,
}

impl Strings {
    pub(crate) fn new(strings: Vec<CString>) -> Self {
        let end = std::iter::once(std::ptr::null());
        let pointers = strings.iter().map(|one| one.as_ptr()).chain(end).collect();
        Self { pointers, _strings: strings }
    }
}

/// Becomes the program in this descriptor; returns why not. For the child.
pub(crate) fn exec_file(
    file: BorrowedFd<'_>,
    arguments: &Strings,
    environment: &Strings,
) -> io::Error {
    // SAFETY: both rows end with null and point to strings that end with NUL; they live as long as this process does.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            file.as_raw_fd(),
            EMPTY.as_ptr(),
            arguments.pointers.as_ptr(),
            environment.pointers.as_ptr(),
            libc::AT_EMPTY_PATH,
        )
    };
    io::Error::last_os_error()
}

/// Becomes the program at this path; returns why not. For the child.
pub(crate) fn exec_path(path: &CStr, arguments: &Strings, environment: &Strings) -> io::Error {
    // SAFETY: as in `exec_file`.
    unsafe {
        libc::execve(path.as_ptr(), arguments.pointers.as_ptr(), environment.pointers.as_ptr())
    };
    io::Error::last_os_error()
}

/// The address that [`exec_file`] passes as its path: what a filter can tell it by.
pub(crate) fn exec_file_address() -> u64 {
    EMPTY.as_ptr().expose_provenance() as u64
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Exited(i32),
    Killed(i32),
}

/// Reaps a child that has ended; returns how, its processor time and its most memory in bytes. `None` while it runs.
pub(crate) fn reap(pidfd: BorrowedFd<'_>, block: bool) -> io::Result<Option<(End, Duration, u64)>> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let mut used = MaybeUninit::<libc::rusage>::zeroed();
    let options = libc::WEXITED | if block { 0 } else { libc::WNOHANG };
    // SAFETY: both buffers are of the types that the call fills, and outlive it. glibc's function has no place for the
    // usage, the system call has.
    check(unsafe {
        libc::syscall(
            libc::SYS_waitid,
            c_long::from(libc::P_PIDFD),
            pidfd.as_raw_fd(),
            info.as_mut_ptr(),
            options,
            used.as_mut_ptr(),
        )
    })?;
    // SAFETY: all bits zero are a value of both types, and the kernel has overwritten them with others or not; the union
    // holds a child's number and status after `waitid`, and zeros when there was none.
    let (info, used, pid, status) = unsafe {
        let (info, used) = (info.assume_init(), used.assume_init());
        (info, used, info.si_pid(), info.si_status())
    };
    if pid == 0 {
        return Ok(None);
    }
    let end = match info.si_code {
        libc::CLD_EXITED => End::Exited(status),
        _ => End::Killed(status),
    };
    let kilobytes = u64::try_from(used.ru_maxrss).unwrap_or(0);
    let time = duration(used.ru_utime).saturating_add(duration(used.ru_stime));
    Ok(Some((end, time, kilobytes.saturating_mul(1024))))
}

/// Returns the processor time that a process has used so far, without its children.
pub(crate) fn processor_time(pid: u32) -> Option<Duration> {
    // `MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)` of the kernel.
    let clock = (!i32::try_from(pid).ok()? << 3) | 2;
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: the buffer is of the type that the call fills, and all zeros are a value of it.
    let (result, time) =
        unsafe { (libc::clock_gettime(clock, time.as_mut_ptr()), time.assume_init()) };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    (result == 0).then(|| Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0)))
}

/// Makes any system call with numbers alone; what it gives is the corpus's to judge. No call of the corpus is given the
/// address of anything.
#[cfg(feature = "selftest")]
pub(crate) fn attempt(number: u32, arguments: [u64; 6]) -> io::Result<i64> {
    let [first, second, third, fourth, fifth, sixth] = arguments;
    // SAFETY: the callers, `selftest/doors.rs`, pass null or small numbers, so that no memory of this process is read or
    // written; descriptors that are made are this process's to lose, and it has no other purpose.
    let result =
        unsafe { libc::syscall(c_long::from(number), first, second, third, fourth, fifth, sixth) };
    check(result).map(|()| result)
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds).saturating_add(Duration::from_micros(micros))
}

fn check(result: c_long) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `struct clone_args` of linux/sched.h, third version.
#[repr(C)]
#[derive(Default)]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// `struct landlock_path_beneath_attr` of linux/landlock.h.
#[repr(C, packed)]
struct PathRule {
    rights: u64,
    place: c_int,
}

/// `struct seccomp_notif` of linux/seccomp.h.
#[repr(C)]
#[derive(Default)]
struct Notification {
    id: u64,
    pid: u32,
    flags: u32,
    number: c_int,
    architecture: u32,
    instruction: u64,
    arguments: [u64; 6],
}

/// `struct seccomp_notif_resp` of linux/seccomp.h.
#[repr(C)]
struct Answer {
    id: u64,
    value: i64,
    error: i32,
    flags: u32,
}

const EMPTY: &CStr = c"";

const SIGCHLD: u64 = libc::SIGCHLD.unsigned_abs() as u64;
const CLONE_PIDFD: u64 = 0x1000;
const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

const LANDLOCK_VERSION: c_uint = 1;
const LANDLOCK_PATH: c_int = 1;

const SECCOMP_SET_FILTER: c_uint = 1;
const SECCOMP_NEW_LISTENER: c_uint = 1 << 3;

/// `_IOWR('!', 0, struct seccomp_notif)`, 80 bytes.
const SECCOMP_RECEIVE: libc::Ioctl = 0xC050_2100_u32 as libc::Ioctl;
/// `_IOWR('!', 1, struct seccomp_notif_resp)`, 24 bytes.
const SECCOMP_SEND: libc::Ioctl = 0xC018_2101_u32 as libc::Ioctl;

/// The last real-time signal of Linux.
const LAST_SIGNAL: c_long = 64;
/// The size of the kernel's set of signals, in bytes.
const SIGNAL_SET: c_long = 8;

const _: () = assert!(size_of::<Notification>() == 80 && size_of::<Answer>() == 24);
const _: () = assert!(size_of::<Instruction>() == size_of::<libc::sock_filter>());
