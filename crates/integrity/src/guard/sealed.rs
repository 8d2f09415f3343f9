//! A copy in memory that nobody can change.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;

use super::GuardError;
use super::opened::{Opened, read_to};
use crate::digest::Hasher;
use crate::{Algorithm, Digest};

/// A copy of a file in memory that was sealed first and hashed then: nobody can change it any more, root included.
#[derive(Debug)]
#[must_use]
pub struct SealedFile {
    file: File,
    path: PathBuf,
    digest: Digest,
}

impl SealedFile {
    pub(super) fn copy(opened: &Opened, algorithm: Algorithm) -> Result<Self, GuardError> {
        let path = &opened.entry.path;
        let mut file: File = create().map_err(GuardError::io("make memory for", path))?.into();
        // One byte more shows that the file has grown since its size was compared.
        let limit = opened.entry.size.saturating_add(1);
        read_to(&opened.file, path, limit, |chunk| file.write_all(chunk))?;
        let seals = SealFlags::SEAL | SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE;
        fcntl_add_seals(&file, seals).map_err(GuardError::io("seal the copy of", path))?;
        file.rewind().map_err(GuardError::io("rewind the copy of", path))?;
        let mut hasher = Hasher::new(algorithm);
        read_to(&file, path, limit, |chunk| {
            hasher.update(chunk);
            Ok(())
        })?;
        Ok(Self { file, path: path.clone(), digest: hasher.finish() })
    }

    /// Runs the copy as a program, after `prepare` has set arguments and environment.
    ///
    /// It is given its path as its own name. Only the program itself was checked, not the libraries that it loads.
    ///
    /// # Errors
    ///
    /// Fails where the system cannot run it, where `/proc` is not mounted, and for a script: its interpreter would open
    /// by name what was never checked.
    pub fn spawn(&self, prepare: impl FnOnce(&mut Command)) -> io::Result<Child> {
        let mut start = [0; 2];
        if self.file.read_at(&mut start, 0)? == 2 && start == *b"#!" {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let mut command = Command::new(format!("/proc/self/fd/{}", self.file.as_raw_fd()));
        command.arg0(&self.path);
        prepare(&mut command);
        command.spawn()
    }

    /// Returns the copy, readable from its start.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// Returns the path that was copied, with the listed symbolic links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the digest of the content.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns the copy for good.
    #[must_use]
    pub fn into_file(self) -> File {
        self.file
    }
}

impl AsFd for SealedFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn create() -> rustix::io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Linux 6.3 wants to be told that the copy may be run; older ones do not know the word.
    match memfd_create(c"wardkit-sealed", flags | MemfdFlags::EXEC) {
        Err(Errno::INVAL) => memfd_create(c"wardkit-sealed", flags),
        result => result,
    }
}
