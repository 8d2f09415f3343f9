//! A file that was hashed and is open.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::GuardError;
use super::opened::Opened;
use crate::{Algorithm, Digest, Entry};

/// A file that was as listed when it was opened, through the very descriptor that was hashed.
///
/// Nobody can exchange it any more, but whoever may write the file can still write into it. [`recheck`](Self::recheck)
/// after use tells whether somebody did.
#[derive(Debug)]
#[must_use]
pub struct Verified {
    opened: Opened,
    algorithm: Algorithm,
    digest: Digest,
}

impl Verified {
    pub(super) const fn new(opened: Opened, algorithm: Algorithm, digest: Digest) -> Self {
        Self { opened, algorithm, digest }
    }

    /// Checks that the file is still what was hashed: its size and times, and its content once more.
    ///
    /// The times alone would not do: a file system that counts in ticks gives two writes within one the same time.
    ///
    /// # Errors
    ///
    /// Fails with [`GuardError::Unstable`] where anybody wrote into the file since it was opened, or changed anything
    /// else about it: its mode, its names.
    pub fn recheck(&self) -> Result<(), GuardError> {
        let found = self.opened.look(self.algorithm)?;
        let of = |entry: &Entry| (entry.size, entry.mtime, entry.ctime);
        let is_same = of(&found) == of(&self.opened.entry) && found.content == Some(self.digest);
        if is_same { Ok(()) } else { Err(GuardError::Unstable { path: found.path }) }
    }

    /// Returns the file. Its position is its start.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.opened.file
    }

    /// Returns the path, with the listed symbolic links resolved.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.opened.entry.path
    }

    /// Returns the digest of the content.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns the file for good.
    #[must_use]
    pub fn into_file(self) -> File {
        self.opened.file
    }
}

impl Read for Verified {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.opened.file.read(buffer)
    }
}

impl Seek for Verified {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.opened.file.seek(to)
    }
}
