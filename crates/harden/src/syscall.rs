use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr as _;

use serde::{Serialize, Serializer};
use syscalls::{aarch64, x86_64};

/// A system call that Linux has on x86-64 or on 64-bit ARM, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemCall(&'static str);

impl SystemCall {
    /// Finds one by its name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        // What strace calls by the name of the C library.
        let name = match name {
            "pread" => "pread64",
            "pwrite" => "pwrite64",
            "umount" => "umount2",
            _ => name,
        };
        let here = x86_64::Sysno::from_str(name).map(|number| number.name());
        here.or_else(|()| aarch64::Sysno::from_str(name).map(|number| number.name())).ok().map(Self)
    }

    /// Returns the calls of a group of systemd, such as `@system-service`; those that neither architecture has are
    /// left out.
    #[must_use]
    pub fn group(name: &str) -> Option<BTreeSet<Self>> {
        let mut found = BTreeSet::new();
        collect(name, &mut found).then_some(found)
    }

    /// Returns its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0
    }

    /// Returns the call that 64-bit ARM has in place of one that it never had.
    pub(crate) fn modern(self) -> Option<Self> {
        let (_, modern) = MODERN.into_iter().find(|(old, _)| *old == self.0)?;
        Self::named(modern)
    }
}

impl fmt::Display for SystemCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for SystemCall {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0)
    }
}

/// Groups hold groups, none holds itself.
fn collect(group: &str, found: &mut BTreeSet<SystemCall>) -> bool {
    let words = GROUPS.lines().map(|line| line.split(' '));
    let Some(members) =
        words.into_iter().find_map(|mut line| (line.next() == Some(group)).then_some(line))
    else {
        return false;
    };
    for member in members {
        if member.starts_with('@') {
            collect(member, found);
        } else {
            found.extend(SystemCall::named(member));
        }
    }
    true
}

/// What `systemd-analyze syscall-filter` of systemd 252 lists: a group in a line.
const GROUPS: &str = include_str!("syscall/groups.txt");

/// x86-64 kept the first calls of Unix; what came after it has only those that took their place.
const MODERN: [(&str, &str); 37] = [
    ("access", "faccessat"),
    ("alarm", "setitimer"),
    ("chmod", "fchmodat"),
    ("chown", "fchownat"),
    ("creat", "openat"),
    ("dup2", "dup3"),
    ("epoll_create", "epoll_create1"),
    ("epoll_wait", "epoll_pwait"),
    ("eventfd", "eventfd2"),
    ("fork", "clone"),
    ("futimesat", "utimensat"),
    ("getdents", "getdents64"),
    ("getpgrp", "getpgid"),
    ("inotify_init", "inotify_init1"),
    ("lchown", "fchownat"),
    ("link", "linkat"),
    ("lstat", "newfstatat"),
    ("mkdir", "mkdirat"),
    ("mknod", "mknodat"),
    ("open", "openat"),
    ("pause", "ppoll"),
    ("pipe", "pipe2"),
    ("poll", "ppoll"),
    ("readlink", "readlinkat"),
    ("rename", "renameat"),
    ("rmdir", "unlinkat"),
    ("select", "pselect6"),
    ("signalfd", "signalfd4"),
    ("stat", "newfstatat"),
    ("symlink", "symlinkat"),
    ("time", "gettimeofday"),
    ("unlink", "unlinkat"),
    ("utime", "utimensat"),
    ("utimes", "utimensat"),
    ("ustat", "statfs"),
    ("vfork", "clone"),
    ("renameat", "renameat2"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_both_architectures_are_known() {
        for name in ["openat", "open", "clone3", "futex_waitv", "arch_prctl"] {
            assert_eq!(SystemCall::named(name).map(SystemCall::name), Some(name));
        }
        assert_eq!(SystemCall::named("pread").map(SystemCall::name), Some("pread64"));
        assert_eq!(SystemCall::named("cacheflush"), None);
        assert!(
            MODERN
                .iter()
                .all(|(old, new)| SystemCall::named(old).is_some()
                    && SystemCall::named(new).is_some())
        );
    }

    #[test]
    fn groups_hold_what_their_groups_hold() {
        let has = |group, call| {
            SystemCall::group(group).is_some_and(|found| found.contains(&SystemCall(call)))
        };
        assert!(
            has("@system-service", "read")
                && has("@privileged", "reboot")
                && has("@system-service", "chown")
        );
        assert!(!has("@system-service", "reboot"));
        assert_eq!(SystemCall::group("@none"), None);
        assert_eq!(SystemCall::group("system-service"), None);
    }
}
