//! Names that the kernel knows.

use std::fmt;

use serde::{Serialize, Serializer};

/// A right of root that can be given alone, by the kernel's name: `CAP_NET_RAW`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability(&'static str);

impl Capability {
    /// Finds one by its name, in either case, with or without `CAP_`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        CAPABILITIES.into_iter().find(|known| &known["CAP_".len()..] == bare).map(Self)
    }

    /// Returns all of them, in the order of their numbers.
    pub fn all() -> impl Iterator<Item = Self> {
        CAPABILITIES.into_iter().map(Self)
    }

    /// Returns the kernel's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0
    }

    /// Returns the name as AppArmor and SELinux write it: `net_raw`.
    #[must_use]
    pub fn bare(self) -> String {
        self.0["CAP_".len()..].to_ascii_lowercase()
    }

    /// Returns its number, as in masks.
    pub(crate) fn number(self) -> usize {
        CAPABILITIES.iter().position(|known| *known == self.0).unwrap_or_default()
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0)
    }
}

/// A kind of socket, by its short name: `inet6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family {
    number: u16,
    name: &'static str,
}

impl Family {
    /// Finds one by its name: `inet`, `AF_INET`, `PF_INET`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let bare =
            lower.strip_prefix("af_").or_else(|| lower.strip_prefix("pf_")).unwrap_or(&lower);
        let bare = if bare == "local" { "unix" } else { bare };
        let (number, name) = FAMILIES.into_iter().find(|(_, known)| *known == bare)?;
        Some(Self { number, name })
    }

    /// Returns the kernel's number.
    #[must_use]
    pub fn number(self) -> u16 {
        self.number
    }

    /// Returns the short name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Returns the kernel's name: `AF_INET`.
    #[must_use]
    pub fn constant(self) -> String {
        format!("AF_{}", self.name.to_ascii_uppercase())
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Serialize for Family {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name)
    }
}

/// In the order of their numbers.
const CAPABILITIES: [&str; 41] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
];

/// Those that programs ask for; a profile gives no other.
const FAMILIES: [(u16, &str); 14] = [
    (1, "unix"),
    (2, "inet"),
    (10, "inet6"),
    (16, "netlink"),
    (17, "packet"),
    (21, "rds"),
    (29, "can"),
    (30, "tipc"),
    (31, "bluetooth"),
    (38, "alg"),
    (40, "vsock"),
    (41, "kcm"),
    (43, "smc"),
    (44, "xdp"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_people_write_them() {
        for name in ["CAP_NET_RAW", "net_raw", "cap_net_raw"] {
            assert_eq!(
                Capability::named(name).map(|found| (found.bare(), found.number())),
                Some(("net_raw".to_owned(), 13))
            );
        }
        for name in ["AF_INET6", "inet6", "PF_INET6"] {
            assert_eq!(
                Family::named(name).map(|found| (found.number(), found.constant())),
                Some((10, "AF_INET6".to_owned()))
            );
        }
        assert_eq!((Capability::named("CAP_"), Family::named("")), (None, None));
        assert_eq!(Capability::all().last().map(Capability::number), Some(40));
    }
}
