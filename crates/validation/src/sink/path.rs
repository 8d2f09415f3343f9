//! Files beneath a directory, whatever the path says and whoever changes the tree meanwhile.

mod entries;
mod error;
mod names;
mod tree;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{File, Metadata};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

pub use entries::{PathEntries, PathEntry, PathEntryKind};
pub use error::PathError;

use self::tree::Tree;
use super::Accept;
use crate::Error;

/// A directory that paths from outside cannot leave.
///
/// Every operation resolves the path anew from the directory's descriptor, by `openat2` with `RESOLVE_BENEATH`, or by
/// a walk of its own that refuses the same where the kernel has no such call. So neither `..` nor an absolute path,
/// a symbolic link, a link of `/proc` or a directory that somebody swaps at the wrong moment leads out. What comes
/// back is an open file; the text of a path is never given out, since whoever resolves it a second time may reach
/// another file.
///
/// A hard link or a mount inside the tree is a part of the tree. Whoever may create those is not kept out by paths.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use wardkit_validation::{Root, Untrusted};
///
/// # let directory = tempfile::tempdir()?;
/// let uploads = Root::open(directory.path())?;
/// let asked = Untrusted::new("2026/notes.txt");
/// uploads.path("2026")?.create_dir()?;
/// std::io::Write::write_all(&mut asked.validate_for(&uploads)?.create()?, b"hello")?;
///
/// assert!(Untrusted::new("../../etc/passwd").validate_for(&uploads).is_err());
/// assert!(Untrusted::new("/etc/passwd").validate_for(&uploads).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Root(Arc<Inner>);

struct Inner {
    tree: Tree,
    rules: PathRules,
}

/// What a [`Root`] allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathRules {
    /// Which names are allowed.
    pub names: PathNames,
    /// What becomes of symbolic links.
    pub links: PathLinks,
    /// What becomes of mounts.
    pub mounts: PathMounts,
    /// Who resolves paths.
    pub lookup: PathLookup,
    /// The permissions of new files, before the umask: 0600 by default.
    pub file_mode: u32,
    /// The permissions of new directories, before the umask: 0700 by default.
    pub directory_mode: u32,
}

/// Which names a [`Root`] allows. Control characters are refused in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathNames {
    /// Those that mean the same on every system: no device of Windows, no stream, no backslash or other character
    /// that some system reserves, no dot or space at the end, nothing that is invisible or turns the direction.
    Portable,
    /// All that this system has.
    Native,
}

/// What becomes of symbolic links beneath a [`Root`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathLinks {
    /// They are followed while they stay beneath the root; absolute ones never do.
    Beneath,
    /// They are refused.
    Refused,
}

/// What becomes of mounts beneath a [`Root`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathMounts {
    /// They are entered.
    Entered,
    /// They are refused. Without `openat2`, a bind mount of the same file system is not told apart.
    Refused,
}

/// Who resolves paths beneath a [`Root`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathLookup {
    /// The kernel in one call; this crate's own walk where the kernel has none or does not let the process.
    Kernel,
    /// The walk always: for trying out what an old kernel would do.
    Walk,
}

impl Default for PathRules {
    fn default() -> Self {
        Self {
            names: PathNames::Portable,
            links: PathLinks::Beneath,
            mounts: PathMounts::Entered,
            lookup: PathLookup::Kernel,
            file_mode: 0o600,
            directory_mode: 0o700,
        }
    }
}

impl Root {
    /// Opens a directory, whose path is the program's own.
    ///
    /// # Errors
    ///
    /// There is no such directory, or it may not be entered.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, Error> {
        Self::with_rules(directory, PathRules::default())
    }

    /// Opens a directory under other rules.
    ///
    /// # Errors
    ///
    /// There is no such directory, or it may not be entered.
    pub fn with_rules(directory: impl AsRef<Path>, rules: PathRules) -> Result<Self, Error> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let top =
            rustix::fs::open(directory.as_ref(), flags, Mode::empty()).map_err(PathError::from)?;
        Ok(Self::at(top, rules)?)
    }

    /// Returns a path beneath the directory, which exists or not.
    ///
    /// # Errors
    ///
    /// The text is absolute, has `..` in it, or has a name that the rules refuse.
    pub fn path(&self, text: &str) -> Result<SafePath, Error> {
        let path = names::check(text, self.0.rules.names)?;
        Ok(SafePath { root: Arc::clone(&self.0), path })
    }

    /// Returns what the directory contains.
    ///
    /// # Errors
    ///
    /// The directory may not be read.
    pub fn entries(&self) -> Result<PathEntries, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        Ok(PathEntries::new(self.0.tree.open(OsStr::new("."), flags)?, self, None)?)
    }

    fn at(top: OwnedFd, rules: PathRules) -> Result<Self, PathError> {
        Ok(Self(Arc::new(Inner { tree: Tree::new(top, &rules)?, rules })))
    }
}

