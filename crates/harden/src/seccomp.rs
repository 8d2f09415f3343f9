use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{Needs, SystemCall};

/// Renders a filter in the JSON of OCI runtimes, as `crun`, `runc`, Docker and Podman take it: what it does not name
/// is answered with an error (`EPERM`).
///
/// Sockets are of the families that are needed, and `clone` makes no namespace unless the program does.
///
/// ```
/// let filter = wardkit_harden::seccomp(&wardkit_harden::manifest("system-calls = [\"read\"]")?);
/// assert!(filter.contains("\"SCMP_ACT_ERRNO\"") && filter.contains("\"read\""));
/// assert!(!filter.contains("\"write_invented\"") && !filter.contains("\"bpf\""));
/// # Ok::<(), wardkit_harden::Error>(())
/// ```
#[must_use]
pub fn seccomp(needs: &Needs) -> String {
    let mut rules = Vec::new();
    let mut allowed = allowed(needs);
    if !needs.makes_namespaces {
        namespaces(&mut allowed, &mut rules);
    }
    sockets(needs, &mut allowed, &mut rules);
    let names: Vec<&str> = allowed.iter().map(|call| call.name()).collect();
    rules.insert(0, json!({"names": names, "action": ALLOW}));
    let filter = json!({
        "defaultAction": ERRNO,
        "defaultErrnoRet": EPERM,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
        "syscalls": rules,
    });
    format!("{filter:#}\n")
}

/// Returns every call that is allowed in some form.
fn allowed(needs: &Needs) -> BTreeSet<SystemCall> {
    let mut allowed = needs.system_calls.clone();
    if allowed.is_empty() {
        allowed = usual();
    }
    allowed.extend(START.split_ascii_whitespace().filter_map(SystemCall::named));
    // The same program on 64-bit ARM makes the calls that came after those.
    let modern: Vec<_> = allowed.iter().filter_map(|call| call.modern()).collect();
    allowed.extend(modern);
    allowed
}

/// What services make, without what only root may, and without what weakens the kernel's protections.
pub(crate) fn usual() -> BTreeSet<SystemCall> {
    let group = |name| SystemCall::group(name).unwrap_or_default();
    let mut usual = group("@system-service");
    for refused in [group("@privileged"), group("@keyring"), group("@mount")] {
        usual.retain(|call| !refused.contains(call));
    }
    usual.retain(|call| !RISKY.contains(&call.name()));
    usual
}

fn namespaces(allowed: &mut BTreeSet<SystemCall>, rules: &mut Vec<Value>) {
    let [has_clone, has_clone3] = ["clone", "clone3"].map(|name| remove(allowed, name));
    if has_clone || has_clone3 {
        let no_namespace =
            json!([{"index": 0, "value": CLONE_NEW, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]);
        rules.push(json!({"names": ["clone"], "action": ALLOW, "args": no_namespace}));
    }
    // Its flags are in memory, where no filter sees them: libraries that are told there is none use `clone`.
    if has_clone3 {
        rules.push(json!({"names": ["clone3"], "action": ERRNO, "errnoRet": ENOSYS}));
    }
    remove(allowed, "unshare");
    remove(allowed, "setns");
}

fn sockets(needs: &Needs, allowed: &mut BTreeSet<SystemCall>, rules: &mut Vec<Value>) {
    let families = needs.known_network().families;
    for call in ["socket", "socketpair"] {
        if !remove(allowed, call) {
            continue;
        }
        for family in &families {
            let of_family = json!([{"index": 0, "value": family.number(), "op": "SCMP_CMP_EQ"}]);
            rules.push(json!({"names": [call], "action": ALLOW, "args": of_family}));
        }
    }
}

fn remove(calls: &mut BTreeSet<SystemCall>, name: &str) -> bool {
    SystemCall::named(name).is_some_and(|call| calls.remove(&call))
}

/// Ways into the kernel that attacks prefer and services seldom need.
const RISKY: [&str; 7] = [
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "kcmp",
    "setns",
    "unshare",
    "userfaultfd",
];

const ALLOW: &str = "SCMP_ACT_ALLOW";
const ERRNO: &str = "SCMP_ACT_ERRNO";
const EPERM: u32 = 1;
const ENOSYS: u32 = 38;
/// Every flag of `clone` that makes a namespace.
const CLONE_NEW: u64 = 0x7e02_0000;

/// What each program's start and end need, and what runtimes do between loading the filter and the program's start.
const START: &str = "arch_prctl brk capget capset chdir clock_gettime close close_range dup3 execve exit exit_group \
    faccessat fchdir fcntl fstat fstatfs futex getdents64 getpid getppid getrandom gettid getuid ioctl lseek mmap \
    mprotect mremap munmap newfstatat openat prctl pread64 prlimit64 read restart_syscall rseq rt_sigaction \
    rt_sigprocmask rt_sigreturn set_robust_list set_tid_address setgid setgroups setuid statx tgkill umask write";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest;

    #[test]
    fn what_is_needed_is_allowed_on_both_architectures() {
        let needs = manifest(
            "system-calls = [\"open\", \"clone3\", \"socket\"]\n[network]\nfamilies = [\"inet\"]",
        )
        .unwrap();
        let filter: Value = serde_json::from_str(&seccomp(&needs)).unwrap();
        let rules = filter["syscalls"].as_array().unwrap();
        let plain = rules[0]["names"].as_array().unwrap();
        assert!(plain.contains(&json!("open")) && plain.contains(&json!("openat")));
        assert!(!plain.contains(&json!("socket")) && !plain.contains(&json!("clone3")));
        let socket = rules.iter().find(|rule| rule["names"] == json!(["socket"])).unwrap();
        assert_eq!(socket["args"][0]["value"], 2);
        assert_eq!(filter["defaultErrnoRet"], 1);
    }

    #[test]
    fn the_usual_calls_are_no_ways_out() {
        let has = |name| usual().contains(&SystemCall::named(name).unwrap());
        for name in [
            "bpf",
            "mount",
            "ptrace",
            "keyctl",
            "userfaultfd",
            "reboot",
            "init_module",
            "unshare",
            "setns",
        ] {
            assert!(!has(name), "{name}");
        }
        for name in ["read", "openat", "clone", "socket", "epoll_wait", "statx", "getrandom"] {
            assert!(has(name), "{name}");
        }
    }
}
