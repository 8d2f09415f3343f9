//! Looking at one path.

use std::ffi::CString;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::Control;
use super::control::{Cancel, Progress};
use super::look::{Looker, Seen, Target, refused};
use super::snapshot::names;
use crate::{Algorithm, Entry, EntryKind, Take};

/// Looks at one path as a scan does, and at nothing below it. Returns `None` when it does not exist.
///
/// No symbolic link is followed: below a link nothing exists. Of a growing file the prefix is as long as the known
/// entry's size. Nothing of what is known is reused.
#[must_use]
pub fn inspect(
    path: &Path,
    algorithm: Algorithm,
    take: Take,
    known: Option<&Entry>,
) -> Option<Entry> {
    let mut entry = look(path, algorithm, take, known)?;
    path.clone_into(&mut entry.path);
    Some(entry)
}

fn look(path: &Path, algorithm: Algorithm, take: Take, known: Option<&Entry>) -> Option<Entry> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut dir = match rustix::fs::open(c"/", flags, Mode::empty()) {
        Ok(dir) => dir,
        Err(errno) => return Some(refused(EntryKind::Unknown, errno)),
    };
    let mut names = names(path).peekable();
    let mut last = c".".to_owned();
    while let Some(name) = names.next() {
        last = CString::new(name.as_bytes()).ok()?;
        if names.peek().is_none() {
            break;
        }
        dir = match rustix::fs::openat(&dir, &last, flags, Mode::empty()) {
            Ok(dir) => dir,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return None,
            Err(errno) => return Some(refused(EntryKind::Unknown, errno)),
        };
    }
    let control = Control { cancel: Cancel::new(), progress: Progress::new(), rate: None };
    let mut looker = Looker::new(algorithm, &control);
    let name = Target { dir: dir.as_fd(), name: &last, known, trusted: None };
    match looker.look(&name, |_| take) {
        Ok(Seen::Leaf(entry) | Seen::Directory(entry, ..)) => Some(entry),
        // Nobody cancels it.
        Ok(Seen::Nothing) | Err(_) => None,
    }
}