impl Accept<str> for Root {
    type Safe = SafePath;

    fn accept(&self, text: &str) -> Result<SafePath, Error> {
        self.path(text)
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root").field("rules", &self.0.rules).finish_non_exhaustive()
    }
}

/// A path that stays beneath its [`Root`]: a handle to work with, not a text.
///
/// ```compile_fail,E0277
/// fn leak(path: wardkit_validation::SafePath) -> std::io::Result<std::fs::File> {
///     std::fs::File::open(path)
/// }
/// ```
///
/// ```compile_fail,E0277
/// fn leak(path: wardkit_validation::SafePath) -> String {
///     format!("cat {path}")
/// }
/// ```
///
/// ```compile_fail,E0308
/// fn leak(path: &wardkit_validation::SafePath) -> &str {
///     path
/// }
/// ```
#[derive(Clone)]
#[must_use]
pub struct SafePath {
    root: Arc<Inner>,
    /// One or more names with one slash between two of them.
    path: OsString,
}

impl SafePath {
    /// Opens the file for reading. It is a regular file: a pipe or a device is refused, and does not block.
    ///
    /// # Errors
    ///
    /// There is no such file beneath the root, or it may not be read.
    pub fn open(&self) -> Result<File, Error> {
        self.regular(OFlags::RDONLY)
    }

    /// Opens the file for reading and writing. It is a regular file that exists already.
    ///
    /// # Errors
    ///
    /// There is no such file beneath the root, or it may not be written.
    pub fn update(&self) -> Result<File, Error> {
        self.regular(OFlags::RDWR)
    }

    /// Opens the file for writing at its end. It is a regular file that exists already.
    ///
    /// # Errors
    ///
    /// There is no such file beneath the root, or it may not be written.
    pub fn append(&self) -> Result<File, Error> {
        self.regular(OFlags::WRONLY | OFlags::APPEND)
    }

    /// Creates the file, which must not exist, not even as a symbolic link.
    ///
    /// # Errors
    ///
    /// There is something of that name already, or no directory to put it into.
    pub fn create(&self) -> Result<File, Error> {
        let (parent, name) = self.parent()?;
        Ok(create(&parent, name, self.root.rules.file_mode)?)
    }

    /// Puts a file with these contents in the place of what is there, in one step: a reader sees the old one or the
    /// new one. A symbolic link is replaced, not followed. It has the permissions of a new file, and other names of the
    /// old one keep that. When this returns, it is on the disk, and so is its name if the directory may be read.
    ///
    /// # Errors
    ///
    /// There is no directory to put it into, it may not be written, or a directory has that name.
    pub fn replace(&self, contents: &[u8]) -> Result<(), Error> {
        let (parent, name) = self.parent()?;
        let (mut file, temporary) = temporary(&parent, self.root.rules.file_mode)?;
        let written = file
            .write_all(contents)
            .and_then(|()| file.sync_all())
            .map_err(PathError::Io)
            .and_then(|()| Ok(rustix::fs::renameat(&parent, &temporary, &parent, name)?));
        match written {
            Ok(()) => Ok(sync(&parent)?),
            Err(error) => {
                // Best effort: what failed is reported, and the name is out of the way of any other.
                let _ = rustix::fs::unlinkat(&parent, &temporary, AtFlags::empty());
                Err(error.into())
            }
        }
    }

    /// Creates a directory, which must not exist; its parent must.
    ///
    /// # Errors
    ///
    /// There is something of that name already, or no directory to put it into.
    pub fn create_dir(&self) -> Result<(), Error> {
        let (parent, name) = self.parent()?;
        let mode = Mode::from_raw_mode(self.root.rules.directory_mode);
        Ok(rustix::fs::mkdirat(&parent, name, mode).map_err(PathError::from)?)
    }

