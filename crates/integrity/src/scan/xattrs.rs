//! Extended attributes: access control lists, capabilities and security labels among them.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd as _};

use rustix::io::{Errno, Result};

use crate::digest::Hasher;
use crate::{Algorithm, Xattr, XattrValue, Xattrs};

/// How to get at the attributes of something open.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// It was opened for reading.
    Open,
    /// It was only pinned, with `O_PATH`: the calls that take a file refuse it, and those that take a path reach it
    /// through `/proc`.
    Pinned,
}

/// Reads the attributes of something open.
pub(super) fn read(fd: impl AsFd, way: Way, buffer: &mut Vec<u8>) -> Result<Xattrs> {
    let fd = fd.as_fd();
    let path = match way {
        Way::Open => None,
        Way::Pinned => Some(format!("/proc/self/fd/{}\0", fd.as_raw_fd())),
    };
    let path = path.as_ref().and_then(|path| CStr::from_bytes_with_nul(path.as_bytes()).ok());
    let names = fill(buffer, |buffer| match path {
        None => rustix::fs::flistxattr(fd, buffer),
        Some(path) => rustix::fs::listxattr(path, buffer),
    });
    let names = match names {
        Ok([]) | Err(Errno::NOTSUP) => return Ok(Xattrs::default()),
        Ok(names) => names.to_vec(),
        Err(errno) => return Err(errno),
    };
    let mut names: Vec<&CStr> = names
        .split_inclusive(|&byte| byte == 0)
        .filter_map(|name| CStr::from_bytes_with_nul(name).ok())
        .collect();
    names.sort_unstable();

    let mut hasher = Hasher::new(Algorithm::Blake3);
    let mut list = Vec::with_capacity(names.len());
    for name in names {
        let value = fill(buffer, |buffer| match path {
            None => rustix::fs::fgetxattr(fd, name, buffer),
            Some(path) => rustix::fs::getxattr(path, name, buffer),
        });
        let value = match value {
            Ok(value) => &*value,
            // Gone since it was listed.
            Err(Errno::NODATA) => continue,
            Err(errno) => return Err(errno),
        };
        // With lengths before them, no two lists give the same bytes.
        for part in [name.to_bytes(), value] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        list.push(Xattr { name: name.to_bytes().into(), value: keep(value) });
    }
    let digest = (!list.is_empty()).then(|| hasher.finish());
    Ok(Xattrs { digest, list })
}

fn keep(value: &[u8]) -> XattrValue {
    if value.len() <= LARGEST_WHOLE {
        XattrValue::Whole(value.into())
    } else {
        XattrValue::Digest(Algorithm::Blake3.digest(value), value.len() as u64)
    }
}

/// Calls with a small buffer, for which the kernel needs no memory to speak of, and with the largest that it fills when
/// that is not enough.
fn fill(
    buffer: &mut Vec<u8>,
    mut call: impl FnMut(&mut [u8]) -> Result<usize>,
) -> Result<&mut [u8]> {
    buffer.resize(LARGEST, 0);
    let length = match call(&mut buffer[..USUAL]) {
        Err(Errno::RANGE) => call(buffer)?,
        result => result?,
    };
    buffer.get_mut(..length).ok_or(Errno::RANGE)
}

/// Longer values are kept as digest and size.
const LARGEST_WHOLE: usize = 256;

const USUAL: usize = 1024;

/// The kernel's limit for a value and for a list, `XATTR_SIZE_MAX` and `XATTR_LIST_MAX`.
const LARGEST: usize = 65_536;
