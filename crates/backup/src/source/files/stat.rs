//! Looking at names without following links.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, Result};

use super::owners::Owners;
use crate::source::{EntryKind, FileTime, Metadata};

/// Looks at a name in a directory, not at what it points to.
pub(super) fn look(directory: BorrowedFd<'_>, name: &CStr) -> Result<Stat> {
    rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT)
}

/// Opens a name in a directory for reading, not what it points to, and without leaving a trace where that is allowed:
/// to the owner of a file and to root.
pub(super) fn open(directory: BorrowedFd<'_>, name: &CStr, flags: OFlags) -> Result<OwnedFd> {
    let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let quiet = flags | OFlags::NOATIME;
    match retry(|| rustix::fs::openat(directory, name, quiet, Mode::empty())) {
        Err(Errno::PERM) => retry(|| rustix::fs::openat(directory, name, flags, Mode::empty())),
        opened => opened,
    }
}

/// Device and inode: what tells one from all others that exist.
pub(super) const fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

/// Tells the same of something open.
pub(super) fn identity_of(open: impl AsFd) -> Result<(u64, u64)> {
    rustix::fs::fstat(open).map(|stat| identity(&stat))
}

/// What it is, if it is something that a backup knows.
pub(super) fn kind(stat: &Stat) -> Option<EntryKind> {
    Some(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Symlink,
        FileType::Fifo => EntryKind::Fifo,
        FileType::Socket => EntryKind::Socket,
        FileType::CharacterDevice => EntryKind::CharDevice,
        FileType::BlockDevice => EntryKind::BlockDevice,
        FileType::Unknown => return None,
    })
}

/// All that a look tells.
pub(super) fn metadata(stat: &Stat, kind: EntryKind, owners: &Owners) -> Metadata {
    Metadata {
        uid: stat.st_uid,
        gid: stat.st_gid,
        user: owners.user(stat.st_uid),
        group: owners.group(stat.st_gid),
        modified: modified(stat),
        changed: changed(stat),
        accessed: time(stat.st_atime, stat.st_atime_nsec),
        inode: stat.st_ino,
        device: stat.st_dev,
        links: as_u64(stat.st_nlink),
        size: u64::try_from(stat.st_size).unwrap_or_default(),
        special: stat.st_rdev,
        ..Metadata::plain(kind, stat.st_mode & 0o7777)
    }
}

/// Whether nothing happened to a file between two looks at it.
pub(super) fn is_unmoved(before: &Stat, after: &Stat) -> bool {
    before.st_size == after.st_size
        && modified(before) == modified(after)
        && changed(before) == changed(after)
}

fn modified(stat: &Stat) -> FileTime {
    time(stat.st_mtime, stat.st_mtime_nsec)
}

fn changed(stat: &Stat) -> FileTime {
    time(stat.st_ctime, stat.st_ctime_nsec)
}

/// The system's types differ by architecture.
fn time(seconds: impl Into<i64>, nanos: impl TryInto<u32>) -> FileTime {
    FileTime { seconds: seconds.into(), nanos: nanos.try_into().unwrap_or_default() }
}

fn as_u64(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}

fn retry<T>(call: impl FnMut() -> Result<T>) -> Result<T> {
    rustix::io::retry_on_intr(call)
}
