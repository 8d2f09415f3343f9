use std::fmt;

use crate::{Error, Procfs};

/// What makes a process itself and no other: the boot, the number, the start, the program, and on Linux 6.9 and later
/// the kernel's own number of it, which is never used twice.
///
/// A number alone names a process only as long as it lives; kept in a file or a database it may lead to a stranger.
/// Keep an identity instead, and open it again with [`Process::open`](crate::Process::open).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub struct Identity {
    /// The boot that it ran under; after another boot nothing of it is left.
    pub boot: String,
    /// Its number.
    pub pid: u32,
    /// When it started, in ticks since the boot.
    pub started: u64,
    /// What it ran when it was looked at; `None` when that could not be seen.
    #[cfg_attr(feature = "serde", serde(default))]
    pub program: Option<Program>,
    /// The inode of its pidfd, where pidfds have inodes of their own.
    #[cfg_attr(feature = "serde", serde(default))]
    pub pidfd_inode: Option<u64>,
}

/// A program's file, so that another of the same name is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a file is its device and inode, and nothing more")]
pub struct Program {
    /// The device.
    pub device: u64,
    /// The inode on it.
    pub inode: u64,
}

/// How two identities relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever asks must answer each")]
pub enum Likeness {
    /// The same process, even if it runs another program by now.
    Same,
    /// Number and start are the same, the program is not, and the kernel has no number of its own for them.
    Doubtful,
    /// Another process.
    Other,
}

impl Identity {
    /// Returns how long after the boot it started.
    #[must_use]
    pub fn since_boot(&self) -> std::time::Duration {
        crate::procfs::duration(self.started)
    }

    /// Returns an identity without its optional parts.
    #[must_use]
    pub fn new(boot: impl Into<String>, pid: u32, started: u64) -> Self {
        Self { boot: boot.into(), pid, started, program: None, pidfd_inode: None }
    }

    /// Reads the identity of whatever process has a number now, without its pidfd's inode.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] when there is none, others when a file cannot be read.
    pub fn read(procfs: &Procfs, pid: u32) -> Result<Self, Error> {
        let started = procfs.stat(pid)?.started;
        Ok(Self { program: procfs.program(pid), ..Self::new(procfs.boot_id()?, pid, started) })
    }

    /// Compares with another identity of the same number.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Likeness {
        if self.boot != other.boot || self.pid != other.pid || self.started != other.started {
            return Likeness::Other;
        }
        // The kernel's own number decides: a process may run another program and stay itself.
        if let (Some(ours), Some(theirs)) = (self.pidfd_inode, other.pidfd_inode) {
            return if ours == theirs { Likeness::Same } else { Likeness::Other };
        }
        match (self.program, other.program) {
            (Some(ours), Some(theirs)) if ours != theirs => Likeness::Doubtful,
            _ => Likeness::Same,
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} started at tick {}", self.pid, self.started)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_anything_but_the_program_is_another() {
        let program = |inode| Some(Program { device: 1, inode });
        let base = Identity { program: program(2), ..Identity::new("b", 7, 100) };
        let numbered = Identity { pidfd_inode: Some(5), ..base.clone() };
        for (one, two, expected) in [
            (&base, base.clone(), Likeness::Same),
            (&base, Identity { boot: "c".into(), ..base.clone() }, Likeness::Other),
            (&base, Identity { pid: 8, ..base.clone() }, Likeness::Other),
            (&base, Identity { started: 101, ..base.clone() }, Likeness::Other),
            (&base, Identity { program: program(3), ..base.clone() }, Likeness::Doubtful),
            (&base, Identity { program: None, ..base.clone() }, Likeness::Same),
            (&base, numbered.clone(), Likeness::Same),
            (&numbered, Identity { program: program(3), ..numbered.clone() }, Likeness::Same),
            (&numbered, Identity { pidfd_inode: Some(6), ..numbered.clone() }, Likeness::Other),
        ] {
            assert_eq!(one.compare(&two), expected, "{one:?} {two:?}");
            assert_eq!(two.compare(one), expected, "{two:?} {one:?}");
        }
    }
}
