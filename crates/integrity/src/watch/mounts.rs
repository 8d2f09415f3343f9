//! What is mounted where: a mount hides what was there, and no watch tells.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};

/// The mounts of this process's namespace. The kernel wakes who polls the file for `PRI`.
#[derive(Debug)]
pub(super) struct Mounts {
    file: Option<File>,
    known: BTreeSet<Mount>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mount {
    id: u64,
    point: PathBuf,
    is_local: bool,
}

impl Mounts {
    /// Reads what is mounted. Where there is no `/proc` nothing ever changes.
    pub(super) fn open() -> Self {
        let mut mounts = Self { file: File::open(TABLE).ok(), known: BTreeSet::new() };
        mounts.known = mounts.read().unwrap_or_default();
        mounts
    }

    /// Waits until there are events to read, something was mounted, or the time is over. A signal ends the wait too.
    pub(super) fn wait(&self, events: Option<BorrowedFd<'_>>, wait: Duration) -> io::Result<Ready> {
        let mut fds = Vec::with_capacity(2);
        fds.extend(self.file.as_ref().map(|file| PollFd::new(file, PollFlags::PRI)));
        fds.extend(events.map(|events| PollFd::from_borrowed_fd(events, PollFlags::IN)));
        // A wait without end where the time is too long to be told.
        match rustix::event::poll(&mut fds, Timespec::try_from(wait).ok().as_ref()) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Ready::default()),
            Err(error) => return Err(error.into()),
        }
        let mut ready = fds.iter().map(|fd| !fd.revents().is_empty());
        let mounts = self.file.is_some() && ready.next().unwrap_or(false);
        Ok(Ready { mounts, events: ready.next().unwrap_or(false) })
    }

    /// Returns where file systems of this host are mounted. What hangs on a network or mounts itself when it is looked
    /// at is left alone: it may not answer.
    #[cfg(feature = "fanotify")]
    pub(super) fn local(&self) -> impl Iterator<Item = &std::path::Path> {
        self.known.iter().filter(|mount| mount.is_local).map(|mount| mount.point.as_path())
    }

    /// Returns where something was mounted or unmounted since the last call.
    pub(super) fn changed(&mut self) -> Vec<PathBuf> {
        let Some(now) = self.read() else { return Vec::new() };
        let points: BTreeSet<PathBuf> =
            self.known.symmetric_difference(&now).map(|mount| mount.point.clone()).collect();
        self.known = now;
        points.into_iter().collect()
    }

    fn read(&mut self) -> Option<BTreeSet<Mount>> {
        let file = self.file.as_mut()?;
        let mut text = Vec::new();
        file.rewind().ok()?;
        file.read_to_end(&mut text).ok()?;
        Some(text.split(|&byte| byte == b'\n').filter_map(mount).collect())
    }
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ready {
    /// Something was mounted or unmounted.
    pub(super) mounts: bool,
    /// There are events to read.
    pub(super) events: bool,
}

const TABLE: &str = "/proc/self/mountinfo";

/// Reads a line of `/proc/PID/mountinfo`.
fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let id = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let point = PathBuf::from(OsString::from_vec(unescape(fields.nth(3)?)));
    fields.find(|field| *field == b"-")?;
    let kind = fields.next()?;
    Some(Mount { id, point, is_local: LOCAL.iter().any(|local| local.as_bytes() == kind) })
}

/// File systems that answer without a network, and from which programs start.
const LOCAL: &[&str] = &[
    "bcachefs", "btrfs", "erofs", "exfat", "ext2", "ext3", "ext4", "f2fs", "overlay", "ramfs",
    "squashfs", "tmpfs", "vfat", "xfs", "zfs",
];

/// Undoes the kernel's `\040` for space, tab, newline and backslash.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let digits =
            after.get(..3).filter(|digits| digits.iter().all(|d| (b'0'..b'8').contains(d)));
        match digits {
            Some(digits) if byte == b'\\' => {
                // Three octal digits may exceed a byte; the kernel writes none that does.
                plain.push(
                    digits.iter().fold(0, |sum: u8, digit| sum.wrapping_mul(8) | (digit - b'0')),
                );
                rest = &after[3..];
            }
            _ => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_read_with_its_odd_name() {
        let line =
            br"36 35 98:0 /mnt1 /a\040b\134c rw,noatime master:1 - ext3 /dev/x rw,errors=continue";
        let expected = Mount { id: 36, point: PathBuf::from("/a b\\c"), is_local: true };
        assert_eq!(mount(line), Some(expected));
        for line in ["", "x", "1 2 3", "1 35 98:0 / /mnt rw", "x 35 98:0 / /mnt rw - nfs y rw"] {
            assert_eq!(mount(line.as_bytes()), None, "{line}");
        }
        assert_eq!(unescape(br"\\04\9999\"), br"\\04\9999\");
    }

    #[test]
    fn nothing_changes_while_nothing_is_mounted() {
        let mounts = Mounts::open();
        assert!(mounts.known.iter().any(|mount| mount.point.as_os_str() == "/"));
        assert!(mounts.file.is_some());
        assert!(!mounts.wait(None, Duration::ZERO).unwrap().events);
    }
}
