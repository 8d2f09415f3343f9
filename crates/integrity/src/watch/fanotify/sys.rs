//! The system calls that rustix does not have: fanotify and file handles.
//!
//! Everything else here treats what the kernel answers as bytes from outside; only the numbers of file descriptors in
//! an event are taken at the kernel's word, and this file turns them into owned ones.

#![expect(unsafe_code, reason = "fanotify and file handles have no safe interface")]

use std::ffi::{CStr, CString, c_int, c_uint};
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::parse::{self, Event, Fid};

/// A fanotify group: a queue of events, and the marks that fill it.
#[derive(Debug)]
pub(in crate::watch) struct Group(OwnedFd);

/// An event with the file descriptors that came with it.
#[derive(Debug)]
pub(in crate::watch) struct Delivered {
    pub(in crate::watch) event: Event,
    /// The process that did it, unless it has ended.
    pub(in crate::watch) pidfd: Option<OwnedFd>,
    /// The file that is to be opened, in a group that gates.
    pub(in crate::watch) file: Option<OwnedFd>,
}

impl Group {
    /// Creates a group that tells what happened, where, and who did it.
    pub(in crate::watch) fn telling() -> io::Result<Self> {
        Self::new(
            libc::FAN_CLASS_NOTIF | libc::FAN_REPORT_DFID_NAME_TARGET | libc::FAN_REPORT_PIDFD,
        )
    }

    /// Creates a group that is asked before files are opened.
    pub(in crate::watch) fn gating() -> io::Result<Self> {
        Self::new(libc::FAN_CLASS_CONTENT)
    }

    fn new(flags: c_uint) -> io::Result<Self> {
        let flags = flags | libc::FAN_CLOEXEC | libc::FAN_NONBLOCK;
        // Older kernels ask for pipes, too, and opening one would wait for its writer.
        let file_flags = libc::O_RDONLY
            | libc::O_LARGEFILE
            | libc::O_CLOEXEC
            | libc::O_NOATIME
            | libc::O_NONBLOCK;
        // SAFETY: no pointer is passed; the flags are checked by the kernel.
        let fd = unsafe { libc::fanotify_init(flags, file_flags.cast_unsigned()) };
        own(fd).map(Self)
    }

    /// Adds events to the mark of a path, which is a symbolic link's own.
    pub(in crate::watch) fn mark(&self, kind: c_uint, events: u64, path: &Path) -> io::Result<()> {
        let path = c_string(path.as_os_str().as_bytes())?;
        let flags = libc::FAN_MARK_ADD | libc::FAN_MARK_DONT_FOLLOW | kind;
        // SAFETY: the path is a string that ends with NUL and outlives the call, which keeps no pointer to it.
        let result = unsafe {
            libc::fanotify_mark(self.0.as_raw_fd(), flags, events, libc::AT_FDCWD, path.as_ptr())
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Takes events from the queue, as many as the buffer holds; `None` when there are none.
    pub(in crate::watch) fn read(&self, buffer: &mut [u8]) -> io::Result<Option<Vec<Delivered>>> {
        let length = match rustix::io::read(&self.0, &mut *buffer) {
            Ok(length) => length,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let events = parse::events(&buffer[..length]);
        Ok(Some(events.map(deliver).collect()))
    }

    /// Answers a question: the file may be opened, or not.
    pub(in crate::watch) fn answer(&self, file: BorrowedFd<'_>, answer: u32) -> io::Result<()> {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&file.as_raw_fd().to_ne_bytes());
        bytes[4..].copy_from_slice(&answer.to_ne_bytes());
        rustix::io::write(&self.0, &bytes)?;
        Ok(())
    }
}

impl AsFd for Group {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn deliver(event: Event) -> Delivered {
    let [pidfd, file] = [event.pidfd, event.file].map(|fd| {
        // SAFETY: the kernel opened this descriptor for this process as it copied the event, which was read just now
        // and is delivered once, so that nobody else owns it. A negative number is none.
        (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) })
    });
    Delivered { event, pidfd, file }
}

/// Returns the handle of what `name` is in a directory, a symbolic link's own; of the directory itself where the name
/// is empty. The second is the number of the mount that it lies on.
pub(in crate::watch) fn handle(
    directory: BorrowedFd<'_>,
    name: &CStr,
    fsid: u64,
) -> io::Result<(Fid, c_int)> {
    look_up(directory.as_raw_fd(), name, fsid, libc::AT_EMPTY_PATH)
}

/// Returns the handle of what a path leads to, links followed.
pub(in crate::watch) fn target(path: &CStr, fsid: u64) -> io::Result<Fid> {
    let (found, _) = look_up(libc::AT_FDCWD, path, fsid, libc::AT_SYMLINK_FOLLOW)?;
    Ok(found)
}

fn look_up(directory: c_int, name: &CStr, fsid: u64, flags: c_int) -> io::Result<(Fid, c_int)> {
    let mut buffer = HandleBuffer { length: MAX_HANDLE, kind: 0, bytes: [0; MAX_HANDLE as usize] };
    let mut mount = 0;
    // SAFETY: the buffer is laid out as `struct file_handle` and its length says how much follows; name, buffer and
    // mount outlive the call, which keeps no pointer to them.
    let result = unsafe {
        libc::name_to_handle_at(
            directory,
            name.as_ptr(),
            (&raw mut buffer).cast(),
            &raw mut mount,
            flags,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    let bytes = buffer.bytes.get(..buffer.length as usize).ok_or(io::ErrorKind::InvalidData)?;
    Ok((Fid { fsid, kind: buffer.kind, bytes: bytes.into() }, mount))
}

/// Opens what a handle stands for, on the file system of `mount`.
pub(in crate::watch) fn open(
    mount: BorrowedFd<'_>,
    fid: &Fid,
    flags: rustix::fs::OFlags,
) -> io::Result<OwnedFd> {
    let mut buffer = HandleBuffer { length: 0, kind: fid.kind, bytes: [0; MAX_HANDLE as usize] };
    let room = buffer.bytes.get_mut(..fid.bytes.len()).ok_or(io::ErrorKind::InvalidInput)?;
    room.copy_from_slice(&fid.bytes);
    buffer.length = u32::try_from(fid.bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let flags = flags.bits().cast_signed() | libc::O_CLOEXEC;
    // SAFETY: the buffer is laid out as `struct file_handle` and holds as many bytes as its length says; it outlives
    // the call, which keeps no pointer to it.
    let fd = unsafe { libc::open_by_handle_at(mount.as_raw_fd(), (&raw mut buffer).cast(), flags) };
    own(fd)
}

pub(in crate::watch) fn c_string(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(|_| io::ErrorKind::InvalidInput.into())
}

fn own(fd: c_int) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system call that the caller made just now returned this descriptor, so that nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `struct file_handle` with room for the largest handle.
#[repr(C)]
struct HandleBuffer {
    length: u32,
    kind: i32,
    bytes: [u8; MAX_HANDLE as usize],
}

/// `MAX_HANDLE_SZ` of the kernel.
const MAX_HANDLE: u32 = 128;
