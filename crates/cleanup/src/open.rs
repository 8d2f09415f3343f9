//! Directories that are opened without following a link or crossing a mount.

use std::cell::Cell;
use std::ffi::{CStr, OsStr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, Stat, StatxAttributes, StatxFlags};
use rustix::io::Errno;

use crate::Obstacle;

/// What tells a directory from every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

impl Place {
    pub(crate) fn of(stat: &Stat) -> Self {
        Self { device: stat.st_dev, inode: stat.st_ino }
    }

    pub(crate) fn at(directory: impl AsFd) -> Result<Self, Errno> {
        rustix::fs::fstat(directory).map(|stat| Self::of(&stat))
    }
}

/// Opens directories: by `openat2`, or name by name where it is refused.
#[derive(Debug)]
pub(crate) struct Opener {
    asks_kernel: Cell<bool>,
}

impl Opener {
    pub(crate) const fn new(asks_kernel: bool) -> Self {
        Self { asks_kernel: Cell::new(asks_kernel) }
    }

    /// Opens the directory that a rule names. No part of its path may be a link; mounts on the way are the operator's.
    pub(crate) fn root(&self, path: &Path) -> Result<OwnedFd, Obstacle> {
        let top = rustix::fs::open("/", DIRECTORY, Mode::empty()).map_err(obstacle)?;
        let below = path.strip_prefix("/").unwrap_or(path).as_os_str();
        self.open(top.as_fd(), below, Mounts::Crossed)
    }

    /// Opens a directory below another one, on the same mount.
    pub(crate) fn below(
        &self,
        directory: BorrowedFd<'_>,
        path: &OsStr,
    ) -> Result<OwnedFd, Obstacle> {
        self.open(directory, path, Mounts::Refused)
    }

    fn open(
        &self,
        from: BorrowedFd<'_>,
        path: &OsStr,
        mounts: Mounts,
    ) -> Result<OwnedFd, Obstacle> {
        if path.is_empty() {
            return rustix::fs::openat(from, c".", DIRECTORY, Mode::empty()).map_err(obstacle);
        }
        let answer =
            if self.asks_kernel.get() { self.ask_kernel(from, path, mounts) } else { None };
        answer.unwrap_or_else(|| by_name(from, path, mounts))
    }

    /// Returns the kernel's answer, unless it has none.
    fn ask_kernel(
        &self,
        from: BorrowedFd<'_>,
        path: &OsStr,
        mounts: Mounts,
    ) -> Option<Result<OwnedFd, Obstacle>> {
        let mut how =
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        how.set(ResolveFlags::NO_XDEV, mounts == Mounts::Refused);
        for _ in 0..TRIES {
            match rustix::fs::openat2(from, path, DIRECTORY, Mode::empty(), how) {
                Ok(opened) => return Some(Ok(opened)),
                // Containers of some age answer `EPERM` to every call that they do not know.
                Err(Errno::NOSYS | Errno::PERM) => {
                    self.asks_kernel.set(false);
                    return None;
                }
                // A rename somewhere on the system made the kernel unsure, or a signal came.
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => return Some(Err(obstacle(errno))),
            }
        }
        None
    }
}

/// Opens each name in the directory that is open already.
fn by_name(from: BorrowedFd<'_>, path: &OsStr, mounts: Mounts) -> Result<OwnedFd, Obstacle> {
    let device = rustix::fs::fstat(from).map_err(obstacle)?.st_dev;
    let mut opened: Option<OwnedFd> = None;
    for name in path.as_bytes().split(|&byte| byte == b'/').filter(|name| !name.is_empty()) {
        if matches!(name, b"." | b"..") {
            return Err(Obstacle::Swapped);
        }
        let here = opened.as_ref().map_or(from, AsFd::as_fd);
        let next = rustix::fs::openat(here, name, DIRECTORY, Mode::empty()).map_err(obstacle)?;
        if mounts == Mounts::Refused {
            let is_other = rustix::fs::fstat(&next).map_err(obstacle)?.st_dev != device;
            if is_other || is_mounted(&next) {
                return Err(Obstacle::Mount);
            }
        }
        opened = Some(next);
    }
    opened.ok_or(Obstacle::Swapped)
}

/// Tells whether a directory is where something is mounted: also one of the same file system, which its device does not
/// show. Kernels below 5.8 do not tell.
fn is_mounted(directory: &OwnedFd) -> bool {
    let told = rustix::fs::statx(directory, c"", AtFlags::EMPTY_PATH, StatxFlags::empty());
    told.is_ok_and(|told| told.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Looks at a name without following a link and without making anything be mounted.
pub(crate) fn look(directory: BorrowedFd<'_>, name: &CStr) -> Result<Stat, Errno> {
    rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT)
}

pub(crate) fn obstacle(errno: Errno) -> Obstacle {
    match errno {
        // `O_NOFOLLOW` met a link, or what was a directory is none.
        Errno::LOOP | Errno::NOTDIR => Obstacle::Swapped,
        Errno::XDEV => Obstacle::Mount,
        Errno::NOENT => Obstacle::Changed,
        errno => Obstacle::Refused(std::io::Error::from(errno).to_string()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mounts {
    Crossed,
    Refused,
}

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const TRIES: usize = 8;
