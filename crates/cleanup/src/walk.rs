//! What is there: a walk that only looks.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use globset::GlobSet;
use rustix::fs::{Dir, FileType, FlockOperation, Stat};
use wardkit_core::Timestamp;

use crate::in_use::InUse;
use crate::open::{Opener, Place, look, obstacle};
use crate::plan::Entry;
use crate::{Also, Obstacle, Rule};

/// What was found below a rule's directory.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The first is the rule's own; each comes after the one that it is in.
    pub(crate) directories: Vec<Directory>,
    pub(crate) entries: Vec<Entry>,
    /// What could not be searched.
    pub(crate) kept: Vec<(PathBuf, Obstacle)>,
}

/// A directory that was searched.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) parent: usize,
    pub(crate) name: Box<[u8]>,
    pub(crate) place: Place,
    /// When something was last made or removed in it.
    pub(crate) used: Timestamp,
    pub(crate) owner: u32,
    pub(crate) is_in_use: bool,
    /// How many names are in it; none when there are more than were counted.
    pub(crate) left: Option<usize>,
}

impl Directory {
    /// Takes note of a removal.
    pub(crate) fn lose_one(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
    }
}

impl Found {
    /// Returns the path of a directory below the first one.
    pub(crate) fn path(&self, mut directory: usize) -> PathBuf {
        let mut names = Vec::new();
        while directory != 0 {
            names.push(&self.directories[directory].name);
            directory = self.directories[directory].parent;
        }
        names.iter().rev().map(|name| OsStr::from_bytes(name)).collect()
    }
}

/// The walk of one rule.
pub(crate) struct Walk<'w> {
    pub(crate) rule: &'w Rule,
    pub(crate) names: &'w GlobSet,
    pub(crate) except: &'w GlobSet,
    pub(crate) opener: &'w Opener,
    pub(crate) in_use: &'w InUse,
    /// Directories that are not entered.
    pub(crate) protected: &'w [Place],
    /// Whether the time is over.
    pub(crate) is_over: &'w dyn Fn() -> bool,
}

