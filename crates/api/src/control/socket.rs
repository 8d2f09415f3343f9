//! Where the control socket is, however long its path.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// A short path to a socket whose own path may be longer than the 108 bytes that the kernel takes.
#[derive(Debug)]
pub(super) struct SocketPath {
    /// The directory, open, so that it can be named by its descriptor's number.
    directory: OwnedFd,
}

impl SocketPath {
    /// Opens the directory that `path` is in, and returns it with the last part of `path`.
    pub(super) fn open(path: &Path) -> io::Result<(Self, &Path)> {
        let name = path.file_name().map(Path::new);
        let name = name.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let directory = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(directory, flags, Mode::empty())?;
        Ok((Self { directory }, name))
    }

    /// Returns a short path to `name` in the directory, valid as long as `self` lives.
    pub(super) fn to(&self, name: impl AsRef<Path>) -> PathBuf {
        Path::new("/proc/self/fd").join(self.directory.as_raw_fd().to_string()).join(name)
    }
}
