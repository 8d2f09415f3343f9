//! Reading files that the walk found.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use rustix::fs::{OFlags, Stat};

use super::directory::Directory;
use super::owners::Owners;
use super::{stat, xattrs};
use crate::source::{Content, EntryKind, Metadata, Opened};

/// A file that the walk found.
#[derive(Debug)]
pub(super) struct FileContent {
    pub(super) directory: Arc<Directory>,
    pub(super) name: CString,
    pub(super) owners: Arc<Owners>,
    /// Whether its size and times say that it changed. Those of `/proc` do not: all are empty.
    pub(super) is_told_by_metadata: bool,
}

#[derive(Debug)]
struct OpenFile {
    file: File,
    stat: Stat,
    metadata: Metadata,
}

impl Content for FileContent {
    fn open(&self) -> io::Result<Box<dyn Opened>> {
        let directory = self.directory.handle()?;
        // A pipe or a terminal in the file's place would wait, or become ours.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = stat::open(directory.as_fd(), &self.name, flags)?;
        let stat = rustix::fs::fstat(&file)?;
        if stat::kind(&stat) != Some(EntryKind::File) {
            return Err(io::Error::other("it is no file any more"));
        }
        let mut metadata = stat::metadata(&stat, EntryKind::File, &self.owners);
        metadata.xattrs = xattrs::of_open(&file)?;
        Ok(Box::new(OpenFile { file: file.into(), stat, metadata }))
    }

    fn is_told_by_metadata(&self) -> bool {
        self.is_told_by_metadata
    }
}

impl Opened for OpenFile {
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    fn is_as_opened(&self) -> io::Result<bool> {
        let now = rustix::fs::fstat(&self.file)?;
        Ok(stat::is_unmoved(&self.stat, &now))
    }
}

impl Read for OpenFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}