impl Walk<'_> {
    /// Looks at everything below the rule's directory.
    pub(crate) fn run(&self, root: &OwnedFd) -> Result<Found, Obstacle> {
        let stat = rustix::fs::fstat(root).map_err(obstacle)?;
        let place = Place::of(&stat);
        if self.protected.contains(&place) {
            return Err(Obstacle::Refused("this program needs it".to_owned()));
        }
        let mut found = Found::default();
        found.directories.push(self.directory(&stat, 0, Box::default()));
        self.search(root.as_fd(), 0, 0, &mut found)?;
        Ok(found)
    }

    fn directory(&self, stat: &Stat, parent: usize, name: Box<[u8]>) -> Directory {
        let place = Place::of(stat);
        let used = modified(stat).max(changed(stat));
        let (owner, is_in_use) = (stat.st_uid, self.in_use.contains(place));
        Directory { parent, name, place, used, owner, is_in_use, left: None }
    }

    fn search(
        &self,
        directory: BorrowedFd<'_>,
        index: usize,
        depth: u32,
        found: &mut Found,
    ) -> Result<(), Obstacle> {
        // Whoever locks a directory asks for what is in it to be left alone.
        match rustix::fs::flock(directory, FlockOperation::NonBlockingLockShared) {
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(Obstacle::Locked),
            _ => {
                // File systems without locks have no lock to respect.
                let _ = rustix::fs::flock(directory, FlockOperation::Unlock);
            }
        }
        let room = MOST_NAMES.saturating_sub(found.entries.len() + found.directories.len());
        let (names, is_whole) = list(directory, room)?;
        if is_whole {
            found.directories[index].left = Some(names.len());
        } else {
            // Of part of a directory only what is old by itself is known: less goes, never more.
            found.kept.push((found.path(index), Obstacle::TooMany));
        }
        for name in names {
            if (self.is_over)() {
                return Ok(());
            }
            // What is gone already needs no removal.
            let Ok(stat) = look(directory, &name) else { continue };
            if self.except.is_match(OsStr::from_bytes(name.as_bytes())) {
                continue;
            }
            if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
                self.add(index, &name, &stat, found);
            } else if depth < self.rule.depth
                && let Err(obstacle) = self.enter(directory, (index, depth), &name, &stat, found)
            {
                let path = found.path(index).join(OsStr::from_bytes(name.as_bytes()));
                found.kept.push((path, obstacle));
            }
        }
        Ok(())
    }

    fn enter(
        &self,
        directory: BorrowedFd<'_>,
        (parent, depth): (usize, u32),
        name: &CString,
        stat: &Stat,
        found: &mut Found,
    ) -> Result<(), Obstacle> {
        if self.protected.contains(&Place::of(stat)) {
            return Ok(());
        }
        let opened = self.opener.below(directory, OsStr::from_bytes(name.as_bytes()))?;
        let stat_of_opened = rustix::fs::fstat(&opened).map_err(obstacle)?;
        if Place::of(&stat_of_opened) != Place::of(stat) {
            return Err(Obstacle::Swapped);
        }
        let index = found.directories.len();
        found.directories.push(self.directory(&stat_of_opened, parent, name.as_bytes().into()));
        self.search(opened.as_fd(), index, depth + 1, found)
    }

    fn add(&self, directory: usize, name: &CString, stat: &Stat, found: &mut Found) {
        let covers = |globs: &GlobSet| globs.is_match(OsStr::from_bytes(name.as_bytes()));
        if !self.names.is_empty() && !covers(self.names) {
            return;
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let blocks = u64::try_from(stat.st_blocks).unwrap_or(0);
        found.entries.push(Entry {
            directory,
            name: name.as_bytes().into(),
            inode: stat.st_ino,
            used: used(stat),
            size,
            // A file of holes takes less room than it is long, and a last block is not counted to its end.
            bytes: size.min(blocks.saturating_mul(512)),
            obstacle: self.obstacle(stat, found.directories[0].owner),
        });
    }

    fn obstacle(&self, stat: &Stat, owner_of_root: u32) -> Option<Obstacle> {
        let may = |what| self.rule.also.contains(&what);
        let is_ours = [owner_of_root, rustix::process::geteuid().as_raw()].contains(&stat.st_uid);
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Symlink if may(Also::Links) => {}
            FileType::Symlink => return Some(Obstacle::Link),
            _ => return Some(Obstacle::Special),
        }
        if !is_ours && !may(Also::ForeignOwners) {
            return Some(Obstacle::ForeignOwner);
        }
        if stat.st_nlink > 1 && !may(Also::HardLinks) {
            return Some(Obstacle::HardLink);
        }
        self.in_use.contains(Place::of(stat)).then_some(Obstacle::InUse)
    }
}

/// Returns the names in a directory, sorted, so that two looks at the same give the same; and whether these are all.
fn list(directory: BorrowedFd<'_>, room: usize) -> Result<(Vec<CString>, bool), Obstacle> {
    let mut names = Vec::new();
    let mut is_whole = true;
    for entry in Dir::read_from(directory).map_err(obstacle)? {
        let entry = entry.map_err(obstacle)?;
        if matches!(entry.file_name().to_bytes(), b"." | b"..") {
            continue;
        }
        if names.len() == room {
            is_whole = false;
            break;
        }
        names.push(entry.file_name().to_owned());
    }
    names.sort();
    Ok((names, is_whole))
}

/// Returns when a file was last read, written, moved or given other rights.
///
/// The last matters: what was unpacked a moment ago may say that it was written years ago.
pub(crate) fn used(stat: &Stat) -> Timestamp {
    let read = timestamp(stat.st_atime, stat.st_atime_nsec);
    read.max(modified(stat)).max(changed(stat))
}

fn modified(stat: &Stat) -> Timestamp {
    timestamp(stat.st_mtime, stat.st_mtime_nsec)
}

fn changed(stat: &Stat) -> Timestamp {
    timestamp(stat.st_ctime, stat.st_ctime_nsec)
}

fn timestamp(seconds: i64, nanos: impl TryInto<u64>) -> Timestamp {
    let nanos = std::time::Duration::from_nanos(nanos.try_into().unwrap_or(0));
    Timestamp::from_unix_seconds(seconds).saturating_add(nanos)
}

/// What is kept of a name takes about a hundred bytes.
const MOST_NAMES: usize = 1_000_000;
