//! Looking at one name in a directory: what it is, and what is in it.

use std::ffi::CStr;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags, Statx};
use rustix::io::Errno;

use super::known::looks_the_same;
use super::read::{self, Buffer, Extent, Reading, Stop};
use super::xattrs::{self, Way};
use super::{Control, stat};
use crate::{Algorithm, Entry, EntryKind, Fault, FileTime, Flags, Prefix, Take};

/// Looks at names. Each thread has its own, with memory that is used again and again.
#[derive(Debug)]
pub(super) struct Looker<'a> {
    algorithm: Algorithm,
    control: &'a Control<'a>,
    buffer: Buffer,
    attributes: Vec<u8>,
}

/// A name to look at.
pub(super) struct Target<'a> {
    /// The directory, open.
    pub(super) dir: BorrowedFd<'a>,
    pub(super) name: &'a CStr,
    /// What was known of it.
    pub(super) known: Option<&'a Entry>,
    /// When what is known was scanned, where it may stand for what is not read.
    pub(super) trusted: Option<FileTime>,
}

/// What a name turned out to be. The entries have no path yet.
#[derive(Debug)]
pub(super) enum Seen {
    /// Nothing, or nothing that is wanted.
    Nothing,
    /// Anything but a directory, or a directory that cannot be opened.
    Leaf(Entry),
    /// A directory, open.
    Directory(Entry, Box<Statx>, OwnedFd),
}

/// How one try ended.
enum Tried {
    Done(Seen),
    /// Something else was there than a moment before.
    Raced(Entry),
    /// It changed while it was read.
    Unstable(Entry),
}

/// The scan is to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cancelled;

impl<'a> Looker<'a> {
    pub(super) fn new(algorithm: Algorithm, control: &'a Control<'a>) -> Self {
        Self { algorithm, control, buffer: Buffer::new(), attributes: Vec::new() }
    }

    /// Looks at a name, several times when it does not hold still.
    pub(super) fn look(
        &mut self,
        name: &Target<'_>,
        take: impl Fn(EntryKind) -> Take,
    ) -> Result<Seen, Cancelled> {
        let mut partial = None;
        let mut faulty = Seen::Nothing;
        for _ in 0..TRIES {
            let stat = match stat::look(name.dir, name.name) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => return Ok(Seen::Nothing),
                Err(errno) => return Ok(Seen::Leaf(refused(EntryKind::Unknown, errno))),
            };
            let kind = stat::kind(&stat);
            let tried = match (kind, take(kind)) {
                (_, Take::Skip) => return Ok(Seen::Nothing),
                (EntryKind::Directory, _) => self.directory(name, &stat),
                (EntryKind::File, take @ (Take::Content | Take::Growing)) => {
                    self.file(name, &stat, take, &mut partial)?
                }
                _ => self.pinned(name, &stat),
            };
            let (mut entry, fault) = match tried {
                Tried::Done(seen) => return Ok(seen),
                Tried::Raced(entry) => (entry, Fault::Raced),
                Tried::Unstable(entry) => (entry, Fault::Unstable),
            };
            entry.fault = Some(fault);
            faulty = Seen::Leaf(entry);
        }
        Ok(faulty)
    }

    fn directory(&mut self, name: &Target<'_>, found: &Statx) -> Tried {
        let mut entry = stat::entry(found);
        let fd = match open(name, found, OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(fd) => fd,
            Err(errno) => return self.not_opened(name, found, errno),
        };
        match stat::look_open(&fd) {
            Ok(stat) if stat::is_same(found, &stat) => {
                entry = stat::entry(&stat);
                if !reuse(name, &mut entry) {
                    self.attributes(fd.as_fd(), Way::Open, &mut entry);
                }
                Tried::Done(Seen::Directory(entry, Box::new(stat), fd))
            }
            _ => Tried::Raced(entry),
        }
    }

    fn file(
        &mut self,
        name: &Target<'_>,
        found: &Statx,
        take: Take,
        partial: &mut Option<Reading>,
    ) -> Result<Tried, Cancelled> {
        let mut entry = stat::entry(found);
        if name.known.is_some_and(|known| known.content.is_some()) && reuse(name, &mut entry) {
            self.control.progress.add_reused();
            let grows = take == Take::Growing;
            entry.prefix =
                entry.content.filter(|_| grows).map(|digest| Prefix { size: entry.size, digest });
            return Ok(done(entry));
        }
        let fd = match open(name, found, OFlags::RDONLY) {
            Ok(fd) => fd,
            Err(errno) => return Ok(self.not_opened(name, found, errno)),
        };
        let before = match stat::look_open(&fd) {
            Ok(before) if stat::is_same(found, &before) => before,
            _ => return Ok(Tried::Raced(entry)),
        };
        entry = stat::entry(&before);
        self.attributes(fd.as_fd(), Way::Open, &mut entry);
        let size = before.stx_size;
        let known_size = name.known.map(|known| known.size).filter(|_| take == Take::Growing);
        let too_sparse = read::is_too_sparse(&before);
        let reading = if too_sparse {
            read::sparse(fd.as_fd(), self.algorithm, size, &mut self.buffer, self.control)
        } else {
            // No more than there was: who appends for ever does not hold up the scan. The kernel's own files say that
            // they are empty, and are not.
            let limit = if size == 0 && take != Take::Growing { read::LENGTH as u64 } else { size };
            let extent = Extent { limit, prefix: known_size };
            read::content(fd.as_fd(), self.algorithm, extent, &mut self.buffer, self.control)
        };
        let reading = match reading {
            Ok(reading) => reading,
            Err(Stop::Cancelled) => return Err(Cancelled),
            Err(Stop::Refused(errno)) => {
                entry.fault = Some(Fault::Refused(errno.raw_os_error()));
                return Ok(done(entry));
            }
        };
        let held_still = stat::look_open(&fd).is_ok_and(|after| {
            let grew = take == Take::Growing && after.stx_size > size;
            grew || stat::is_unmoved(&before, &after)
        });
        // Some files of the kernel's own have another size than they say; they count when they read the same twice.
        if !held_still || (reading.length != size && *partial != Some(reading)) {
            *partial = Some(reading);
            return Ok(Tried::Unstable(entry));
        }
        self.control.progress.add_file();
        entry.content = Some(reading.digest);
        entry.prefix = known_size.zip(reading.prefix).map(|(size, digest)| Prefix { size, digest });
        if too_sparse {
            entry.fault.get_or_insert(Fault::Sparse);
        }
        Ok(done(entry))
    }

    /// Looks at what must not be opened: a pipe would wait, a device would act. It is pinned instead.
    fn pinned(&mut self, name: &Target<'_>, found: &Statx) -> Tried {
        let mut entry = stat::entry(found);
        if reuse(name, &mut entry) {
            entry.content = None;
            return done(entry);
        }
        let fd = match open(name, found, OFlags::PATH) {
            Ok(fd) => fd,
            Err(errno) => return self.not_opened(name, found, errno),
        };
        match stat::look_open(&fd) {
            Ok(stat) if stat::is_same(found, &stat) => entry = stat::entry(&stat),
            _ => return Tried::Raced(entry),
        }
        if entry.kind == EntryKind::Symlink {
            match rustix::fs::readlinkat(&fd, c"", Vec::new()) {
                Ok(target) => entry.target = Some(path_from(target.into_bytes())),
                Err(errno) => entry.fault = Some(Fault::Refused(errno.raw_os_error())),
            }
        }
        self.attributes(fd.as_fd(), Way::Pinned, &mut entry);
        done(entry)
    }

    /// What was found could not be opened: it is another thing by now, or the system refuses.
    fn not_opened(&mut self, name: &Target<'_>, found: &Statx, errno: Errno) -> Tried {
        let mut entry = stat::entry(found);
        // Gone, a symbolic link, no directory, a socket.
        if matches!(errno, Errno::NOENT | Errno::LOOP | Errno::NOTDIR | Errno::NXIO) {
            return Tried::Raced(entry);
        }
        if let Ok(fd) = open(name, found, OFlags::PATH)
            && stat::look_open(&fd).is_ok_and(|stat| stat::is_same(found, &stat))
        {
            self.attributes(fd.as_fd(), Way::Pinned, &mut entry);
        }
        entry.fault = Some(Fault::Refused(errno.raw_os_error()));
        done(entry)
    }

    fn attributes(&mut self, fd: BorrowedFd<'_>, way: Way, entry: &mut Entry) {
        match xattrs::read(fd, way, &mut self.attributes) {
            Ok(xattrs) => entry.xattrs = xattrs,
            Err(errno) => entry.fault = entry.fault.or(Some(Fault::Refused(errno.raw_os_error()))),
        }
        if let Way::Open = way
            && let Ok(flags) = rustix::fs::ioctl_getflags(fd)
        {
            entry.flags = Some(Flags::from_bits(flags.bits()));
        }
    }
}

