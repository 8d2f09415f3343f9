use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags};

use crate::Error;

/// A PID file of this process: whole at any moment, and locked for as long as this value lives, so that a second
/// instance learns who the first one is.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    file: File,
}

impl PidFile {
    /// Takes a PID file. One that nobody holds any more is replaced.
    ///
    /// # Errors
    ///
    /// [`Error::Held`] with the number of the process that holds it, [`Error::File`] when it cannot be written.
    pub fn acquire(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let fresh = Fresh::write(&path)?;
        for _ in 0..MOST_ATTEMPTS {
            let held = match open(&path) {
                Ok(present) => Some(present),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(source) => return Err(Error::File { path, source }),
            };
            let flags = match &held {
                None => RenameFlags::NOREPLACE,
                Some(present) => match lock(present) {
                    // Whoever replaced it meanwhile holds another file under this name.
                    Ok(_) if !is_at(present, &path) => continue,
                    Ok(true) => RenameFlags::empty(),
                    Ok(false) => return Err(Error::Held { pid: number(present), path }),
                    Err(source) => return Err(Error::File { path, source }),
                },
            };
            // While the old file is locked by us nobody else may replace it, and a new name is taken only once.
            match rustix::fs::renameat_with(CWD, &fresh.path, CWD, &path, flags) {
                Ok(()) => return fresh.named(path),
                Err(rustix::io::Errno::EXIST) => {}
                Err(errno) => return Err(Error::File { path, source: errno.into() }),
            }
        }
        Err(Error::Held { path, pid: None })
    }

    /// Returns its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Removes the file, unless another stands at its path.
impl Drop for PidFile {
    fn drop(&mut self) {
        if is_at(&self.file, &self.path) {
            // A file that stays is one that nobody holds.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A file of our number, on disk and locked, under a name that nobody looks for.
#[derive(Debug)]
struct Fresh {
    path: PathBuf,
    file: File,
    is_named: bool,
}

impl Fresh {
    fn write(target: &Path) -> Result<Self, Error> {
        let name = target
            .file_name()
            .ok_or_else(|| Error::file(target)(io::ErrorKind::InvalidInput.into()))?;
        let pid = std::process::id();
        for attempt in 0..MOST_ATTEMPTS {
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{pid}.{attempt}"));
            let path = target.with_file_name(hidden);
            let options = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&path);
            let mut file = match options {
                Ok(file) => file,
                // Left by a process of our number that was killed, or another thread's.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(source) => return Err(Error::File { path, source }),
            };
            let written = (|| {
                file.write_all(format!("{pid}\n").as_bytes())?;
                file.sync_all()?;
                lock(&file)
            })();
            let fresh = Self { path, file, is_named: false };
            return match written {
                Ok(true) => Ok(fresh),
                Ok(false) => Err(Error::Held { path: fresh.path.clone(), pid: None }),
                Err(source) => Err(Error::File { path: fresh.path.clone(), source }),
            };
        }
        Err(Error::file(target)(io::ErrorKind::AlreadyExists.into()))
    }

    fn named(mut self, path: PathBuf) -> Result<PidFile, Error> {
        self.is_named = true;
        let file = self.file.try_clone().map_err(Error::file(&path))?;
        let held = PidFile { path, file };
        let folder = held.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::file(folder))?;
        Ok(held)
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.is_named {
            // A name that nobody looks for harms nobody.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Opens without following a link, and without waiting where somebody put a FIFO.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// Reads the number at the beginning of a PID file.
pub(crate) fn number(mut file: &File) -> Option<u32> {
    let mut bytes = [0; 32];
    let length = file.read(&mut bytes).ok()?;
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    let pid = text.split_whitespace().next()?.parse().ok()?;
    (pid > 0).then_some(pid)
}

fn lock(file: &File) -> io::Result<bool> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(ours), Ok(theirs)) = (file.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino())
}

/// Each attempt that fails means that another instance was faster just then.
const MOST_ATTEMPTS: usize = 100;
