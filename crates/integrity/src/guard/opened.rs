//! A file that is open, and what is known of it.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, Stat, fstat, openat, readlinkat};
use rustix::io::Errno;

use super::trusted::{Link, Place, Trusted, Walked, walk};
use super::{GuardError, Listed, kind_of};
use crate::digest::Hasher;
use crate::{Algorithm, Digest, Entry, EntryKind, Field, Fields, FileTime, compare_entries};

/// A regular file that is open, at the end of a way that was checked.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    /// What it is; its path has no symbolic link left.
    pub(super) entry: Entry,
    /// What it is listed as.
    pub(super) listed: Option<Entry>,
}

impl Opened {
    /// Opens a path, following the symbolic links that are listed.
    pub(super) fn new(path: &Path, listed: &impl Listed) -> Result<Self, GuardError> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            let entry = listed.entry(&path);
            let trusted = Trusted::new(entry.as_ref().map(|entry| entry.uid));
            let link = match walk(&path, &trusted)? {
                Walked::Link(link) => link,
                Walked::Arrived(place) => match open(&place)? {
                    Some((file, stat)) => {
                        let found = entry_of(&place.path, &stat);
                        return Ok(Self { file, entry: found, listed: entry });
                    }
                    None => place.into_link(),
                },
            };
            path = follow(&link, listed)?;
        }
        Err(GuardError::io("open", &path)(Errno::LOOP))
    }

    /// Opens a path that leads through no symbolic link.
    pub(super) fn unlisted(path: &Path) -> Result<Self, GuardError> {
        Self::new(path, &super::Pins::default())
    }

    /// Hashes the file, and returns what it was while it was hashed.
    pub(super) fn look(&self, algorithm: Algorithm) -> Result<Entry, GuardError> {
        for _ in 0..TRIES {
            let path = &self.entry.path;
            let before = fstat(&self.file).map_err(GuardError::io("look at", path))?;
            let mut entry = entry_of(path, &before);
            let mut hasher = Hasher::new(algorithm);
            let read = read_to(&self.file, path, entry.size.saturating_add(1), |chunk| {
                hasher.update(chunk);
                Ok(())
            })?;
            let after = fstat(&self.file).map_err(GuardError::io("look at", path))?;
            if read == entry.size && Stamp::of(&after) == Stamp::of(&before) {
                entry.content = Some(hasher.finish());
                return Ok(entry);
            }
        }
        Err(GuardError::Unstable { path: self.entry.path.clone() })
    }

    /// Refuses a file of another size unread: it may be very large.
    pub(super) fn expect_size(&self) -> Result<(), GuardError> {
        match &self.listed {
            Some(Entry { size, content: Some(expected), .. }) if *size != self.entry.size => {
                Err(self.other_content(*expected, None))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn expect_content(
        &self,
        expected: Digest,
        found: Option<Digest>,
    ) -> Result<(), GuardError> {
        if found == Some(expected) { Ok(()) } else { Err(self.other_content(expected, found)) }
    }

    fn other_content(&self, expected: Digest, found: Option<Digest>) -> GuardError {
        GuardError::Content { path: self.entry.path.clone(), expected, found }
    }
}

/// What tells that a file was written to: its size, and the time that only the kernel sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    size: u64,
    mtime: FileTime,
    ctime: FileTime,
}

impl Stamp {
    fn of(stat: &Stat) -> Self {
        let entry = entry_of(Path::new(""), stat);
        Self { size: entry.size, mtime: entry.mtime, ctime: entry.ctime }
    }
}

/// Hands the bytes of a file to `take`, from its start and at most `limit`, and returns how many there were. The
/// descriptor's position stays.
pub(super) fn read_to(
    file: &File,
    path: &Path,
    limit: u64,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<u64, GuardError> {
    let length = usize::try_from(limit).map_or(BUFFER, |limit| limit.min(BUFFER));
    let mut buffer = vec![0; length + PAGE];
    let start = buffer.as_ptr().align_offset(PAGE).min(PAGE);
    let buffer = &mut buffer[start..start + length];
    let mut read = 0;
    while read < limit {
        let wanted = usize::try_from(limit - read).map_or(length, |left| left.min(length));
        match file.read_at(&mut buffer[..wanted], read) {
            Ok(0) => break,
            Ok(count) => {
                take(&buffer[..count]).map_err(GuardError::io("copy", path))?;
                read += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(GuardError::io("read", path)(error)),
        }
    }
    Ok(read)
}

/// Opens the name if it is a regular file, and returns `None` if it is a symbolic link. A device is not opened: some act on that alone.
fn open(place: &Place<'_>) -> Result<Option<(File, Stat)>, GuardError> {
    // Without O_NONBLOCK a pipe that takes the file's place between the two calls would block for ever.
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    for _ in 0..TRIES {
        let seen = place.stat()?;
        place.check_owner(&seen)?;
        match kind_of(seen.st_mode) {
            EntryKind::File => {}
            EntryKind::Symlink => return Ok(None),
            kind => return Err(GuardError::NotAFile { path: place.path.clone(), kind }),
        }
        let file = match openat(&place.directory, &place.name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::LOOP | Errno::NOENT | Errno::NXIO) => continue,
            Err(error) => return Err(GuardError::io("open", &place.path)(error)),
        };
        let stat = fstat(&file).map_err(GuardError::io("look at", &place.path))?;
        if (stat.st_dev, stat.st_ino) == (seen.st_dev, seen.st_ino)
            && kind_of(stat.st_mode) == EntryKind::File
        {
            return Ok(Some((file.into(), stat)));
        }
    }
    Err(GuardError::Unstable { path: place.path.clone() })
}

/// Returns the path that a listed symbolic link leads to.
fn follow(link: &Link, listed: &impl Listed) -> Result<PathBuf, GuardError> {
    let path = &link.path;
    let entry = listed.entry(path).filter(|entry| entry.kind == EntryKind::Symlink);
    let entry = entry.ok_or_else(|| GuardError::Unlisted { path: path.clone() })?;
    let target = readlinkat(&link.directory, &link.name, Vec::new())
        .map_err(GuardError::io("read", path))?;
    let target = PathBuf::from(std::ffi::OsStr::from_bytes(target.to_bytes()));
    let mut found = entry.clone();
    found.target = Some(target.clone());
    let fields = Fields::NONE.with(Field::Target);
    if let Some(change) = compare_entries(Some(&entry), Some(&found), fields)
        .and_then(|change| change.fields.into_iter().next())
    {
        return Err(GuardError::Metadata { path: path.clone(), change });
    }
    joined(path.parent().unwrap_or(Path::new("/")), &target.join(&link.rest))
        .ok_or(GuardError::Path { path: target })
}

/// Joins a directory without symbolic links and a target. `..` is taken off the names before it, which is what the
/// kernel would do only while those are no links themselves: so it may only stand at the start.
fn joined(directory: &Path, target: &Path) -> Option<PathBuf> {
    let mut path = directory.to_owned();
    let mut components: VecDeque<Component<'_>> = target.components().collect();
    if components.front() == Some(&Component::RootDir) {
        path = PathBuf::from("/");
        components.pop_front();
    }
    while matches!(components.front(), Some(Component::ParentDir | Component::CurDir)) {
        if components.pop_front() == Some(Component::ParentDir) {
            path.pop();
        }
    }
    for component in components {
        match component {
            Component::Normal(name) => path.push(name),
            _ => return None,
        }
    }
    Some(path)
}

#[expect(clippy::unnecessary_cast, reason = "the widths of these fields differ between processors")]
fn entry_of(path: &Path, stat: &Stat) -> Entry {
    let time =
        |seconds, nanos| FileTime { seconds, nanos: u32::try_from(nanos).unwrap_or_default() };
    let mut entry = Entry::new(path, kind_of(stat.st_mode));
    entry.mode = stat.st_mode & 0o7777;
    entry.uid = stat.st_uid;
    entry.gid = stat.st_gid;
    entry.size = u64::try_from(stat.st_size).unwrap_or_default();
    entry.nlink = stat.st_nlink as u64;
    entry.inode = stat.st_ino as u64;
    entry.dev = stat.st_dev as u64;
    entry.mtime = time(stat.st_mtime as i64, stat.st_mtime_nsec);
    entry.ctime = time(stat.st_ctime as i64, stat.st_ctime_nsec);
    entry
}

/// How often a file that is exchanged or written to is looked at again.
const TRIES: usize = 3;

/// As many as the kernel follows.
const MAX_LINKS: usize = 40;

/// Small enough to stay in the processor's second cache, large enough for BLAKE3 to use wide instructions.
const BUFFER: usize = 64 * 1024;

/// Reads into the start of a page copy about three times faster than into the middle on some processors.
const PAGE: usize = 4096;
