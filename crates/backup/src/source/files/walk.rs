//! The walk over files and directories.

use std::collections::{HashSet, VecDeque, btree_map};
use std::ffi::{CStr, CString, OsStr, OsString};
use std::mem;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, RawDir, Stat};
use rustix::io::Errno;

use super::content::FileContent;
use super::directory::{Directory, Open};
use super::owners::Owners;
use super::ways::Way;
use super::{FilesOptions, stat, xattrs};
use crate::source::{Entry, EntryKind, Failure};

/// A walk, at any point of it.
#[derive(Debug)]
pub(super) struct Walk {
    options: FilesOptions,
    owners: Arc<Owners>,
    open: Arc<Open>,
    /// All roots, those within others too: each may lie on a file system of its own.
    roots: HashSet<Vec<u8>>,
    inside: Vec<Frame>,
    /// The path of the innermost directory, or of what is looked at in it; empty for `/`.
    path: Vec<u8>,
    failures: VecDeque<Failure>,
    buffer: Vec<u8>,
}

/// A directory that the walk is in.
#[derive(Debug)]
struct Frame {
    directory: Arc<Directory>,
    names: Names,
    path_length: usize,
    /// The device that is not to be left.
    device: Option<u64>,
}

/// The names that are still to be looked at.
#[derive(Debug)]
enum Names {
    Given(btree_map::IntoIter<Vec<u8>, Way>),
    All(std::vec::IntoIter<CString>),
}

impl Walk {
    pub(super) fn new(roots: &[PathBuf], options: FilesOptions) -> Result<Self, Errno> {
        let all = roots.iter().map(|root| root.as_os_str().as_bytes().to_vec()).collect();
        let mut walk = Self {
            options,
            owners: Arc::new(Owners::of_system()),
            open: Arc::new(Open::new()),
            roots: all,
            inside: Vec::new(),
            path: Vec::new(),
            failures: VecDeque::new(),
            buffer: Vec::with_capacity(LISTING),
        };
        let way = Way::to(roots);
        let flags = if way.is_root { OFlags::RDONLY } else { OFlags::PATH };
        let flags = flags | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let top = rustix::fs::open("/", flags, Mode::empty())?;
        let device = Some(rustix::fs::fstat(&top)?.st_dev).filter(|_| way.is_root);
        let names = if way.is_root {
            Names::All(walk.list(top.as_fd()))
        } else {
            Names::Given(way.below.into_iter())
        };
        let directory = Arc::new(Directory::start(top, &walk.open));
        walk.inside.push(Frame { directory, names, path_length: 0, device });
        Ok(walk)
    }

    pub(super) fn next(&mut self) -> Option<Result<Entry, Failure>> {
        loop {
            if let Some(failure) = self.failures.pop_front() {
                return Some(Err(failure));
            }
            let frame = self.inside.last_mut()?;
            self.path.truncate(frame.path_length);
            let Some((name, way)) = frame.names.next() else {
                self.inside.pop();
                continue;
            };
            self.path.push(b'/');
            self.path.extend_from_slice(name.to_bytes());
            let directory = Arc::clone(&frame.directory);
            let device = frame.device;
            let entry = match way {
                Some(way) if !way.is_root => self.pass(&directory, &name, way),
                _ => self.visit(&directory, name, device),
            };
            if let Some(entry) = entry {
                return Some(Ok(entry));
            }
        }
    }

    /// Looks at what is to be backed up.
    fn visit(
        &mut self,
        directory: &Arc<Directory>,
        name: CString,
        device: Option<u64>,
    ) -> Option<Entry> {
        if self.options.excludes.matches(&self.path) {
            return None;
        }
        let handle = self.note("open", directory.handle())?;
        let here = handle.as_fd();
        let found = self.note("find", stat::look(here, &name))?;
        let kind = self.note("understand", stat::kind(&found).ok_or(Errno::INVAL))?;
        let is_beyond = self.is_beyond(&found, device);
        if kind == EntryKind::Directory && !is_beyond {
            return Some(self.enter(directory, here, name, &found));
        }
        if kind != EntryKind::Directory && (is_beyond || self.is_too_large(&found)) {
            return None;
        }
        let mut entry = self.entry(&found, kind);
        let attributes = xattrs::of_name(here, &name, kind);
        entry.metadata.xattrs = self.note(ATTRIBUTES, attributes).unwrap_or_default();
        match kind {
            EntryKind::Symlink => {
                let target = rustix::fs::readlinkat(here, &*name, Vec::new());
                entry.metadata.link_target = self.note("read", target)?.into_bytes();
            }
            EntryKind::File => {
                let owners = Arc::clone(&self.owners);
                let directory = Arc::clone(directory);
                let is_told_by_metadata = found.st_size > 0 || !is_in_procfs(here);
                let content = FileContent { directory, name, owners, is_told_by_metadata };
                entry.content = Some(Box::new(content));
            }
            _ => {}
        }
        Some(entry)
    }

    /// Goes into a directory. One that cannot be opened is kept, though not what is in it.
    fn enter(
        &mut self,
        parent: &Arc<Directory>,
        above: BorrowedFd<'_>,
        name: CString,
        found: &Stat,
    ) -> Entry {
        let opened = stat::open(above, &name, OFlags::DIRECTORY);
        let looked = opened.and_then(|fd| rustix::fs::fstat(&fd).map(|stat| (fd, stat)));
        let Some((fd, found)) = self.note("open", looked) else {
            return self.entry(found, EntryKind::Directory);
        };
        let mut entry = self.entry(&found, EntryKind::Directory);
        let attributes = xattrs::of_open(&fd);
        entry.metadata.xattrs = self.note(ATTRIBUTES, attributes).unwrap_or_default();

        let names = Names::All(self.list(fd.as_fd()));
        let identity = stat::identity(&found);
        let directory = Directory::below(Arc::clone(parent), name, identity, fd, &self.open);
        self.go_in(directory, names, Some(found.st_dev));
        entry
    }

