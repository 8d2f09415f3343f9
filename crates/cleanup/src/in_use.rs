//! Which files any process has open.

use std::collections::HashSet;
use std::ffi::{CStr, OsStr};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, StatxFlags};
use rustix::io::Errno;

use crate::open::Place;

/// What any process has open, mapped, runs, or works in.
#[derive(Debug, Default)]
pub(crate) struct InUse {
    open: HashSet<(u64, u64)>,
    /// Mappings as the kernel tells them, whose device is not always the one that the file system shows.
    mapped: HashSet<(u64, u64)>,
    /// How many processes did not let us look.
    pub(crate) unseen: usize,
}

impl InUse {
    /// Asks the kernel about all processes.
    pub(crate) fn look() -> Self {
        let mut found = Self::default();
        let Ok(processes) = Path::new("/proc").read_dir() else {
            found.unseen = usize::MAX;
            return found;
        };
        for process in processes.flatten() {
            let is_process = process.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
            if is_process && !found.add(&process.path()) {
                found.unseen += 1;
            }
        }
        found.add_loops();
        found
    }

    pub(crate) fn contains(&self, place: Place) -> bool {
        self.open.contains(&(place.device, place.inode))
    }

    /// Adds what one process has open; `false` when it may not be looked at.
    fn add(&mut self, process: &Path) -> bool {
        for link in ["cwd", "root", "exe"] {
            self.add_link(&process.join(link));
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let files = match rustix::fs::open(process.join("fd"), flags, Mode::empty()) {
            Ok(files) => files,
            // It has ended.
            Err(Errno::NOENT | Errno::SRCH) => return true,
            Err(_) => return false,
        };
        let Ok(mut names) = Dir::read_from(&files) else { return false };
        while let Some(Ok(name)) = names.read() {
            if !name.file_name().to_bytes().starts_with(b".") {
                self.open.extend(place_at(&files, name.file_name()));
            }
        }
        self.add_maps(&process.join("maps"));
        true
    }

    fn add_link(&mut self, link: &Path) {
        let link = std::ffi::CString::new(link.as_os_str().as_encoded_bytes());
        self.open.extend(link.ok().and_then(|link| place_at(CWD, &link)));
    }

    fn add_maps(&mut self, maps: &Path) {
        let mut text = Vec::new();
        let Ok(file) = std::fs::File::open(maps) else { return };
        // What was read before an error is true.
        let _ = file.take(MOST_MAPS).read_to_end(&mut text);
        for line in text.split(|&byte| byte == b'\n') {
            let Some((place, path)) = mapping(line) else { continue };
            // Libraries are mapped by everybody: each is looked at once.
            if self.mapped.insert(place) {
                self.open.insert(place);
                let named = std::fs::metadata(path).ok().filter(|named| named.ino() == place.1);
                self.open.extend(named.map(|named| (named.dev(), named.ino())));
            }
        }
    }

    /// Adds the files behind loop devices, which the kernel itself has open.
    fn add_loops(&mut self) {
        for device in Path::new("/sys/block").read_dir().into_iter().flatten().flatten() {
            let named = std::fs::read_to_string(device.path().join("loop/backing_file"));
            let file = named.ok().and_then(|path| std::fs::metadata(path.trim_end()).ok());
            self.open.extend(file.map(|file| (file.dev(), file.ino())));
        }
    }
}

/// Reads a line of `maps`: range, rights, offset, device, inode, path.
fn mapping(line: &[u8]) -> Option<((u64, u64), &Path)> {
    let mut words = line.splitn(6, |&byte| byte == b' ').skip(3);
    let (device, inode) = (std::str::from_utf8(words.next()?).ok()?, words.next()?);
    let inode = std::str::from_utf8(inode).ok()?.parse().ok().filter(|&inode| inode != 0)?;
    let (major, minor) = device.split_once(':')?;
    let hex = |digits| u32::from_str_radix(digits, 16).ok();
    let device = rustix::fs::makedev(hex(major)?, hex(minor)?);
    let path = words.next().unwrap_or_default().trim_ascii_start();
    Some(((device, inode), Path::new(OsStr::from_bytes(path))))
}

/// Returns what a name leads to. A file system that does not answer is not waited for, where the kernel can do that.
fn place_at(directory: impl std::os::fd::AsFd, name: &CStr) -> Option<(u64, u64)> {
    match rustix::fs::statx(&directory, name, AtFlags::STATX_DONT_SYNC, StatxFlags::INO) {
        Ok(told) => {
            Some((rustix::fs::makedev(told.stx_dev_major, told.stx_dev_minor), told.stx_ino))
        }
        Err(Errno::NOSYS | Errno::PERM) => {
            let told = rustix::fs::statat(&directory, name, AtFlags::empty()).ok()?;
            Some((told.st_dev, told.st_ino))
        }
        Err(_) => None,
    }
}

/// The mappings of one process that are read: some hundred thousand.
const MOST_MAPS: u64 = 32 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_are_read_and_what_is_no_file_is_not() {
        let line = b"7f1c2c000000-7f1c2c021000 r-xp 00001000 fd:0a 1234       /usr/lib/a b.so";
        let place = (rustix::fs::makedev(0xfd, 10), 1234);
        assert_eq!(mapping(line), Some((place, Path::new("/usr/lib/a b.so"))));
        for line in [
            &b"7ffd-7ffe rw-p 00000000 00:00 0                          [stack]"[..],
            b"",
            b"x",
            b"a b c d e f",
            b"a b c 1:zz 5 /x",
            b"a b c 00:01 99999999999999999999 /x",
        ] {
            assert_eq!(mapping(line), None, "{line:?}");
        }
    }
}
