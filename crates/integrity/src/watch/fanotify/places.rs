//! Where things are, as far as the roots are concerned: what the events say, and what the system says when asked.

use std::ffi::{CStr, OsStr};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::super::WatchOptions;
use super::super::roots::{Place, Roots};
use super::parse::{Fid, Named};
use super::sys;
use super::tree::{Spot, Tree};

/// The roots, the directories below them, and the mounts that they lie on.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) roots: Roots,
    pub(super) tree: Tree,
    mounted: Vec<Mounted>,
}

/// A mount with roots below it: handles are opened beside its directory. That is not kept open, or nobody could
/// unmount.
#[derive(Debug)]
struct Mounted {
    system: u64,
    number: i32,
    /// The directory on it that is nearest to `/`, so that it stays.
    directory: PathBuf,
}

/// Something may lie below a root, and nobody can tell where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unresolved;

impl Places {
    /// Knows the roots and nothing else.
    pub(super) fn new(options: &WatchOptions) -> Self {
        Self { roots: Roots::resolve(options), ..Self::default() }
    }

    /// Learns the directories above and below a root.
    pub(super) fn learn(&mut self, root: &Path) -> io::Result<()> {
        let mut mounted: Option<Mounted> = None;
        for path in root.ancestors() {
            let Ok(directory) = open_directory(path) else { continue };
            let system = rustix::fs::fstatvfs(&directory)?.f_fsid;
            // What lies above on other mounts is not watched.
            if mounted.as_ref().is_some_and(|known| known.system != system) {
                break;
            }
            let (fid, number) = sys::handle(directory.as_fd(), c"", system)?;
            match &mounted {
                Some(known) if known.number != number => break,
                Some(_) => {}
                // Whether handles can be opened shows here, not at the first event.
                None => drop(sys::open(directory.as_fd(), &fid, OFlags::PATH)?),
            }
            mounted = Some(Mounted { system, number, directory: path.to_owned() });
            if path == root {
                self.tree.root(fid.clone(), path);
                self.walk(directory, fid, number);
            } else {
                self.tree.above(fid, path);
            }
        }
        self.mounted.extend(mounted);
        Ok(())
    }

    /// Learns that a directory moved to a place below a root, with all that lies below it.
    pub(super) fn arrives(&mut self, object: Fid, at: &Named) {
        let was_known = self.tree.contains(&object);
        if !self.tree.insert(&object, &at.directory, &at.name) || was_known {
            return;
        }
        self.tree.forget_outside();
        // Gone, or moved on: that is in the queue.
        let opened =
            self.beside(&object).find_map(|beside| sys::open(beside.as_fd(), &object, LIST).ok());
        let Some(directory) = opened else { return };
        let Ok((_, number)) = sys::handle(directory.as_fd(), c"", object.fsid) else { return };
        self.walk(directory, object, number);
    }

    /// Learns a new directory. Its content is told by events of its own.
    pub(super) fn appears(&mut self, object: &Fid, at: &Named) {
        match self.tree.find(&at.directory) {
            Spot::Inside(path) if self.roots.place(&path.join(&at.name)) == Place::Inside => {
                self.tree.insert(object, &at.directory, &at.name);
            }
            Spot::Inside(_) | Spot::Outside => self.tree.outside(object.clone()),
            Spot::Above(_) | Spot::Unknown => {}
        }
    }

    /// Returns the path of a name, or `None` when it does not matter.
    pub(super) fn locate(&mut self, named: &Named) -> Result<Option<PathBuf>, Unresolved> {
        let spot = match self.tree.find(&named.directory) {
            Spot::Unknown => self.open(&named.directory)?,
            known => known,
        };
        Ok(match spot {
            Spot::Inside(path) | Spot::Above(path) if named.name == "." => Some(path),
            Spot::Inside(path) | Spot::Above(path) => Some(path.join(&named.name)),
            Spot::Outside | Spot::Unknown => None,
        })
    }