    /// Goes through a directory on the way to roots. A link is followed if whoever could change it could change what is
    /// backed up anyway.
    fn pass(&mut self, parent: &Arc<Directory>, name: &CStr, way: Way) -> Option<Entry> {
        let opened = parent.handle().and_then(|above| open_on_the_way(above.as_fd(), name));
        let looked = opened.and_then(|fd| rustix::fs::fstat(&fd).map(|stat| (fd, stat)));
        let (fd, found) = match looked {
            Ok(looked) => looked,
            Err(errno) => {
                let mut roots = Vec::new();
                way.roots(&self.path, &mut roots);
                let failure = |root| Failure::new(OsString::from_vec(root), "find", errno.into());
                self.failures.extend(roots.into_iter().map(failure));
                return None;
            }
        };
        let mut entry = self.entry(&found, EntryKind::Directory);
        let attributes = xattrs::of_name(fd.as_fd(), c".", EntryKind::Directory);
        entry.metadata.xattrs = self.note(ATTRIBUTES, attributes).unwrap_or_default();
        let directory = Directory::start(fd, &self.open);
        self.go_in(directory, Names::Given(way.below.into_iter()), None);
        Some(entry)
    }

    fn go_in(&mut self, directory: Directory, names: Names, device: Option<u64>) {
        let directory = Arc::new(directory);
        self.inside.push(Frame { directory, names, path_length: self.path.len(), device });
    }

    /// The names in a directory, in the order of their bytes; of a directory with a tag, the tag alone.
    fn list(&mut self, directory: BorrowedFd<'_>) -> std::vec::IntoIter<CString> {
        let mut buffer = mem::take(&mut self.buffer);
        let mut names = Vec::new();
        let mut listing = RawDir::new(directory, buffer.spare_capacity_mut());
        while let Some(listed) = listing.next() {
            match listed {
                Ok(listed) if matches!(listed.file_name().to_bytes(), b"." | b"..") => {}
                Ok(listed) => names.push(listed.file_name().to_owned()),
                Err(errno) => {
                    self.note::<()>("list", Err(errno));
                    break;
                }
            }
        }
        self.buffer = buffer;
        names.sort_unstable();
        for tag in &self.options.exclude_if_present {
            if names.binary_search(tag.name()).is_ok() && tag.is_in(directory) {
                names.retain(|name| name == tag.name());
            }
        }
        names.into_iter()
    }

    fn entry(&self, found: &Stat, kind: EntryKind) -> Entry {
        let path = OsString::from_vec(self.path.clone()).into();
        Entry { path, metadata: stat::metadata(found, kind, &self.owners), content: None }
    }

    /// Whether something lies on another file system than the one that is not to be left.
    fn is_beyond(&self, found: &Stat, device: Option<u64>) -> bool {
        self.options.one_file_system
            && device.is_some_and(|device| device != found.st_dev)
            && !self.roots.contains(&self.path)
    }

    fn is_too_large(&self, found: &Stat) -> bool {
        let size = u64::try_from(found.st_size).unwrap_or_default();
        self.options.exclude_larger_than.is_some_and(|most| size > most)
    }

    /// Returns what was found, or tells what could not be done with the path.
    fn note<T>(&mut self, what: &'static str, result: Result<T, Errno>) -> Option<T> {
        let path = OsStr::from_bytes(if self.path.is_empty() { b"/" } else { &self.path });
        let failure = |errno: Errno| Failure::new(path, what, errno.into());
        result.map_err(|errno| self.failures.push_back(failure(errno))).ok()
    }
}

impl Names {
    fn next(&mut self) -> Option<(CString, Option<Way>)> {
        match self {
            Self::All(names) => names.next().map(|name| (name, None)),
            Self::Given(ways) => {
                let (name, way) = ways.next()?;
                Some((CString::new(name).ok()?, Some(way)))
            }
        }
    }
}

fn open_on_the_way(above: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let pinned = rustix::fs::openat(above, name, flags, Mode::empty())?;
    let found = rustix::fs::fstat(&pinned)?;
    match stat::kind(&found) {
        Some(EntryKind::Directory) => Ok(pinned),
        Some(EntryKind::Symlink)
            if found.st_uid == 0 || found.st_uid == rustix::process::geteuid().as_raw() =>
        {
            // Where the pinned link leads, which is not where another would that takes its place now.
            let target = rustix::fs::readlinkat(&pinned, c"", Vec::new())?;
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            rustix::fs::openat(above, &*target, flags, Mode::empty())
        }
        Some(EntryKind::Symlink) => Err(Errno::LOOP),
        _ => Err(Errno::NOTDIR),
    }
}

fn is_in_procfs(directory: BorrowedFd<'_>) -> bool {
    rustix::fs::fstatfs(directory).is_ok_and(|told| told.f_type == rustix::fs::PROC_SUPER_MAGIC)
}

const ATTRIBUTES: &str = "read the attributes of";

const LISTING: usize = 64 * 1024;
