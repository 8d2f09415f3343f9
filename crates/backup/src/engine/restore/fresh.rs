//! A file that is written under a temporary name, and gets its own when it is whole.

use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::Existing;
use super::leftovers::{Maker, PREFIX};

/// Names that nothing else has; one for each restore.
#[derive(Debug)]
pub(super) struct TemporaryNames {
    maker: Option<Maker>,
    run: u64,
    next: AtomicU64,
}

/// A name in a directory, with something of ours under it that is removed unless it is published.
#[derive(Debug)]
pub(super) struct Temporary {
    directory: Arc<OwnedFd>,
    name: CString,
    is_done: bool,
}

/// A file under a temporary name.
#[derive(Debug)]
pub(super) struct Fresh {
    file: OwnedFd,
    temporary: Temporary,
    /// How long the file is at least.
    end: u64,
}

/// A file under a temporary name, closed for a while. It holds no descriptor, so whoever has it opens it again, be it to
/// remove it.
#[derive(Debug)]
#[must_use]
pub(super) struct Parked {
    name: CString,
    device: u64,
    inode: u64,
}

impl TemporaryNames {
    /// Names from chance, so that two restores into one directory do not meet.
    pub(super) fn new() -> Result<Self, Errno> {
        let mut bytes = [0; 8];
        rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
        let run = u64::from_le_bytes(bytes);
        Ok(Self { maker: Maker::this(), run, next: AtomicU64::new(0) })
    }

    /// Removes what killed restores left in a directory, and tells how many names it were.
    pub(super) fn remove_leftovers(&self, directory: BorrowedFd<'_>) -> Result<u64, Errno> {
        self.maker.map_or(Ok(0), |maker| maker.remove_leftovers(directory))
    }

    /// Makes something under a name that is free.
    pub(super) fn make<T>(
        &self,
        directory: &Arc<OwnedFd>,
        mut create: impl FnMut(BorrowedFd<'_>, &CString) -> Result<T, Errno>,
    ) -> Result<(T, Temporary), Errno> {
        let prefix = self.maker.map_or_else(|| PREFIX.to_owned(), Maker::prefix);
        for _ in 0..TRIES {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let name = format!("{prefix}{:016x}-{number}", self.run);
            let name = CString::new(name).map_err(|_| Errno::INVAL)?;
            match create(directory.as_fd(), &name) {
                Ok(made) => {
                    let directory = Arc::clone(directory);
                    return Ok((made, Temporary { directory, name, is_done: false }));
                }
                Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno),
            }
        }
        Err(Errno::EXIST)
    }
}

impl Temporary {
    /// The directory that it is in.
    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    /// Its name for now.
    pub(super) fn name(&self) -> &CString {
        &self.name
    }

    /// Gives it its own name. What has the name now is replaced or stays, as `existing` says; a directory always stays.
    pub(super) fn publish(mut self, name: &[u8], existing: Existing) -> Result<(), Errno> {
        let directory = self.directory.as_fd();
        match existing {
            Existing::Overwrite => {
                rustix::fs::renameat(directory, &self.name, directory, name)?;
            }
            Existing::Keep => self.publish_free(name)?,
        }
        self.is_done = true;
        Ok(())
    }

    fn publish_free(&self, name: &[u8]) -> Result<(), Errno> {
        let directory = self.directory.as_fd();
        let flags = RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(directory, &self.name, directory, name, flags) {
            // File systems without this kind of rename, and kernels before it: a second name is as exact.
            Err(Errno::INVAL | Errno::NOSYS) => {
                rustix::fs::linkat(directory, &self.name, directory, name, AtFlags::empty())?;
                rustix::fs::unlinkat(directory, &self.name, AtFlags::empty())
            }
            answer => answer,
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_done {
            // Nothing can be done where this fails; the name says whose it is.
            let _ = rustix::fs::unlinkat(&self.directory, &self.name, AtFlags::empty());
        }
    }
}

impl Fresh {
    /// Makes an empty file that only its owner can read.
    pub(super) fn create(names: &TemporaryNames, directory: &Arc<OwnedFd>) -> Result<Self, Errno> {
        let (file, temporary) = names.make(directory, |directory, name| {
            let flags = OPEN | OFlags::CREATE | OFlags::EXCL;
            rustix::fs::openat(directory, name, flags, Mode::RUSR | Mode::WUSR)
        })?;
        Ok(Self { file, temporary, end: 0 })
    }