    /// Asks the system where something is now; [`Spot::Unknown`] when it is gone, and was told to be where it mattered.
    pub(super) fn open(&mut self, fid: &Fid) -> Result<Spot, Unresolved> {
        let mut found = None;
        for beside in self.beside(fid) {
            let path =
                sys::open(beside.as_fd(), fid, OFlags::PATH).and_then(|fd| current_path(&fd));
            match path {
                Ok(Some(path)) => match self.roots.place(&path) {
                    Place::Inside => return Ok(Spot::Inside(path)),
                    Place::Above => return Ok(Spot::Above(path)),
                    // Seen from another mount it may be elsewhere.
                    Place::Outside => found = Some(Spot::Outside),
                },
                Err(error) if is_exhausted(&error) => return Err(Unresolved),
                // A path may be too long to be told, and anybody may make such a one: below the roots every directory
                // is known, however deep.
                Err(error) if is_too_long(&error) => found = Some(Spot::Outside),
                Ok(None) | Err(_) => found = found.or(Some(Spot::Unknown)),
            }
        }
        match found {
            Some(Spot::Outside) if self.tree.is_complete() => self.tree.outside(fid.clone()),
            Some(Spot::Unknown) if !self.tree.is_complete() => return Err(Unresolved),
            _ => {}
        }
        found.ok_or(Unresolved)
    }

    /// Learns the directories below one, as far as the same mount reaches. By handles: no path is too long for them,
    /// and no link leads away.
    fn walk(&mut self, directory: OwnedFd, fid: Fid, mount: i32) {
        let Ok(beside) = directory.try_clone() else { return };
        let mut open = Some(directory);
        let mut found = vec![fid];
        while let Some(fid) = found.pop() {
            let opened = open.take().map_or_else(|| sys::open(beside.as_fd(), &fid, LIST), Ok);
            let entries = opened
                .and_then(|directory| Ok((rustix::fs::Dir::read_from(&directory)?, directory)));
            let (entries, directory) = match entries {
                Ok(entries) => entries,
                // Its removal is in the queue.
                Err(error) if is_gone(&error) => continue,
                Err(_) => {
                    self.tree.misses_some();
                    continue;
                }
            };
            for entry in entries.flatten() {
                let name = entry.file_name();
                if !is_directory(&directory, name, entry.file_type()) {
                    continue;
                }
                let Ok((child, on)) = sys::handle(directory.as_fd(), name, fid.fsid) else {
                    continue;
                };
                let name = OsStr::from_bytes(name.to_bytes());
                if on == mount && self.is_wanted(&fid, name) && self.tree.insert(&child, &fid, name)
                {
                    found.push(child);
                }
            }
        }
    }

    fn is_wanted(&self, parent: &Fid, name: &OsStr) -> bool {
        match self.tree.find(parent) {
            Spot::Inside(path) => self.roots.place(&path.join(name)) == Place::Inside,
            _ => false,
        }
    }

    /// Opens the directories beside which a handle can be opened, one after the other.
    fn beside(&self, fid: &Fid) -> impl Iterator<Item = OwnedFd> {
        let mounted = self.mounted.iter().filter(move |mounted| mounted.system == fid.fsid);
        mounted.filter_map(|mounted| {
            let directory = open_directory(&mounted.directory).ok()?;
            // Something else may be mounted there by now.
            let system = rustix::fs::fstatvfs(&directory).ok()?.f_fsid;
            (system == mounted.system).then_some(directory)
        })
    }
}

fn open_directory(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Returns where an open file is now, or `None` when it was removed.
fn current_path(fd: &OwnedFd) -> io::Result<Option<PathBuf>> {
    let path = std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd()))?;
    // Asked afterwards: the path of what is removed has a word more.
    let is_there = rustix::fs::fstat(fd)?.st_nlink > 0;
    Ok((is_there && path.is_absolute()).then_some(path))
}

/// Tells whether the system had no room to open anything.
fn is_exhausted(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

fn is_too_long(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::NAMETOOLONG)
}

fn is_gone(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::STALE | Errno::NOENT))
}

fn is_directory(directory: &OwnedFd, name: &CStr, kind: FileType) -> bool {
    if matches!(name.to_bytes(), b"." | b"..") {
        return false;
    }
    match kind {
        FileType::Directory => true,
        // Some file systems keep no types in directories.
        FileType::Unknown => rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory),
        _ => false,
    }
}

/// How directories are opened to be listed.
const LIST: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOATIME);
