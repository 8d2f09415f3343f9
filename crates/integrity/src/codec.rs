//! The bytes of an entry, in snapshots and baselines.
//!
//! Every entry has one encoding, and whatever decodes encodes as the same bytes: what is signed is what is read.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use crate::{Digest, Entry, EntryKind, Fault, FileTime, Flags, Xattr, XattrValue, Xattrs};

/// Why bytes are none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// Appends an entry, without its path and its prefix. A regular file with its digest takes about 75 bytes.
pub(crate) fn encode(entry: &Entry, out: &mut Vec<u8>) {
    out.extend_from_slice(&tag(entry).to_le_bytes());
    if let Some(Fault::Refused(errno)) = entry.fault {
        put_signed(i64::from(errno), out);
    }
    for number in [entry.mode, entry.uid, entry.gid] {
        put_number(u64::from(number), out);
    }
    for number in [entry.size, entry.nlink, entry.inode, entry.dev] {
        put_number(number, out);
    }
    if entry.rdev != 0 {
        put_number(entry.rdev, out);
    }
    put_time(entry.mtime, FileTime::default(), out);
    if entry.ctime != entry.mtime {
        put_time(entry.ctime, entry.mtime, out);
    }
    if let Some(btime) = entry.btime
        && btime != entry.mtime
    {
        put_time(btime, entry.mtime, out);
    }
    if let Some(flags) = entry.flags
        && flags != Flags::default()
    {
        put_number(u64::from(flags.bits()), out);
    }
    if let Some(target) = &entry.target {
        put_bytes(target.as_os_str().as_bytes(), out);
    }
    put_xattrs(&entry.xattrs, out);
    if let Some(content) = &entry.content {
        out.extend_from_slice(content.as_bytes());
    }
}

/// Takes an entry off the front of `bytes`. Nothing that they say is trusted, and nothing is allocated that they do
/// not hold.
pub(crate) fn decode(bytes: &mut &[u8], path: PathBuf) -> Result<Entry, Malformed> {
    let tag = u16::from_le_bytes(take_array(bytes)?);
    let has = |bit: u16| tag & bit != 0;
    let kind = KINDS.get(usize::from(tag & KIND)).ok_or(Malformed("an unknown kind"))?;
    let fault = match tag & FAULT {
        REFUSED => {
            let errno = i32::try_from(take_signed(bytes)?);
            Some(Fault::Refused(errno.map_err(|_| Malformed("an error number is too large"))?))
        }
        RACED => Some(Fault::Raced),
        UNSTABLE => Some(Fault::Unstable),
        SPARSE => Some(Fault::Sparse),
        0 => None,
        _ => return Err(Malformed("an unknown fault")),
    };
    let (mode, uid, gid) = (take_small(bytes)?, take_small(bytes)?, take_small(bytes)?);
    let (size, nlink) = (take_number(bytes)?, take_number(bytes)?);
    let (inode, dev) = (take_number(bytes)?, take_number(bytes)?);
    let rdev = if has(RDEV) { nonzero(take_number(bytes)?)? } else { 0 };
    let mtime = take_time(bytes, FileTime::default())?;
    let ctime = if has(CTIME_IS_MTIME) { mtime } else { other_time(bytes, mtime)? };
    let btime = match (has(BTIME), has(BTIME_IS_MTIME)) {
        (false, false) => None,
        (true, true) => Some(mtime),
        (true, false) => Some(other_time(bytes, mtime)?),
        (false, true) => return Err(Malformed("half a time")),
    };
    let flags = match (has(FLAGS), has(FLAGS_SET)) {
        (false, false) => None,
        (true, false) => Some(Flags::default()),
        (true, true) => Some(take_flags(bytes)?),
        (false, true) => return Err(Malformed("half a set of flags")),
    };
    let target = if has(TARGET) { Some(take_path(bytes)?) } else { None };
    let xattrs = take_xattrs(bytes, has(XATTR_DIGEST), has(XATTR_LIST))?;
    let content = if has(CONTENT) { Some(take_digest(bytes)?) } else { None };
    Ok(Entry {
        path,
        kind: *kind,
        mode,
        uid,
        gid,
        size,
        nlink,
        inode,
        dev,
        rdev,
        mtime,
        ctime,
        btime,
        flags,
        target,
        xattrs,
        content,
        prefix: None,
        fault,
    })
}

