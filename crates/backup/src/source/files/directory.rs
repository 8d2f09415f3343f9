//! Directories on the way of a walk, and how few of them are open at a time.

use std::ffi::CString;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::stat;

/// A directory that names are looked up in, by the walk and by whoever opens the files that it found.
#[derive(Debug)]
pub(super) struct Directory {
    above: Above,
    /// Device and inode.
    identity: (u64, u64),
    depth: usize,
    fd: Option<Held>,
}

#[derive(Debug)]
enum Above {
    /// It lies on the way to a root, and is always open.
    Start,
    Parent(Arc<Directory>, CString),
    /// Only while it is dropped.
    Gone,
}

/// How many directories are open, and how many may be.
#[derive(Debug)]
pub(super) struct Open {
    now: AtomicUsize,
    limit: usize,
}

/// An open directory that is counted.
#[derive(Debug)]
struct Held {
    fd: OwnedFd,
    open: Arc<Open>,
}

/// A directory, open for as long as this lives.
pub(super) enum Handle<'a> {
    Borrowed(BorrowedFd<'a>),
    Owned(OwnedFd),
}

impl Directory {
    /// Creates a directory on the way to a root, which stays open.
    pub(super) fn start(fd: OwnedFd, open: &Arc<Open>) -> Self {
        // Its identity is never asked for: nothing is opened again through its parent.
        Self { above: Above::Start, identity: (0, 0), depth: 0, fd: Some(open.hold(fd)) }
    }

    /// Creates a directory below another. It stays open when there is room.
    pub(super) fn below(
        parent: Arc<Self>,
        name: CString,
        identity: (u64, u64),
        fd: OwnedFd,
        open: &Arc<Open>,
    ) -> Self {
        let depth = parent.depth + 1;
        let fd = open.has_room(depth).then(|| open.hold(fd));
        Self { above: Above::Parent(parent, name), identity, depth, fd }
    }

    /// Returns it open. One that was closed is opened again from the nearest open one above, and must still be itself.
    pub(super) fn handle(&self) -> Result<Handle<'_>, Errno> {
        let mut way = Vec::new();
        let mut at = self;
        let open = loop {
            match (&at.fd, &at.above) {
                (Some(held), _) => break held.fd.as_fd(),
                (None, Above::Parent(parent, name)) => {
                    way.push((name, at.identity));
                    at = parent;
                }
                (None, _) => return Err(Errno::STALE),
            }
        };
        let mut handle = Handle::Borrowed(open);
        for (name, identity) in way.into_iter().rev() {
            let fd = stat::open(handle.as_fd(), name, OFlags::DIRECTORY)?;
            if stat::identity_of(&fd)? != identity {
                return Err(Errno::STALE);
            }
            handle = Handle::Owned(fd);
        }
        Ok(handle)
    }
}

impl Drop for Directory {
    /// Lets go of those above one by one: a tree may be deeper than the stack.
    fn drop(&mut self) {
        let mut above = std::mem::replace(&mut self.above, Above::Gone);
        while let Above::Parent(parent, _) = above {
            let Some(mut parent) = Arc::into_inner(parent) else { return };
            above = std::mem::replace(&mut parent.above, Above::Gone);
        }
    }
}

impl Open {
    /// Allows half of the files that the process may open.
    pub(super) fn new() -> Self {
        let allowed = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let half =
            allowed.map_or(MOST_OPEN, |files| usize::try_from(files / 2).unwrap_or(MOST_OPEN));
        Self { now: AtomicUsize::new(0), limit: half.min(MOST_OPEN) }
    }

    fn hold(self: &Arc<Self>, fd: OwnedFd) -> Held {
        self.now.fetch_add(1, Ordering::Relaxed);
        Held { fd, open: Arc::clone(self) }
    }

    /// Half of the room is for anybody; the rest is for directories far below each other, from which those between are
    /// reached in few steps.
    fn has_room(&self, depth: usize) -> bool {
        let now = self.now.load(Ordering::Relaxed);
        now < self.limit / 2 || (depth.is_multiple_of(LANDING) && now < self.limit)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.open.now.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Handle<'_> {
    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Borrowed(fd) => *fd,
            Self::Owned(fd) => fd.as_fd(),
        }
    }
}

const MOST_OPEN: usize = 1024;

const LANDING: usize = 64;
