//! The segment that grows.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

use crate::Error;
use crate::disk::Disk;
use crate::entry::MAX_LINE;
use crate::layout::Layout;

/// The segment that grows.
pub(crate) struct Segment {
    pub(crate) first: u64,
    pub(crate) file: Disk,
    /// How many of its bytes are in the tree.
    pub(crate) length: u64,
    /// How many of them are durable.
    pub(crate) synced: u64,
    /// A synchronisation failed: the kernel may have dropped the pages while it calls them clean.
    pub(crate) is_doubtful: bool,
}

impl Segment {
    pub(crate) fn open(layout: &Layout, first: u64) -> Result<Self, Error> {
        let file = Disk::new(create(&layout.segment(first))?);
        Ok(Self { first, file, length: 0, synced: 0, is_doubtful: false })
    }

    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.synced == self.length {
            return Ok(());
        }
        if self.is_doubtful {
            self.rewrite()?;
        }
        self.is_doubtful = true;
        self.file.sync_data()?;
        self.is_doubtful = false;
        self.synced = self.length;
        Ok(())
    }

    /// Writes what is not durable once more, so that the kernel takes it up again.
    fn rewrite(&self) -> io::Result<()> {
        let mut bytes = vec![0; MAX_LINE];
        let mut at = self.synced;
        while at < self.length {
            let wanted = bytes.len().min(usize::try_from(self.length - at).unwrap_or(usize::MAX));
            self.file.read_exact_at(&mut bytes[..wanted], at)?;
            self.file.write_all_at(&bytes[..wanted], at)?;
            at += wanted as u64;
        }
        Ok(())
    }
}

/// Opens a file for its owner alone; creates it where there is none. A link is not followed.
pub(crate) fn create(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options.open(path).map_err(Error::io("open", path))
}
