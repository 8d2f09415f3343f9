//! The surroundings of a change as they are on the disk.

use std::ffi::{CString, OsStr};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{Dir, FileType, Mode, OFlags};

use crate::order;
use crate::{Algorithm, Entry, Known, Surroundings, Take, inspect};

/// What an earlier scan found, and what a later one or the disk has now: the [`Surroundings`] of a change.
///
/// Nothing is followed and nothing waited for: every directory on the way is opened for itself, and only a regular file
/// is opened for reading.
#[derive(Clone, Copy)]
pub struct Around<'k> {
    before: &'k dyn Known,
    now: Option<&'k dyn Known>,
}

impl<'k> Around<'k> {
    /// Looks at the disk for what is there now.
    #[must_use]
    pub fn new(before: &'k dyn Known) -> Self {
        Self { before, now: None }
    }

    /// Takes what is there now from a scan that has seen it: no content is read twice.
    #[must_use]
    pub fn with_scan(mut self, now: &'k dyn Known) -> Self {
        self.now = Some(now);
        self
    }
}

impl Surroundings for Around<'_> {
    fn before(&self, directory: &Path, beginning: &[u8]) -> Vec<Entry> {
        known(self.before, directory, beginning)
    }

    fn now(&self, directory: &Path, beginning: &[u8]) -> Vec<Entry> {
        if let Some(now) = self.now {
            return known(now, directory, beginning);
        }
        let algorithm = self.algorithm();
        let names = list(directory, beginning).unwrap_or_default();
        let entry = |name: CString| {
            let path = directory.join(OsStr::from_bytes(name.as_bytes()));
            inspect(&path, algorithm, Take::Content, None)
        };
        names.into_iter().filter_map(entry).collect()
    }

    fn open(&self, path: &Path) -> Option<Box<dyn Read + '_>> {
        open_file(path).map(|file| Box::new(file) as Box<dyn Read>)
    }

    fn algorithm(&self) -> Algorithm {
        self.before.algorithm()
    }
}

impl fmt::Debug for Around<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Around").field("scan", &self.now.is_some()).finish_non_exhaustive()
    }
}

fn known(known: &dyn Known, directory: &Path, beginning: &[u8]) -> Vec<Entry> {
    let begins = |entry: &Entry| order::split(&entry.path).1.starts_with(beginning);
    known.children(directory).filter(begins).take(MOST).collect()
}

/// Lists the names of a directory that begin so.
fn list(directory: &Path, beginning: &[u8]) -> Option<Vec<CString>> {
    // What was opened only to be passed through cannot be read.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(open_directory(directory)?, c".", flags, Mode::empty()).ok()?;
    let entries = Dir::new(fd).ok()?;
    let names = entries.map_while(Result::ok).map(|entry| entry.file_name().to_owned());
    Some(names.filter(|name| name.as_bytes().starts_with(beginning)).take(MOST).collect())
}

/// Opens a regular file for reading; no link is followed on the way, and nothing is waited for.
pub(crate) fn open_file(path: &Path) -> Option<File> {
    let (directory, name) = order::split(path);
    let directory = open_directory(Path::new(OsStr::from_bytes(directory)))?;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let is_file = |mode| FileType::from_raw_mode(mode) == FileType::RegularFile;
    // Opening a device may do something by itself: look first, and again at what was opened.
    let look = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    if !is_file(rustix::fs::statat(&directory, name, look).ok()?.st_mode) {
        return None;
    }
    let file = rustix::fs::openat(&directory, name, flags, Mode::empty()).ok()?;
    is_file(rustix::fs::fstat(&file).ok()?.st_mode).then(|| File::from(file))
}

/// Opens a directory and every one on the way to it, links excepted.
fn open_directory(path: &Path) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut directory = rustix::fs::open(c"/", flags, Mode::empty()).ok()?;
    for name in path.as_os_str().as_bytes().split(|&byte| byte == b'/') {
        if !name.is_empty() {
            directory = rustix::fs::openat(&directory, name, flags, Mode::empty()).ok()?;
        }
    }
    Some(directory)
}

/// A log does not have more archives; a directory may have any number of names.
const MOST: usize = 1_000;
