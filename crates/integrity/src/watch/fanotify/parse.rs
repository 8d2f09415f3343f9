//! Events as the kernel writes them, see fanotify(7).
//!
//! Total and bounded: whatever the bytes are, this returns, and allocates no more than they hold.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// What happened: `FAN_…`.
    pub(crate) mask: u64,
    /// The process that did it; 0 where this process may not know.
    pub(crate) pid: u32,
    /// The number of a descriptor of that process, or negative.
    pub(crate) pidfd: i32,
    /// The number of a descriptor of the file, or negative.
    pub(crate) file: i32,
    /// The directory in which it happened, and the name there.
    pub(crate) at: Option<Named>,
    /// Where it was before it was renamed.
    pub(crate) from: Option<Named>,
    /// Where it is since it was renamed.
    pub(crate) to: Option<Named>,
    /// What it happened to.
    pub(crate) object: Option<Fid>,
    /// The bytes were not what this version knows; what follows in the buffer was not read.
    pub(crate) malformed: bool,
}

/// A name in a directory. A directory itself is `.` in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) directory: Fid,
    pub(crate) name: OsString,
}

/// What the kernel calls a file or directory by: its file system, and a handle there. Never used twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fid {
    pub(crate) fsid: u64,
    pub(crate) kind: i32,
    pub(crate) bytes: Box<[u8]>,
}

/// Returns the events in a buffer. One that is malformed is the last.
pub(crate) fn events(buffer: &[u8]) -> impl Iterator<Item = Event> {
    let mut rest = buffer;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((event, after)) = event(rest) else {
            rest = &[];
            return Some(Event { malformed: true, pidfd: NONE, file: NONE, ..Event::default() });
        };
        rest = after;
        Some(event)
    })
}

/// `struct fanotify_event_metadata` and the records that follow it.
fn event(buffer: &[u8]) -> Option<(Event, &[u8])> {
    let length = usize::try_from(number(buffer, 0)?).ok()?;
    let metadata = usize::from(u16::from_ne_bytes(array(buffer, 6)?));
    let version = *buffer.get(4)?;
    if version != VERSION || metadata < METADATA || length < metadata {
        return None;
    }
    let (whole, after) = buffer.split_at_checked(length)?;
    let mut event = Event {
        mask: u64::from_ne_bytes(array(whole, 8)?),
        file: i32::from_ne_bytes(array(whole, 16)?),
        // The kernel's own threads, and processes outside of this namespace, are 0.
        pid: u32::try_from(i32::from_ne_bytes(array(whole, 20)?)).unwrap_or(0),
        pidfd: NONE,
        ..Event::default()
    };
    let mut records = whole.get(metadata..)?;
    while !records.is_empty() {
        let length = usize::from(u16::from_ne_bytes(array(records, 2)?));
        if length < RECORD {
            return None;
        }
        let (one, others) = records.split_at_checked(length)?;
        record(one, &mut event)?;
        records = others;
    }
    Some((event, after))
}

fn record(record: &[u8], event: &mut Event) -> Option<()> {
    match record[0] {
        OBJECT => event.object = Some(fid(record)?.0),
        AT_NAME => event.at = Some(named(record)?),
        FROM_NAME => event.from = Some(named(record)?),
        TO_NAME => event.to = Some(named(record)?),
        // Two descriptors would leave the first without an owner: the kernel sends one.
        PIDFD if event.pidfd < 0 => event.pidfd = i32::from_ne_bytes(array(record, RECORD)?),
        // Mounts, errors of file systems, and what later kernels add: not asked for.
        _ => {}
    }
    Some(())
}

/// `struct fanotify_event_info_fid`: the file system, `struct file_handle`, and what follows.
fn fid(record: &[u8]) -> Option<(Fid, &[u8])> {
    let fsid = u64::from(number(record, 4)?) | u64::from(number(record, 8)?) << 32;
    let length = usize::try_from(number(record, 12)?).ok()?;
    let kind = i32::from_ne_bytes(array(record, 16)?);
    let (bytes, after) = record.get(20..)?.split_at_checked(length)?;
    Some((Fid { fsid, kind, bytes: bytes.into() }, after))
}

fn named(record: &[u8]) -> Option<Named> {
    let (directory, name) = fid(record)?;
    let end = name.iter().position(|&byte| byte == 0)?;
    Some(Named { directory, name: OsString::from_vec(name[..end].to_vec()) })
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_ne_bytes)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// `FANOTIFY_METADATA_VERSION`, and the sizes of the metadata and of a record's header.
const VERSION: u8 = 3;
const METADATA: usize = 24;
const RECORD: usize = 4;

/// `FAN_EVENT_INFO_TYPE_…`.
const OBJECT: u8 = 1;
const AT_NAME: u8 = 2;
const PIDFD: u8 = 4;
const FROM_NAME: u8 = 10;
const TO_NAME: u8 = 12;

/// `FAN_NOFD`.
const NONE: i32 = -1;

// The fuzz target takes this file by its path.
#[cfg(test)]
#[path = "parse/tests.rs"]
mod tests;
