//! Looking at a path without opening it.

use std::ffi::CStr;
use std::os::fd::AsFd;
use std::path::PathBuf;

use rustix::fs::{AtFlags, FileType, Statx, StatxAttributes, StatxFlags, StatxTimestamp};
use rustix::io::Result;

use crate::{Entry, EntryKind, FileTime, Flags};

/// Looks at a name in a directory, not at what it points to.
pub(super) fn look(dir: impl AsFd, name: &CStr) -> Result<Statx> {
    rustix::fs::statx(dir, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT, WANTED)
}

/// Looks at what is open.
pub(super) fn look_open(fd: impl AsFd) -> Result<Statx> {
    rustix::fs::statx(fd, c"", AtFlags::EMPTY_PATH | AtFlags::SYMLINK_NOFOLLOW, WANTED)
}

/// Returns an entry without its path, and without what takes an open file to know.
pub(super) fn entry(stat: &Statx) -> Entry {
    let mut entry = Entry::new(PathBuf::new(), kind(stat));
    entry.mode = u32::from(stat.stx_mode) & 0o7777;
    entry.uid = stat.stx_uid;
    entry.gid = stat.stx_gid;
    entry.size = stat.stx_size;
    entry.nlink = u64::from(stat.stx_nlink);
    entry.inode = stat.stx_ino;
    entry.dev = device(stat);
    entry.rdev = rustix::fs::makedev(stat.stx_rdev_major, stat.stx_rdev_minor);
    entry.mtime = time(stat.stx_mtime);
    entry.ctime = time(stat.stx_ctime);
    let has_btime = StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::BTIME);
    entry.btime = has_btime.then(|| time(stat.stx_btime));
    entry.flags = flags(stat);
    entry
}

/// Returns what it is.
pub(super) fn kind(stat: &Statx) -> EntryKind {
    match FileType::from_raw_mode(stat.stx_mode.into()) {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Symlink,
        FileType::Fifo => EntryKind::Fifo,
        FileType::Socket => EntryKind::Socket,
        FileType::CharacterDevice => EntryKind::CharDevice,
        FileType::BlockDevice => EntryKind::BlockDevice,
        FileType::Unknown => EntryKind::Unknown,
    }
}

/// Tells whether both are of one inode of one type.
pub(super) fn is_same(left: &Statx, right: &Statx) -> bool {
    identity(left) == identity(right) && kind(left) == kind(right)
}

/// Tells whether nothing of a file moved between two looks at it.
pub(super) fn is_unmoved(before: &Statx, after: &Statx) -> bool {
    before.stx_size == after.stx_size
        && time(before.stx_ctime) == time(after.stx_ctime)
        && time(before.stx_mtime) == time(after.stx_mtime)
}

/// Returns device and inode.
pub(super) fn identity(stat: &Statx) -> (u64, u64) {
    (device(stat), stat.stx_ino)
}

pub(super) fn device(stat: &Statx) -> u64 {
    rustix::fs::makedev(stat.stx_dev_major, stat.stx_dev_minor)
}

/// Tells whether something may be mounted here. A kernel that does not say is asked in other ways.
pub(super) fn may_be_mount(stat: &Statx) -> bool {
    let mount_root = StatxAttributes::MOUNT_ROOT;
    !stat.stx_attributes_mask.contains(mount_root) || stat.stx_attributes.contains(mount_root)
}

fn time(time: StatxTimestamp) -> FileTime {
    FileTime { seconds: time.tv_sec, nanos: time.tv_nsec }
}

/// What the system tells of the inode flags without an open file: the most important ones.
fn flags(stat: &Statx) -> Option<Flags> {
    let known = stat.stx_attributes_mask & StatxAttributes::from_bits_retain(SAME_AS_FLAGS);
    let set = stat.stx_attributes & known;
    let bits = u32::try_from(set.bits()).unwrap_or_default();
    (!known.is_empty()).then(|| Flags::from_bits(bits))
}

const WANTED: StatxFlags = StatxFlags::BASIC_STATS.union(StatxFlags::BTIME);

/// The attributes that have the number of their inode flag: compressed, immutable, append-only, no-dump, encrypted
/// and verity.
const SAME_AS_FLAGS: u64 = 0x4 | 0x10 | 0x20 | 0x40 | 0x800 | 0x10_0000;