/// Appends a number: seven bits a byte, the lowest first, the top bit set in all bytes but the last.
pub(crate) fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while let rest @ 1.. = number >> 7 {
        out.push(number.to_le_bytes()[0] | MORE);
        number = rest;
    }
    out.push(number.to_le_bytes()[0]);
}

/// Appends bytes with their number before them.
pub(crate) fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Takes a number off the front, in its shortest spelling only.
pub(crate) fn take_number(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = take_array(bytes)?;
        let bits = u64::from(byte & !MORE);
        if bits << shift >> shift != bits {
            return Err(Malformed("a number is too large"));
        }
        number |= bits << shift;
        if byte & MORE == 0 {
            if byte == 0 && shift > 0 {
                return Err(Malformed("a number is longer than it must be"));
            }
            return Ok(number);
        }
    }
    Err(Malformed("a number is too long"))
}

/// Takes bytes that [`put_bytes`] wrote off the front.
pub(crate) fn take_bytes<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8], Malformed> {
    let length = take_number(bytes)?;
    let length = usize::try_from(length).map_err(|_| ENDS_EARLY)?;
    bytes.split_off(..length).ok_or(ENDS_EARLY)
}

/// Takes as many bytes off the front as the array has.
pub(crate) fn take_array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (array, rest) = bytes.split_first_chunk().ok_or(ENDS_EARLY)?;
    *bytes = rest;
    Ok(*array)
}

/// Takes a digest off the front.
pub(crate) fn take_digest(bytes: &mut &[u8]) -> Result<Digest, Malformed> {
    take_array(bytes).map(Digest::from_bytes)
}

/// Appends a time as its difference to another.
pub(crate) fn put_time(time: FileTime, base: FileTime, out: &mut Vec<u8>) {
    put_signed(time.seconds.wrapping_sub(base.seconds), out);
    out.extend_from_slice(&time.nanos.to_le_bytes());
}

/// Takes a time that [`put_time`] wrote off the front.
pub(crate) fn take_time(bytes: &mut &[u8], base: FileTime) -> Result<FileTime, Malformed> {
    let seconds = base.seconds.wrapping_add(take_signed(bytes)?);
    Ok(FileTime { seconds, nanos: u32::from_le_bytes(take_array(bytes)?) })
}

/// Which of the optional parts follow, with kind and fault.
fn tag(entry: &Entry) -> u16 {
    let kind = match entry.kind {
        EntryKind::File => 0,
        EntryKind::Directory => 1,
        EntryKind::Symlink => 2,
        EntryKind::Fifo => 3,
        EntryKind::Socket => 4,
        EntryKind::CharDevice => 5,
        EntryKind::BlockDevice => 6,
        EntryKind::Unknown => 7,
    };
    let fault = match entry.fault {
        None => 0,
        Some(Fault::Refused(_)) => REFUSED,
        Some(Fault::Raced) => RACED,
        Some(Fault::Unstable) => UNSTABLE,
        Some(Fault::Sparse) => SPARSE,
    };
    let parts = [
        (entry.rdev != 0, RDEV),
        (entry.ctime == entry.mtime, CTIME_IS_MTIME),
        (entry.btime.is_some(), BTIME),
        (entry.btime == Some(entry.mtime), BTIME_IS_MTIME),
        (entry.flags.is_some(), FLAGS),
        (entry.flags.is_some_and(|flags| flags != Flags::default()), FLAGS_SET),
        (entry.target.is_some(), TARGET),
        (entry.xattrs.digest.is_some(), XATTR_DIGEST),
        (!entry.xattrs.list.is_empty(), XATTR_LIST),
        (entry.content.is_some(), CONTENT),
    ];
    parts.iter().filter(|(there, _)| *there).fold(kind | fault, |tag, (_, bit)| tag | bit)
}

