//! Where the control socket is, however long its path.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// The directory of a socket, under a path short enough for a socket address.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Keeps the number alive that `path` names the directory by.
    _opened: Option<OwnedFd>,
}

impl Directory {
    /// Finds the directory that `socket` is in, and returns it with the last part of `socket`.
    pub(super) fn of(socket: &Path) -> io::Result<(Self, &Path)> {
        let name = socket.file_name().map(Path::new);
        let name = name.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let path = match socket.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        if socket.as_os_str().len() <= SHORT {
            return Ok((Self { path: path.to_owned(), _opened: None }, name));
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(path, flags, Mode::empty())?;
        let path = Path::new("/proc/self/fd").join(opened.as_raw_fd().to_string());
        Ok((Self { path, _opened: Some(opened) }, name))
    }

    /// Returns the path of `name` in the directory, valid as long as `self` lives.
    pub(super) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }
}

/// The kernel takes 108 bytes: these, a suffix, and a zero.
const SHORT: usize = 96;