/// Takes over from what is known what is not read again, when it may stand.
fn reuse(name: &Target<'_>, entry: &mut Entry) -> bool {
    let (Some(known), Some(started)) = (name.known, name.trusted) else { return false };
    if !looks_the_same(entry, known, started) {
        return false;
    }
    entry.flags = known.flags;
    entry.xattrs = known.xattrs.clone();
    entry.target.clone_from(&known.target);
    entry.content = known.content;
    true
}

/// Opens a name, never following a link and never waiting.
fn open(name: &Target<'_>, found: &Statx, how: OFlags) -> Result<OwnedFd, Errno> {
    let flags = how | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    if how.contains(OFlags::PATH) {
        return rustix::fs::openat(name.dir, name.name, flags, Mode::empty());
    }
    let flags = flags | OFlags::NONBLOCK | OFlags::NOCTTY;
    // Only the owner and root may read without leaving a trace in the time of the last access.
    let me = rustix::process::geteuid();
    if me.is_root() || me.as_raw() == found.stx_uid {
        let quiet = rustix::fs::openat(name.dir, name.name, flags | OFlags::NOATIME, Mode::empty());
        if !matches!(quiet, Err(Errno::PERM)) {
            return quiet;
        }
    }
    rustix::fs::openat(name.dir, name.name, flags, Mode::empty())
}

/// Returns the entry of something that cannot be looked at.
pub(super) fn refused(kind: EntryKind, errno: Errno) -> Entry {
    let mut entry = Entry::new(PathBuf::new(), kind);
    entry.fault = Some(Fault::Refused(errno.raw_os_error()));
    entry
}

fn done(entry: Entry) -> Tried {
    Tried::Done(Seen::Leaf(entry))
}

fn path_from(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    std::ffi::OsString::from_vec(bytes).into()
}

/// So often is a name looked at before it counts as exchanged or changing.
const TRIES: usize = 4;
