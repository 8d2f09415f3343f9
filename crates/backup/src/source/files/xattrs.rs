//! Extended attributes: access control lists, capabilities and security labels among them.

use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd as _, BorrowedFd};

use rustix::fs::OFlags;
use rustix::io::{Errno, Result};

use super::stat;
use crate::source::{EntryKind, Xattr};

/// Reads the attributes of a name in a directory, not of what it points to. There is no call for that; the name below
/// the open directory's own link in `/proc` is the same.
pub(super) fn of_name(
    directory: BorrowedFd<'_>,
    name: &CStr,
    kind: EntryKind,
) -> Result<Vec<Xattr>> {
    if kind == EntryKind::Symlink {
        // The format has no place for those of a link.
        return Ok(Vec::new());
    }
    let mut path = format!("/proc/self/fd/{}/", directory.as_raw_fd()).into_bytes();
    path.extend_from_slice(name.to_bytes());
    let Ok(path) = CString::new(path) else { return Err(Errno::INVAL) };
    let found = all(
        |buffer| rustix::fs::llistxattr(&*path, buffer),
        |name, buffer| rustix::fs::lgetxattr(&*path, name, buffer),
    );
    match found {
        // Without a `/proc`, only what can be opened can be asked.
        Err(Errno::NOENT) if matches!(kind, EntryKind::File | EntryKind::Directory) => {
            of_open(&stat::open(directory, name, OFlags::NONBLOCK)?)
        }
        found => found,
    }
}

/// Reads the attributes of something open.
pub(super) fn of_open(file: impl std::os::fd::AsFd) -> Result<Vec<Xattr>> {
    let file = file.as_fd();
    all(
        |buffer| rustix::fs::flistxattr(file, buffer),
        |name, buffer| rustix::fs::fgetxattr(file, name, buffer),
    )
}

/// The system's order is kept: the same directory is to give the same tree each time, and restic's.
fn all(
    list: impl FnMut(&mut [u8]) -> Result<usize>,
    value: impl Fn(&CStr, &mut [u8]) -> Result<usize>,
) -> Result<Vec<Xattr>> {
    let names = match fill(list) {
        Err(Errno::NOTSUP) => return Ok(Vec::new()),
        names => names?,
    };
    let mut attributes = Vec::new();
    for name in names.split_inclusive(|&byte| byte == 0) {
        let Ok(name) = CStr::from_bytes_with_nul(name) else { continue };
        match fill(|buffer| value(name, buffer)) {
            Ok(value) => attributes.push(Xattr { name: name.to_bytes().to_vec(), value }),
            // Gone since it was listed.
            Err(Errno::NODATA) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(attributes)
}

/// Calls with a small buffer, and with the largest that the system fills when that is not enough.
fn fill(mut call: impl FnMut(&mut [u8]) -> Result<usize>) -> Result<Vec<u8>> {
    let mut small = [0; USUAL];
    match call(&mut small) {
        Ok(length) => small.get(..length).map(<[u8]>::to_vec).ok_or(Errno::RANGE),
        Err(Errno::RANGE) => {
            let mut large = vec![0; LARGEST];
            let length = call(&mut large)?;
            large.truncate(length);
            Ok(large)
        }
        Err(errno) => Err(errno),
    }
}

const USUAL: usize = 512;

/// The kernel's limit for a value and for a list, `XATTR_SIZE_MAX` and `XATTR_LIST_MAX`.
const LARGEST: usize = 65_536;
