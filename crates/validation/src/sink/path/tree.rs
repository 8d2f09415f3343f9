//! How a path is resolved without leaving the tree.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::{PathError, PathLinks, PathLookup, PathMounts, PathRules};

/// A directory and how paths beneath it are resolved.
pub(super) struct Tree {
    top: OwnedFd,
    device: u64,
    links: PathLinks,
    mounts: PathMounts,
    /// Whether the kernel is asked; no longer, once it said that it has no such call.
    kernel: AtomicBool,
}

impl Tree {
    pub(super) fn new(top: OwnedFd, rules: &PathRules) -> Result<Self, PathError> {
        let device = rustix::fs::fstat(&top)?.st_dev;
        let kernel = AtomicBool::new(rules.lookup == PathLookup::Kernel);
        Ok(Self { top, device, links: rules.links, mounts: rules.mounts, kernel })
    }

    /// Opens what is at a path that exists. Nothing is ever created here.
    pub(super) fn open(&self, path: &OsStr, flags: OFlags) -> Result<OwnedFd, PathError> {
        let flags = flags | OFlags::CLOEXEC;
        if self.kernel.load(Ordering::Relaxed)
            && let Some(answer) = self.ask_kernel(path, flags)
        {
            return answer;
        }
        for _ in 0..TRIES {
            match self.walk(path.as_bytes(), flags) {
                Err(PathError::Changing) => {}
                answer => return answer,
            }
        }
        Err(PathError::Changing)
    }

    /// Returns the kernel's answer, unless it has none.
    fn ask_kernel(&self, path: &OsStr, flags: OFlags) -> Option<Result<OwnedFd, PathError>> {
        let mut resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        resolve.set(ResolveFlags::NO_SYMLINKS, self.links == PathLinks::Refused);
        resolve.set(ResolveFlags::NO_XDEV, self.mounts == PathMounts::Refused);
        for _ in 0..TRIES {
            match rustix::fs::openat2(&self.top, path, flags, Mode::empty(), resolve) {
                Ok(file) => return Some(Ok(file)),
                Err(Errno::NOSYS) => {
                    self.kernel.store(false, Ordering::Relaxed);
                    return None;
                }
                // Containers of some age answer so for every call that they do not know; then the walk decides.
                Err(Errno::PERM) => return None,
                // A rename somewhere on the system made the kernel unsure of a `..`, or a signal came.
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => return Some(Err(errno.into())),
            }
        }
        None
    }

    /// Goes from name to name, each opened in the directory that is open already. Links are read and their targets
    /// walked the same way; `..` goes back to the directory that we came through, whatever happened to it since.
    fn walk(&self, path: &[u8], flags: OFlags) -> Result<OwnedFd, PathError> {
        let mut names = Vec::new();
        push_names(&mut names, path);
        let mut directories: Vec<OwnedFd> = Vec::new();
        let mut links = 0;
        while let Some(name) = names.pop() {
            let here = directories.last().map_or(self.top.as_fd(), AsFd::as_fd);
            match name.as_slice() {
                b"." => continue,
                b".." => {
                    directories.pop().ok_or(PathError::Escapes)?;
                    continue;
                }
                _ => {}
            }
            let pin = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let node = rustix::fs::openat(here, name.as_slice(), pin, Mode::empty())?;
            let stat = rustix::fs::fstat(&node)?;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink => {
                    links += 1;
                    if self.links == PathLinks::Refused || links > MAX_LINKS {
                        return Err(PathError::Link);
                    }
                    push_names(&mut names, &read_link(&node)?);
                }
                _ if self.mounts == PathMounts::Refused && stat.st_dev != self.device => {
                    return Err(PathError::Escapes);
                }
                FileType::Directory if directories.len() == MAX_DEPTH => {
                    return Err(PathError::TooLong);
                }
                FileType::Directory => directories.push(node),
                _ if !names.is_empty() || flags.contains(OFlags::DIRECTORY) => {
                    return Err(Errno::NOTDIR.into());
                }
                _ if flags.contains(OFlags::PATH) => return Ok(node),
                FileType::RegularFile => return open_last(here, &name, flags),
                _ => return Err(PathError::NotAFile),
            }
        }
        let here = directories.last().map_or(self.top.as_fd(), AsFd::as_fd);
        Ok(rustix::fs::openat(here, c".", flags, Mode::empty())?)
    }
}

/// Opens a file of which the walk knows what it is. Should it have become a link meanwhile, all is walked again.
fn open_last(here: BorrowedFd<'_>, name: &[u8], flags: OFlags) -> Result<OwnedFd, PathError> {
    match rustix::fs::openat(here, name, flags | OFlags::NOFOLLOW, Mode::empty()) {
        Err(Errno::LOOP) => Err(PathError::Changing),
        answer => Ok(answer?),
    }
}

/// Returns where a link leads, unless that is outside for certain.
fn read_link(link: &OwnedFd) -> Result<Vec<u8>, PathError> {
    let target = rustix::fs::readlinkat(link, c"", Vec::new())?.into_bytes();
    match target.first() {
        None => Err(PathError::Missing),
        Some(b'/') => Err(PathError::Escapes),
        Some(_) => Ok(target),
    }
}

/// Puts the names of a path on top of a stack, its first one topmost.
fn push_names(stack: &mut Vec<Vec<u8>>, path: &[u8]) {
    // What ends with a slash must be a directory, and `.` is only found in one.
    if path.last() == Some(&b'/') {
        stack.push(b".".to_vec());
    }
    let names = path.split(|byte| *byte == b'/').filter(|name| !name.is_empty());
    stack.extend(names.rev().map(<[u8]>::to_vec));
}

/// As many links as the kernel follows.
const MAX_LINKS: usize = 40;

/// Each level holds a descriptor, of which a process has some thousand.
const MAX_DEPTH: usize = 256;

/// Against somebody who swaps directories without pause, one gives up in the end.
const TRIES: usize = 64;