    /// Removes a file, or a symbolic link itself.
    ///
    /// # Errors
    ///
    /// There is no such file, it is a directory, or it may not be removed.
    pub fn remove(&self) -> Result<(), Error> {
        self.unlink(AtFlags::empty())
    }

    /// Removes a directory, which must be empty.
    ///
    /// # Errors
    ///
    /// There is no such directory, it is not empty, or it may not be removed.
    pub fn remove_dir(&self) -> Result<(), Error> {
        self.unlink(AtFlags::REMOVEDIR)
    }

    /// Returns size, kind, times and owner of what is there.
    ///
    /// # Errors
    ///
    /// There is nothing there beneath the root.
    pub fn metadata(&self) -> Result<Metadata, Error> {
        let file = File::from(self.root.tree.open(&self.path, OFlags::PATH)?);
        Ok(file.metadata().map_err(PathError::Io)?)
    }

    /// Returns what a directory contains.
    ///
    /// # Errors
    ///
    /// There is no such directory beneath the root, or it may not be read.
    pub fn entries(&self) -> Result<PathEntries, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let root = Root(Arc::clone(&self.root));
        Ok(PathEntries::new(self.root.tree.open(&self.path, flags)?, &root, Some(&self.path))?)
    }

    /// Returns a directory as a root of its own, under the same rules: one for each user, say.
    ///
    /// # Errors
    ///
    /// There is no such directory beneath the root.
    pub fn as_root(&self) -> Result<Root, Error> {
        let top = self.root.tree.open(&self.path, OFlags::PATH | OFlags::DIRECTORY)?;
        Ok(Root::at(top, self.root.rules)?)
    }

    fn regular(&self, flags: OFlags) -> Result<File, Error> {
        // A pipe without a writer would block for ever, and a terminal would become the process's own.
        let file = self.root.tree.open(&self.path, flags | OFlags::NONBLOCK | OFlags::NOCTTY)?;
        let file = File::from(file);
        if file.metadata().map_err(PathError::Io)?.is_file() {
            Ok(file)
        } else {
            Err(PathError::NotAFile.into())
        }
    }

    /// Returns the directory that the last name is in, and that name, which no call below follows further.
    fn parent(&self) -> Result<(OwnedFd, &OsStr), PathError> {
        let path = Path::new(&self.path);
        let name = path.file_name().ok_or(PathError::Empty)?;
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.as_os_str(),
            _ => OsStr::new("."),
        };
        Ok((self.root.tree.open(parent, OFlags::PATH | OFlags::DIRECTORY)?, name))
    }

    fn unlink(&self, flags: AtFlags) -> Result<(), Error> {
        let (parent, name) = self.parent()?;
        Ok(rustix::fs::unlinkat(&parent, name, flags).map_err(PathError::from)?)
    }
}

/// Hides the path, which came from outside.
impl fmt::Debug for SafePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SafePath(..)")
    }
}

fn create(directory: &OwnedFd, name: &OsStr, mode: u32) -> Result<File, PathError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(directory, name, flags, Mode::from_raw_mode(mode))?.into())
}

/// Writes a directory's names to the disk, where the file system and the permissions let us.
fn sync(directory: &OwnedFd) -> Result<(), PathError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let synced = rustix::fs::openat(directory, c".", flags, Mode::empty())
        .and_then(|directory| rustix::fs::fsync(&directory));
    match synced {
        Err(Errno::ACCESS | Errno::PERM | Errno::INVAL) => Ok(()),
        outcome => Ok(outcome?),
    }
}

/// Creates a file of a name that nothing else has.
fn temporary(directory: &OwnedFd, mode: u32) -> Result<(File, OsString), PathError> {
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = OsString::from(format!(".{}-{number}.tmp", std::process::id()));
        match create(directory, &name, mode) {
            Err(PathError::Exists) => {}
            file => return Ok((file?, name)),
        }
    }
}

/// Two threads of this process that replace files in one directory never choose one name.
static NEXT: AtomicU64 = AtomicU64::new(0);
