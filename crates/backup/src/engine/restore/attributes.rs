//! What belongs to a path besides its content: owner, permissions, extended attributes, times.

use std::ffi::{CStr, OsString};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::ffi::OsStringExt as _;

use rustix::fs::{AtFlags, Gid, Mode, OFlags, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;

use crate::format::{Node, Timestamp, Xattr};

/// What belongs to a path.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes {
    /// The lowest twelve bits of the mode.
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds since 1970 and nanoseconds.
    pub(super) accessed: (i64, u32),
    pub(super) modified: (i64, u32),
    /// Names and values.
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What could not be set, and why.
pub(super) type Lacking = Vec<(&'static str, Errno)>;

impl Attributes {
    /// What a snapshot says of a path.
    pub(super) fn of(node: &Node) -> Self {
        let time = |time: Timestamp| (time.seconds(), time.nanoseconds());
        let xattr = |xattr: &Xattr| (xattr.name.clone().into_bytes(), xattr.value.clone());
        Self {
            mode: node.mode.permissions(),
            uid: node.uid,
            gid: node.gid,
            accessed: time(node.atime),
            modified: time(node.mtime),
            xattrs: node.xattrs.iter().map(xattr).collect(),
        }
    }

    /// Sets them on an open file or directory. The order matters: a change of the owner takes away set-user-id bits and
    /// capabilities, a change of anything else moves no time of content.
    pub(super) fn set(&self, opened: BorrowedFd<'_>) -> Lacking {
        let mut lacking = Lacking::new();
        let owned = match owner(self.uid, self.gid) {
            Ok((uid, gid)) => rustix::fs::fchown(opened, Some(uid), Some(gid)),
            Err(errno) => Err(errno),
        };
        let mode = self.mode_after(owned, &mut lacking);
        note(&mut lacking, "set the permissions", rustix::fs::fchmod(opened, mode));
        for (name, value) in &self.xattrs {
            let set = rustix::fs::fsetxattr(opened, &**name, value, XattrFlags::empty());
            note(&mut lacking, "set an extended attribute", set);
        }
        note(&mut lacking, "set the times", rustix::fs::futimens(opened, &self.times()));
        lacking
    }

    /// Sets them on a name that is not to be opened: a link, a pipe, a socket, a device.
    pub(super) fn set_on(&self, directory: BorrowedFd<'_>, name: &CStr, is_link: bool) -> Lacking {
        let mut lacking = Lacking::new();
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        let owned = match owner(self.uid, self.gid) {
            Ok((uid, gid)) => rustix::fs::chownat(directory, name, Some(uid), Some(gid), flags),
            Err(errno) => Err(errno),
        };
        let mode = self.mode_after(owned, &mut lacking);
        if !is_link {
            note(&mut lacking, "set the permissions", change_mode(directory, name, mode));
        }
        let place = place(directory, Some(name));
        for (key, value) in &self.xattrs {
            let set = rustix::fs::lsetxattr(&place, &**key, value, XattrFlags::empty());
            note(&mut lacking, "set an extended attribute", set);
        }
        let set = rustix::fs::utimensat(directory, name, &self.times(), flags);
        note(&mut lacking, "set the times", set);
        lacking
    }

    /// About how many bytes they take, besides their own size.
    pub(super) fn weight(&self) -> usize {
        let texts = self.xattrs.iter().map(|(name, value)| name.len() + value.len());
        texts.sum::<usize>() + self.xattrs.len() * 2 * size_of::<Vec<u8>>()
    }

    /// The permissions; without the bits that would lend the wrong owner's rights.
    fn mode_after(&self, owned: Result<(), Errno>, lacking: &mut Lacking) -> Mode {
        let mode = Mode::from_raw_mode(self.mode & ALL_BITS);
        match owned {
            Ok(()) => mode,
            Err(errno) => {
                lacking.push(("set the owner", errno));
                mode - Mode::SUID - Mode::SGID
            }
        }
    }

    fn times(&self) -> Timestamps {
        let of = |(seconds, nanos): (i64, u32)| Timespec {
            tv_sec: seconds,
            tv_nsec: i64::from(nanos.min(MOST_NANOS)),
        };
        Timestamps { last_access: of(self.accessed), last_modification: of(self.modified) }
    }
}

fn note(lacking: &mut Lacking, what: &'static str, result: Result<(), Errno>) {
    if let Err(errno) = result {
        lacking.push((what, errno));
    }
}

/// The numbers that the system takes for "as it is" are no owners.
fn owner(uid: u32, gid: u32) -> Result<(Uid, Gid), Errno> {
    if uid == u32::MAX || gid == u32::MAX {
        return Err(Errno::INVAL);
    }
    Ok((Uid::from_raw(uid), Gid::from_raw(gid)))
}

/// Changes the mode of what the name is now, never of what a link leads to.
fn change_mode(directory: BorrowedFd<'_>, name: &CStr, mode: Mode) -> Result<(), Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let found = rustix::fs::openat(directory, name, flags, Mode::empty())?;
    let stat = rustix::fs::fstat(&found)?;
    if rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Symlink {
        return Err(Errno::LOOP);
    }
    rustix::fs::chmod(place(found.as_fd(), None), mode)
}

/// A path to what is open already, for the calls that take nothing else.
fn place(opened: BorrowedFd<'_>, name: Option<&CStr>) -> OsString {
    let mut path = format!("/proc/self/fd/{}", opened.as_raw_fd()).into_bytes();
    if let Some(name) = name {
        path.push(b'/');
        path.extend_from_slice(name.to_bytes());
    }
    OsString::from_vec(path)
}

const ALL_BITS: u32 = 0o7777;
/// More are no time but an instruction to the system.
const MOST_NANOS: u32 = 999_999_999;
