//! Directories below the target of a restore, opened without ever following a link.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;

/// The directory that everything is rebuilt below.
#[derive(Debug)]
pub(super) struct Beneath {
    target: OwnedFd,
    asks_kernel: AtomicBool,
}

impl Beneath {
    /// Opens the target, and makes it and what is missing above it. The path itself is the caller's: links in it are
    /// followed.
    pub(super) fn open(target: &Path) -> Result<Self, Errno> {
        if let Err(error) = std::fs::create_dir_all(target) {
            return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let target = rustix::fs::open(target, flags, Mode::empty())?;
        Ok(Self { target, asks_kernel: AtomicBool::new(true) })
    }

    /// The target itself.
    pub(super) fn target(&self) -> BorrowedFd<'_> {
        self.target.as_fd()
    }

    /// Opens a directory by its path below the target; the empty path is the target.
    pub(super) fn directory(&self, path: &[u8]) -> Result<OwnedFd, Errno> {
        let mut opened: Option<OwnedFd> = None;
        for part in parts(path) {
            let here = opened.as_ref().map_or(self.target.as_fd(), AsFd::as_fd);
            opened = Some(self.step(here, part)?);
        }
        opened.map_or_else(|| rustix::fs::openat(&self.target, c".", DIRECTORY, Mode::empty()), Ok)
    }

    fn step(&self, from: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd, Errno> {
        if self.asks_kernel.load(Ordering::Relaxed)
            && let Some(answer) = self.ask_kernel(from, path)
        {
            return answer;
        }
        by_name(from, path)
    }

    /// Returns the kernel's answer, unless it has none.
    fn ask_kernel(&self, from: BorrowedFd<'_>, path: &[u8]) -> Option<Result<OwnedFd, Errno>> {
        let how = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let path = OsStr::from_bytes(path);
        for _ in 0..TRIES {
            match rustix::fs::openat2(from, path, DIRECTORY, Mode::empty(), how) {
                // Containers of some age answer `EPERM` to every call that they do not know.
                Err(Errno::NOSYS | Errno::PERM) => {
                    self.asks_kernel.store(false, Ordering::Relaxed);
                    return None;
                }
                // A rename somewhere on the system made the kernel unsure, or a signal came.
                Err(Errno::AGAIN | Errno::INTR) => {}
                answer => return Some(answer),
            }
        }
        None
    }
}

/// Whether a directory can have an entry of this name.
pub(super) fn is_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name.len() <= NAME_BYTES
        && name != b"."
        && name != b".."
        && !name.contains(&b'/')
        && !name.contains(&0)
}

/// Makes a directory, or takes the one that is there, and tells whether it made it. Anything else of this name is in the
/// way.
pub(super) fn make_directory(
    parent: BorrowedFd<'_>,
    name: &[u8],
) -> Result<(OwnedFd, bool), Errno> {
    if !is_name(name) {
        return Err(Errno::INVAL);
    }
    let is_new = match rustix::fs::mkdirat(parent, name, Mode::RWXU) {
        Ok(()) => true,
        Err(Errno::EXIST) => false,
        Err(errno) => return Err(errno),
    };
    Ok((rustix::fs::openat(parent, name, DIRECTORY, Mode::empty())?, is_new))
}

/// Looks at a name without following a link; `None` where there is nothing.
pub(super) fn look(directory: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Stat>, Errno> {
    match rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Cuts a path into what one system call takes, at slashes.
fn parts(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = path;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let slash = rest
            .iter()
            .take(CALL_BYTES)
            .rposition(|&byte| byte == b'/')
            .filter(|_| rest.len() > CALL_BYTES);
        let (part, after) = match slash {
            Some(at) => (&rest[..at], &rest[at + 1..]),
            None => (rest, &rest[rest.len()..]),
        };
        rest = after;
        Some(part)
    })
}

/// Opens each name in the directory that is open already.
fn by_name(from: BorrowedFd<'_>, path: &[u8]) -> Result<OwnedFd, Errno> {
    let mut opened: Option<OwnedFd> = None;
    for name in path.split(|&byte| byte == b'/') {
        if !is_name(name) {
            return Err(Errno::INVAL);
        }
        let here = opened.as_ref().map_or(from, AsFd::as_fd);
        opened = Some(rustix::fs::openat(here, name, DIRECTORY, Mode::empty())?);
    }
    opened.ok_or(Errno::INVAL)
}

const DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const TRIES: usize = 8;
/// What Linux allows a name.
const NAME_BYTES: usize = 255;
/// Below the 4096 bytes that Linux allows a path.
const CALL_BYTES: usize = 4000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for name in [&b""[..], b".", b"..", b"a/b", b"/", b"a\0", &[b'x'; 256]] {
            assert!(!is_name(name), "{name:?}");
        }
        for name in [&b"a"[..], b"...", b" ", b"\xff", b"a\\b", &[b'x'; 255]] {
            assert!(is_name(name), "{name:?}");
        }
    }

    #[test]
    fn long_paths_are_opened_in_parts_with_and_without_the_kernels_help() {
        let scratch = tempfile::tempdir().expect("a folder");
        let beneath = Beneath::open(scratch.path()).expect("opens");
        let name = [b'n'; 200];
        let mut path = Vec::new();
        for _ in 0..45 {
            let parent = beneath.directory(&path).expect("parent");
            drop(make_directory(parent.as_fd(), &name).expect("made"));
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(&name);
        }
        assert!(path.len() > 2 * CALL_BYTES);
        let by_kernel = rustix::fs::fstat(beneath.directory(&path).expect("opens")).expect("stat");
        beneath.asks_kernel.store(false, Ordering::Relaxed);
        let by_name = rustix::fs::fstat(beneath.directory(&path).expect("opens")).expect("stat");
        assert_eq!(by_kernel.st_ino, by_name.st_ino);
    }

    #[test]
    fn links_on_the_way_are_refused_with_and_without_the_kernels_help() {
        let scratch = tempfile::tempdir().expect("a folder");
        let target = scratch.path().join("target");
        let beneath = Beneath::open(&target).expect("opens");
        std::fs::create_dir_all(target.join("real/below")).expect("made");
        std::os::unix::fs::symlink("real", target.join("inside")).expect("made");
        std::os::unix::fs::symlink(scratch.path(), target.join("outside")).expect("made");
        for asks in [true, false] {
            beneath.asks_kernel.store(asks, Ordering::Relaxed);
            beneath.directory(b"real/below").expect("opens");
            for path in [&b"inside/below"[..], b"inside", b"outside", b"outside/target"] {
                let refused = beneath.directory(path).expect_err("a link");
                assert!(matches!(refused, Errno::LOOP | Errno::NOTDIR), "{refused}");
            }
            for path in [&b".."[..], b"real/../.."] {
                assert!(beneath.directory(path).is_err(), "{path:?}");
            }
        }
        for name in [&b"inside"[..], b"outside"] {
            assert!(make_directory(beneath.target(), name).is_err());
        }
    }
}
