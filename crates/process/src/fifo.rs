use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::Error;

/// Opens a FIFO for both ways, and makes it where there is none: opening it waits for nobody, who writes into it never
/// meets its end, and what is in it stays as long as anybody has it open.
///
/// It holds `size` bytes, or fewer where the user has many.
///
/// # Errors
///
/// [`Error::File`] when something else stands there, or the kernel refuses.
pub fn open_fifo(path: &Path, size: usize) -> Result<OwnedFd, Error> {
    let open = || -> io::Result<OwnedFd> {
        match rustix::fs::mkfifoat(CWD, path, Mode::from_raw_mode(0o600)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        // What stands there is looked at before it is opened: opening a device may do something.
        if !fs::symlink_metadata(path)?.file_type().is_fifo() {
            return Err(Errno::EXIST.into());
        }
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NOCTTY;
        Ok(rustix::fs::open(path, flags, Mode::empty())?)
    };
    let fifo = open().map_err(Error::file(path))?;
    let _ = rustix::pipe::fcntl_setpipe_size(&fifo, size);
    Ok(fifo)
}
