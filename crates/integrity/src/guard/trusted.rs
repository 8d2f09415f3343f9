//! The way to a file: who could exchange what lies at its end.

use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, Stat, openat, statat};
use rustix::io::Errno;

use super::{GuardError, Untrusted, WhyUntrusted};

/// Checks that nobody but root and this process's user can put another file at a path.
///
/// Every directory from `/` on must belong to one of them and be writable by neither its group nor everybody. In a
/// sticky directory such as `/tmp` the next name must belong to one of them. Access control lists need no look of
/// their own: what they grant at most shows in the group's bits.
///
/// # Errors
///
/// Fails with [`GuardError::UntrustedParent`] naming the directory, and where the way is not there, leads through a
/// symbolic link, or the path is not absolute: resolve it first.
pub fn trusted_parents(path: impl AsRef<Path>) -> Result<(), GuardError> {
    checked_file(path.as_ref()).map(|_| ())
}

/// Checks that nobody but root and this process's user can put another file at a path, or write the one that is there.
///
/// # Errors
///
/// Fails as [`trusted_parents`] does; [`Untrusted::path`] may then be the file.
pub fn trusted_file(path: impl AsRef<Path>) -> Result<(), GuardError> {
    let path = path.as_ref();
    let stat = checked_file(path)?;
    let trusted = Trusted::new(None);
    if !trusted.owns(&stat) {
        return Err(untrusted(path, WhyUntrusted::Owner(stat.st_uid)));
    }
    if is_writable_by_others(&stat) {
        return Err(untrusted(path, WhyUntrusted::Writable(stat.st_mode & 0o7777)));
    }
    Ok(())
}

fn checked_file(path: &Path) -> Result<Stat, GuardError> {
    let trusted = Trusted::new(None);
    let place = match walk(path, &trusted)? {
        Walked::Arrived(place) => place,
        Walked::Link(link) => return Err(GuardError::Unlisted { path: link.path }),
    };
    let stat = place.stat()?;
    place.check_owner(&stat)?;
    if super::kind_of(stat.st_mode) == crate::EntryKind::Symlink {
        return Err(GuardError::Unlisted { path: place.path });
    }
    Ok(stat)
}

/// Who may own a directory on the way.
pub(super) struct Trusted {
    own: u32,
    listed: Option<u32>,
}

impl Trusted {
    /// Trusts root, this process's user, and the owner that the file is listed with.
    pub(super) fn new(listed: Option<u32>) -> Self {
        Self { own: rustix::process::geteuid().as_raw(), listed }
    }

    fn owns(&self, stat: &Stat) -> bool {
        stat.st_uid == 0 || stat.st_uid == self.own || Some(stat.st_uid) == self.listed
    }
}

/// Where a walk ended.
pub(super) enum Walked<'t> {
    /// In the directory of the last name.
    Arrived(Place<'t>),
    /// Before a symbolic link.
    Link(Link),
}

/// A symbolic link in a directory that is open, and the names that come after it.
pub(super) struct Link {
    pub(super) directory: OwnedFd,
    pub(super) name: OsString,
    pub(super) path: PathBuf,
    pub(super) rest: PathBuf,
}

/// A name in a directory that is open.
pub(super) struct Place<'t> {
    pub(super) directory: OwnedFd,
    pub(super) name: OsString,
    pub(super) path: PathBuf,
    trusted: &'t Trusted,
    /// Whether others may write the directory, and only its stickiness keeps the name.
    is_shared: bool,
}

impl Place<'_> {
    /// Looks at the name, following nothing.
    pub(super) fn stat(&self) -> Result<Stat, GuardError> {
        match statat(&self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(stat),
            Err(Errno::NOENT) => Err(GuardError::Missing { path: self.path.clone() }),
            Err(error) => Err(GuardError::io("look at", &self.path)(error)),
        }
    }

    /// Checks that nobody else can exchange the name, where everybody may write its directory.
    pub(super) fn check_owner(&self, stat: &Stat) -> Result<(), GuardError> {
        if self.is_shared && !self.trusted.owns(stat) {
            return Err(untrusted(&self.path, WhyUntrusted::Owner(stat.st_uid)));
        }
        Ok(())
    }

    /// Turns the place of a symbolic link into that.
    pub(super) fn into_link(self) -> Link {
        let Self { directory, name, path, .. } = self;
        Link { directory, name, path, rest: PathBuf::new() }
    }
}

