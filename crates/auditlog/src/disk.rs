//! A segment's file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// A file that a test can make fail as a full or broken disk does.
pub(crate) struct Disk {
    file: File,
    #[cfg(test)]
    pub(crate) faults: Faults,
}

/// What a test lets fail.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct Faults {
    /// How many bytes still fit.
    pub(crate) room: Option<usize>,
    pub(crate) refuses_sync: bool,
    pub(crate) refuses_truncation: bool,
}

impl Disk {
    pub(crate) fn new(file: File) -> Self {
        Self {
            file,
            #[cfg(test)]
            faults: Faults::default(),
        }
    }

    pub(crate) fn len(&self) -> io::Result<u64> {
        self.file.metadata().map(|data| data.len())
    }

    /// Returns what reads it from where it is told to.
    pub(crate) const fn reader(&self) -> &File {
        &self.file
    }

    pub(crate) fn read_exact_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        self.file.read_exact_at(bytes, at)
    }

    pub(crate) fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        #[cfg(test)]
        if let Some(fits) = self.faults.room.filter(|&room| room < bytes.len()) {
            self.file.write_all_at(&bytes[..fits], at)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_all_at(bytes, at)
    }

    pub(crate) fn sync_data(&self) -> io::Result<()> {
        #[cfg(test)]
        if self.faults.refuses_sync {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.sync_data()
    }

    pub(crate) fn set_len(&self, length: u64) -> io::Result<()> {
        #[cfg(test)]
        if self.faults.refuses_truncation {
            return Err(io::ErrorKind::Other.into());
        }
        self.file.set_len(length)
    }
}
