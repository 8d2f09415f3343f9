//! The system calls that a policy lets a program make.

use super::filter::{Alternative, Condition, Rules};
use super::names;
use crate::Policy;

/// Returns the calls that programs need under a policy. What starts the program is added by whoever starts it.
pub(crate) fn rules(policy: &Policy) -> Rules {
    let mut rules = Rules::new();
    for call in groups(policy).flat_map(str::split_ascii_whitespace) {
        allow(&mut rules, call, Vec::new());
    }
    for option in TASK_OPTIONS {
        allow(&mut rules, "prctl", vec![Condition::Is(0, option)]);
    }
    for request in REQUESTS {
        allow(&mut rules, "ioctl", vec![Condition::Is(1, request)]);
    }
    // Its own limits may be read, and not set.
    allow(&mut rules, "prlimit64", vec![Condition::Is(0, 0), Condition::Is(2, 0)]);
    if policy.limits.tasks > 1 {
        allow(&mut rules, "clone", vec![Condition::HasNone(0, NAMESPACES)]);
    }
    if policy.grants.network {
        for family in FAMILIES {
            allow(&mut rules, "socket", vec![Condition::Is(0, family)]);
        }
    }
    rules
}

/// Adds an alternative for a call; architectures without the call do not need it.
pub(crate) fn allow(rules: &mut Rules, call: &str, alternative: Alternative) {
    if let Some(number) = names::number(call) {
        rules.entry(number).or_default().push(alternative);
    }
}

/// Whether a program under this policy sees any file of the host.
pub(crate) fn sees_files(policy: &Policy) -> bool {
    policy.grants.runtime || !policy.grants.binds.is_empty()
}

fn groups(policy: &Policy) -> impl Iterator<Item = &'static str> {
    let grants = &policy.grants;
    let is_writable = grants.binds.iter().any(|bind| bind.writable);
    [
        (true, COMPUTING),
        (sees_files(policy), READING),
        (is_writable, WRITING),
        (grants.runtime, RUNNING),
        (policy.limits.tasks > 1, TASKS),
        (grants.network, NETWORK),
    ]
    .into_iter()
    .filter_map(|(is_granted, calls)| is_granted.then_some(calls))
}

/// What a program needs to compute and to talk through its pipes: memory, time, chance, its own signals and threads'
/// bookkeeping, and what waits for descriptors.
const COMPUTING: &str = "\
    read write readv writev close close_range fstat lseek dup dup2 dup3 fcntl pipe pipe2 poll ppoll select pselect6 \
    epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2 \
    mmap mprotect munmap mremap brk madvise mincore membarrier mseal \
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack tgkill tkill pause \
    restart_syscall futex futex_waitv set_robust_list get_robust_list set_tid_address rseq arch_prctl \
    getpid getppid gettid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid \
    uname sysinfo times getrusage getrlimit getcpu getpriority sched_yield sched_getaffinity sched_getparam \
    sched_getscheduler sched_get_priority_max sched_get_priority_min \
    clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time getitimer setitimer alarm \
    timer_create timer_settime timer_gettime timer_getoverrun timer_delete \
    timerfd_create timerfd_settime timerfd_gettime getrandom exit exit_group";

/// What a program needs that sees files.
const READING: &str = "\
    open openat openat2 stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat getdents getdents64 \
    pread64 preadv preadv2 pwrite64 getcwd chdir fchdir statfs fstatfs fadvise64 readahead umask sendfile \
    copy_file_range splice tee flock getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr msync";

/// What a program needs that changes files.
const WRITING: &str = "\
    creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat truncate ftruncate \
    fallocate chmod fchmod fchmodat fchmodat2 utime utimes utimensat futimesat fsync fdatasync sync_file_range \
    pwritev pwritev2";

/// What a program needs that runs others in its place.
const RUNNING: &str = "execve";

/// What a program needs that has threads or children.
const TASKS: &str =
    "fork vfork wait4 waitid kill sched_setaffinity rt_sigqueueinfo rt_tgsigqueueinfo";

/// What a program needs that uses the network.
const NETWORK: &str = "\
    connect bind listen accept accept4 sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg shutdown getsockname getpeername \
    getsockopt setsockopt";

/// Names of threads and of memory, which tell nobody but whoever looks from outside.
const TASK_OPTIONS: [u64; 3] = [15, 16, 0x5356_4D41];

/// What is asked of pipes: whether one is a terminal, how much is in it, whether it blocks, whether exec closes it.
/// Nothing here changes or feeds a terminal.
const REQUESTS: [u64; 6] = [0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451];

/// `CLONE_NEW*` and `CLONE_PARENT`.
const NAMESPACES: u32 = 0x7E02_8000;

/// `AF_INET` and `AF_INET6`: neither the host's sockets nor its kernel's nor its hypervisor's.
const FAMILIES: [u64; 2] = [2, 10];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_call_of_this_architecture_or_of_an_older_one() {
        let mut policy = Policy::default();
        policy.limits.tasks = 2;
        policy.grants.network = true;
        policy.grants.runtime = true;
        policy.grants.binds.push(crate::Bind::writable("/srv"));
        let unknown: Vec<&str> = groups(&policy)
            .flat_map(str::split_ascii_whitespace)
            .filter(|call| names::number(call).is_none())
            .collect();
        assert!(cfg!(not(target_arch = "x86_64")) || unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn what_lets_a_program_out_is_in_no_policy() {
        let mut policy = Policy::default();
        policy.limits.tasks = 2;
        policy.grants.network = true;
        policy.grants.runtime = true;
        policy.grants.binds.push(crate::Bind::writable("/srv"));
        let rules = rules(&policy);
        let never = "io_uring_setup userfaultfd bpf perf_event_open keyctl add_key request_key mount umount2 pivot_root \
            unshare setns clone3 ptrace process_vm_readv process_vm_writev memfd_create memfd_secret setuid setgid \
            setsid setpgid open_by_handle_at init_module kexec_load reboot swapon quotactl socketpair shmget msgget \
            semget mknod mknodat chroot personality seccomp move_mount open_tree fsopen pidfd_open pidfd_getfd \
            process_madvise prctl_set_mm";
        for call in never.split_ascii_whitespace() {
            let is_in = names::number(call).is_some_and(|number| rules.contains_key(&number));
            assert!(!is_in, "{call}");
        }
    }

    #[test]
    fn what_is_not_granted_needs_no_call() {
        let rules = rules(&Policy::default());
        for call in ["socket", "openat", "execve", "clone", "fork", "kill", "mkdir"] {
            let is_in = names::number(call).is_some_and(|number| rules.contains_key(&number));
            assert!(!is_in, "{call}");
        }
    }
}