/// Walks from `/` to the directory of a path, one name at a time, and checks each directory on its descriptor.
pub(super) fn walk<'t>(path: &Path, trusted: &'t Trusted) -> Result<Walked<'t>, GuardError> {
    let names = names(path).ok_or_else(|| GuardError::Path { path: path.to_owned() })?;
    let Some((last, parents)) = names.split_last() else {
        return Err(GuardError::NotAFile {
            path: path.to_owned(),
            kind: crate::EntryKind::Directory,
        });
    };
    let mut here = PathBuf::from("/");
    let mut directory =
        openat(CWD, "/", DIRECTORY, Mode::empty()).map_err(GuardError::io("open", &here))?;
    let mut is_shared = check_directory(&directory, &here, trusted)?;
    for (index, &name) in parents.iter().enumerate() {
        here.push(name);
        let next = match openat(&directory, name, DIRECTORY, Mode::empty()) {
            Ok(next) => next,
            Err(Errno::NOTDIR | Errno::LOOP) => {
                let rest = names[index + 1..].iter().collect();
                let link = Link { directory, name: name.to_owned(), path: here, rest };
                return at_link(link).map(Walked::Link);
            }
            Err(Errno::NOENT) => return Err(GuardError::Missing { path: path.to_owned() }),
            Err(error) => return Err(GuardError::io("open", &here)(error)),
        };
        is_shared = check_directory(&next, &here, trusted)?;
        directory = next;
    }
    here.push(last);
    Ok(Walked::Arrived(Place { directory, name: last.into(), path: here, trusted, is_shared }))
}

/// Checks a directory, and tells whether it lets everybody write and only its stickiness keeps the names in it.
///
/// It must belong to somebody trusted, so that one in `/tmp` that somebody else made is refused as well.
fn check_directory(
    directory: &OwnedFd,
    path: &Path,
    trusted: &Trusted,
) -> Result<bool, GuardError> {
    let stat = rustix::fs::fstat(directory).map_err(GuardError::io("look at", path))?;
    if !trusted.owns(&stat) {
        return Err(untrusted(path, WhyUntrusted::Owner(stat.st_uid)));
    }
    let is_writable = is_writable_by_others(&stat);
    if is_writable && stat.st_mode & STICKY == 0 {
        return Err(untrusted(path, WhyUntrusted::Writable(stat.st_mode & 0o7777)));
    }
    Ok(is_writable)
}

/// Tells a symbolic link from something else that is no directory.
fn at_link(link: Link) -> Result<Link, GuardError> {
    let stat = statat(&link.directory, &link.name, AtFlags::SYMLINK_NOFOLLOW)
        .map_err(GuardError::io("look at", &link.path))?;
    if super::kind_of(stat.st_mode) == crate::EntryKind::Symlink {
        return Ok(link);
    }
    Err(GuardError::Missing { path: link.path.join(link.rest) })
}

/// Returns the names of an absolute path that has neither `.` nor `..` nor doubled slashes.
fn names(path: &Path) -> Option<Vec<&OsStr>> {
    let mut components = path.components();
    if components.next() != Some(Component::RootDir) {
        return None;
    }
    let names: Option<Vec<&OsStr>> = components
        .map(|component| match component {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect();
    // `components` swallows what the list does not have: `/a/./b`, `/a//b`, `/a/`.
    let rejoined: usize = names.iter().flatten().map(|name| name.len() + 1).sum();
    names.filter(|_| rejoined.max(1) == path.as_os_str().len())
}

fn is_writable_by_others(stat: &Stat) -> bool {
    stat.st_mode & 0o022 != 0
}

fn untrusted(path: &Path, why: WhyUntrusted) -> GuardError {
    GuardError::UntrustedParent(Untrusted { path: path.to_owned(), why })
}

/// Only looked at and walked through: no permission to list it is needed.
const DIRECTORY: OFlags =
    OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

const STICKY: u32 = 0o1000;