fn put_xattrs(xattrs: &Xattrs, out: &mut Vec<u8>) {
    if let Some(digest) = &xattrs.digest {
        out.extend_from_slice(digest.as_bytes());
    }
    if xattrs.list.is_empty() {
        return;
    }
    put_number(xattrs.list.len() as u64, out);
    for xattr in &xattrs.list {
        put_bytes(&xattr.name, out);
        match &xattr.value {
            XattrValue::Whole(value) => {
                out.push(WHOLE);
                put_bytes(value, out);
            }
            XattrValue::Digest(digest, size) => {
                out.push(DIGEST);
                out.extend_from_slice(digest.as_bytes());
                put_number(*size, out);
            }
        }
    }
}

fn take_xattrs(bytes: &mut &[u8], digest: bool, list: bool) -> Result<Xattrs, Malformed> {
    let digest = if digest { Some(take_digest(bytes)?) } else { None };
    let mut xattrs = Xattrs { digest, list: Vec::new() };
    if !list {
        return Ok(xattrs);
    }
    // Grows with what is there; the number alone allocates nothing.
    for _ in 0..nonzero(take_number(bytes)?)? {
        let name = take_bytes(bytes)?.into();
        let value = match take_array(bytes)? {
            [WHOLE] => XattrValue::Whole(take_bytes(bytes)?.into()),
            [DIGEST] => XattrValue::Digest(take_digest(bytes)?, take_number(bytes)?),
            _ => return Err(Malformed("an attribute of an unknown form")),
        };
        xattrs.list.push(Xattr { name, value });
    }
    Ok(xattrs)
}

/// The sign goes into the lowest bit, so that small numbers stay short on both sides of zero.
fn put_signed(number: i64, out: &mut Vec<u8>) {
    put_number((number << 1 ^ number >> 63).cast_unsigned(), out);
}

fn take_signed(bytes: &mut &[u8]) -> Result<i64, Malformed> {
    let number = take_number(bytes)?;
    Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

fn take_small(bytes: &mut &[u8]) -> Result<u32, Malformed> {
    u32::try_from(take_number(bytes)?).map_err(|_| Malformed("a number is too large"))
}

fn take_path(bytes: &mut &[u8]) -> Result<PathBuf, Malformed> {
    take_bytes(bytes).map(|path| OsString::from_vec(path.to_vec()).into())
}

fn take_flags(bytes: &mut &[u8]) -> Result<Flags, Malformed> {
    let bits = take_small(bytes)?;
    let flags = Flags::from_bits(bits);
    if bits == 0 || flags.bits() != bits {
        return Err(Malformed("flags that are never kept"));
    }
    Ok(flags)
}

fn other_time(bytes: &mut &[u8], than: FileTime) -> Result<FileTime, Malformed> {
    let time = take_time(bytes, than)?;
    if time == than { Err(Malformed("a time is written twice")) } else { Ok(time) }
}

fn nonzero(number: u64) -> Result<u64, Malformed> {
    if number == 0 { Err(Malformed("a zero that goes without saying")) } else { Ok(number) }
}

const ENDS_EARLY: Malformed = Malformed("ends early");

const MORE: u8 = 0x80;

/// The kinds, in the order of their numbers.
const KINDS: [EntryKind; 8] = [
    EntryKind::File,
    EntryKind::Directory,
    EntryKind::Symlink,
    EntryKind::Fifo,
    EntryKind::Socket,
    EntryKind::CharDevice,
    EntryKind::BlockDevice,
    EntryKind::Unknown,
];

const KIND: u16 = 0x7;
const FAULT: u16 = 0x38;
const REFUSED: u16 = 0x10;
const SPARSE: u16 = 0x8;
const RACED: u16 = 0x20;
const UNSTABLE: u16 = 0x30;
const RDEV: u16 = 0x40;
const CTIME_IS_MTIME: u16 = 0x80;
const BTIME: u16 = 0x100;
const BTIME_IS_MTIME: u16 = 0x200;
const FLAGS: u16 = 0x400;
const FLAGS_SET: u16 = 0x800;
const TARGET: u16 = 0x1000;
const XATTR_DIGEST: u16 = 0x2000;
const XATTR_LIST: u16 = 0x4000;
const CONTENT: u16 = 0x8000;

const WHOLE: u8 = 0;
const DIGEST: u8 = 1;

#[cfg(test)]
mod tests;
