//! What a directory contains.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use rustix::fs::{Dir, FileType};

use super::{PathError, Root, SafePath};
use crate::{Error, Untrusted};

/// What a directory beneath a [`Root`] contains, in no order, without `.` and `..`.
#[derive(Debug)]
pub struct PathEntries {
    directory: Dir,
    root: Root,
    path: Option<OsString>,
}

/// A name in a directory beneath a [`Root`].
#[derive(Clone)]
pub struct PathEntry {
    name: OsString,
    kind: PathEntryKind,
    path: SafePath,
}

/// What a name stands for, by the directory's own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathEntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A pipe, a socket or a device.
    Special,
    /// The file system does not say; [`SafePath::metadata`] does.
    Unknown,
}

impl PathEntries {
    pub(super) fn new(
        directory: OwnedFd,
        root: &Root,
        path: Option<&OsStr>,
    ) -> Result<Self, PathError> {
        let directory = Dir::new(directory)?;
        Ok(Self { directory, root: root.clone(), path: path.map(OsStr::to_owned) })
    }
}

impl Iterator for PathEntries {
    type Item = Result<PathEntry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = match self.directory.read()? {
                Ok(entry) => entry,
                Err(errno) => return Some(Err(PathError::from(errno).into())),
            };
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let mut path = self.path.clone().unwrap_or_default();
            if !path.is_empty() {
                path.push("/");
            }
            path.push(name);
            let path = SafePath { root: Arc::clone(&self.root.0), path };
            return Some(Ok(PathEntry {
                name: name.to_owned(),
                kind: kind(entry.file_type()),
                path,
            }));
        }
    }
}

impl PathEntry {
    /// Returns the name, which somebody else chose.
    #[must_use]
    pub fn name(&self) -> Untrusted<&OsStr> {
        Untrusted::new(&self.name)
    }

    /// Returns what the name stands for.
    #[must_use]
    pub const fn kind(&self) -> PathEntryKind {
        self.kind
    }

    /// Returns the path, to work with it: it stays beneath the root too.
    pub const fn path(&self) -> &SafePath {
        &self.path
    }
}

/// Hides the name.
impl fmt::Debug for PathEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PathEntry").field("kind", &self.kind).finish_non_exhaustive()
    }
}

const fn kind(file_type: FileType) -> PathEntryKind {
    match file_type {
        FileType::RegularFile => PathEntryKind::File,
        FileType::Directory => PathEntryKind::Directory,
        FileType::Symlink => PathEntryKind::Link,
        FileType::Fifo | FileType::Socket | FileType::CharacterDevice | FileType::BlockDevice => {
            PathEntryKind::Special
        }
        FileType::Unknown => PathEntryKind::Unknown,
    }
}