    /// Its descriptor.
    pub(super) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Writes at an offset. Blocks of zeros become holes.
    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) -> Result<(), Errno> {
        let mut at = 0;
        while at < bytes.len() {
            let (is_zero, end) = run(bytes, at, offset);
            if !is_zero {
                self.write_all(&bytes[at..end], offset + at as u64)?;
                self.end = self.end.max(offset + end as u64);
            }
            at = end;
        }
        Ok(())
    }

    /// Gives the file its length, where it ends with a hole.
    pub(super) fn end_at(&self, length: u64) -> Result<(), Errno> {
        if self.end == length { Ok(()) } else { rustix::fs::ftruncate(&self.file, length) }
    }

    /// Reads back what was written.
    pub(super) fn read(&self, into: &mut [u8], offset: u64) -> Result<(), Errno> {
        let mut done = 0;
        while done < into.len() {
            match rustix::io::pread(&self.file, &mut into[done..], offset + done as u64) {
                Ok(0) => return Err(Errno::IO),
                Ok(count) => done += count,
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Closes the file for now.
    pub(super) fn park(mut self) -> Result<Parked, Errno> {
        let stat = rustix::fs::fstat(&self.file)?;
        self.temporary.is_done = true;
        let name = std::mem::take(&mut self.temporary.name);
        Ok(Parked { name, device: stat.st_dev, inode: stat.st_ino })
    }

    /// Gives the file its own name.
    pub(super) fn publish(self, name: &[u8], existing: Existing) -> Result<(), Errno> {
        self.temporary.publish(name, existing)
    }

    fn write_all(&self, mut bytes: &[u8], mut offset: u64) -> Result<(), Errno> {
        while !bytes.is_empty() {
            match rustix::io::pwrite(&self.file, bytes, offset) {
                Ok(0) => return Err(Errno::IO),
                Ok(count) => {
                    bytes = &bytes[count..];
                    offset += count as u64;
                }
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }
}

impl Parked {
    /// Opens the file again in its directory; another file of its name is refused.
    pub(super) fn open(self, directory: &Arc<OwnedFd>) -> Result<Fresh, Errno> {
        let file = rustix::fs::openat(directory, &self.name, OPEN, Mode::empty())?;
        let stat = rustix::fs::fstat(&file)?;
        if (stat.st_dev, stat.st_ino) != (self.device, self.inode) {
            return Err(Errno::LOOP);
        }
        let directory = Arc::clone(directory);
        let temporary = Temporary { directory, name: self.name, is_done: false };
        Ok(Fresh { file, temporary, end: stat.st_size.unsigned_abs() })
    }
}

/// The run of zero blocks, or of others, that begins at `at`; blocks lie as the file system has them.
fn run(bytes: &[u8], at: usize, offset: u64) -> (bool, usize) {
    let mut end = block_end(bytes, at, offset);
    let is_zero = is_zeros(&bytes[at..end]);
    while end < bytes.len() {
        let next = block_end(bytes, end, offset);
        if is_zeros(&bytes[end..next]) != is_zero {
            break;
        }
        end = next;
    }
    (is_zero, end)
}

fn block_end(bytes: &[u8], at: usize, offset: u64) -> usize {
    let first = usize::try_from(offset % BLOCK as u64).unwrap_or(0);
    let position = (first + at) % BLOCK;
    (at + BLOCK - position).min(bytes.len())
}

fn is_zeros(block: &[u8]) -> bool {
    block.first() == Some(&0)
        && block.last() == Some(&0)
        && block.iter().fold(0, |all, byte| all | byte) == 0
}

const OPEN: OFlags = OFlags::RDWR.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const TRIES: usize = 16;
/// What most file systems allocate by.
const BLOCK: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    fn directory(path: &Path) -> Arc<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        Arc::new(rustix::fs::open(path, flags, Mode::empty()).expect("opens"))
    }

    #[test]
    fn only_what_is_done_stays() {
        let scratch = tempfile::tempdir().expect("a folder");
        let (names, here) = (TemporaryNames::new().expect("names"), directory(scratch.path()));
        drop(Fresh::create(&names, &here).expect("made"));
        let parked = Fresh::create(&names, &here).expect("made").park().expect("parked");
        drop(parked.open(&here).expect("opens"));
        assert_eq!(std::fs::read_dir(scratch.path()).expect("read").count(), 0);

        let mut kept = Fresh::create(&names, &here).expect("made");
        kept.write(b"one", 0).expect("written");
        let kept = kept.park().expect("parked").open(&here).expect("opens");
        kept.publish(b"name", Existing::Keep).expect("published");
        let second = Fresh::create(&names, &here).expect("made");
        assert_eq!(second.publish(b"name", Existing::Keep), Err(Errno::EXIST));
        assert_eq!(std::fs::read(scratch.path().join("name")).expect("read"), b"one");
        let third = Fresh::create(&names, &here).expect("made");
        third.publish(b"name", Existing::Overwrite).expect("published");
        assert_eq!(std::fs::read(scratch.path().join("name")).expect("read"), b"");
        assert_eq!(std::fs::read_dir(scratch.path()).expect("read").count(), 1);
    }

    #[test]
    fn a_link_is_replaced_and_never_followed() {
        let scratch = tempfile::tempdir().expect("a folder");
        let (names, here) = (TemporaryNames::new().expect("names"), directory(scratch.path()));
        std::fs::write(scratch.path().join("victim"), "stays").expect("written");
        std::os::unix::fs::symlink("victim", scratch.path().join("link")).expect("made");
        let mut fresh = Fresh::create(&names, &here).expect("made");
        fresh.write(b"new", 0).expect("written");
        fresh.publish(b"link", Existing::Overwrite).expect("published");
        assert_eq!(std::fs::read(scratch.path().join("victim")).expect("read"), b"stays");
        assert_eq!(std::fs::read(scratch.path().join("link")).expect("read"), b"new");
        assert!(!scratch.path().join("link").is_symlink());
    }

    #[test]
    fn a_parked_file_that_was_swapped_is_refused() {
        let scratch = tempfile::tempdir().expect("a folder");
        let (names, here) = (TemporaryNames::new().expect("names"), directory(scratch.path()));
        let fresh = Fresh::create(&names, &here).expect("made");
        let name = scratch.path().join(fresh.temporary.name().to_str().expect("text"));
        let parked = fresh.park().expect("parked");
        // The first file lives on under a second name, so that the new one gets another inode.
        std::fs::rename(&name, scratch.path().join("moved")).expect("moved");
        std::fs::write(&name, "other").expect("written");
        assert_eq!(parked.open(&here).err(), Some(Errno::LOOP));
    }

    #[test]
    fn zero_blocks_become_holes_and_the_rest_is_written() {
        let scratch = tempfile::tempdir().expect("a folder");
        let (names, here) = (TemporaryNames::new().expect("names"), directory(scratch.path()));
        let mut bytes = vec![0; 40 * BLOCK + 17];
        bytes[BLOCK * 20 + 5] = 1;
        bytes[BLOCK * 40 + 16] = 2;
        for offset in [0, 1, 4095, 4096, 10_000] {
            let mut fresh = Fresh::create(&names, &here).expect("made");
            let length = offset + bytes.len() as u64;
            fresh.write(&bytes, offset).expect("written");
            fresh.end_at(length).expect("cut");
            let mut back = vec![1; bytes.len()];
            fresh.read(&mut back, offset).expect("read");
            assert_eq!(back, bytes);
            fresh.publish(b"sparse", Existing::Overwrite).expect("published");
            let stat = std::fs::metadata(scratch.path().join("sparse")).expect("stat");
            assert_eq!(stat.len(), length);
            assert!(stat.blocks() * 512 <= 4 * BLOCK as u64, "{} blocks", stat.blocks());
        }
    }
}
