//! Files that belong to this user alone.

use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::Error;

/// Makes a directory where there is none, with those above it, and checks it.
pub(crate) fn make_dir(path: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path).map_err(Error::io("create", path))?;
    check_dir(path).map(drop)
}

/// Refuses a directory in which another user could replace what is kept, and tells whether there is one.
pub(crate) fn check_dir(path: &Path) -> Result<bool, Error> {
    match fs::symlink_metadata(path) {
        Ok(data) if data.is_symlink() => {
            check(path, &fs::metadata(path).map_err(Error::io("look at", path))?).map(|()| true)
        }
        Ok(data) => check(path, &data).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("look at", path)(error)),
    }
}

/// Whether others may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Public,
    Secret,
}

/// Reads a file, or returns `None` where there is none. It is wiped when dropped.
pub(crate) fn read(path: &Path, kept: Kept) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("open", path)(error)),
    };
    let data = file.metadata().map_err(Error::io("look at", path))?;
    if !data.is_file() {
        return Err(Error::damaged(path, "it is no file"));
    }
    check(path, &data)?;
    let mode = data.mode() & 0o7777;
    if kept == Kept::Secret && mode & 0o044 != 0 {
        return Err(Error::ReadableByOthers { path: path.to_owned(), mode });
    }
    // All of it at once: a buffer that grows leaves copies of a secret behind.
    let room = usize::try_from(data.len().min(MAX_BYTES)).unwrap_or(0) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(room as u64).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    if bytes.len() < room {
        return Ok(Some(bytes));
    }
    Err(Error::damaged(path, "it is too long, or grows"))
}

/// Reads a text without its last newline.
pub(crate) fn read_text(path: &Path, kept: Kept) -> Result<Option<Zeroizing<String>>, Error> {
    let Some(bytes) = read(path, kept)? else { return Ok(None) };
    let text = str::from_utf8(&bytes).map_err(|_| Error::damaged(path, "it is no text"))?;
    let text = text.strip_suffix('\n').ok_or_else(|| Error::damaged(path, "its end is missing"))?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}

/// Puts a file in place of another, whole or not at all, and durable. The caller holds the lock.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let draft = with_suffix(path, ".new");
    let write = || {
        remove_if_there(&draft)?;
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(Error::io("write", path))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Overwrites a secret where it lies, so that it is gone before its file is.
pub(crate) fn wipe(path: &Path) -> Result<(), Error> {
    let wipe = || {
        let flags = OFlags::NOFOLLOW.bits().cast_signed();
        let mut file = File::options().write(true).custom_flags(flags).open(path)?;
        let length = usize::try_from(file.metadata()?.len().min(MAX_BYTES)).unwrap_or(0);
        file.write_all(&vec![b'0'; length])?;
        file.sync_data()
    };
    match wipe() {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("overwrite", path)(error))
        }
        _ => Ok(()),
    }
}

/// Makes new and renamed files durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(Error::io("synchronise", dir))
}

/// A lock between processes, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock.
    pub(crate) fn take(path: &Path) -> Result<Self, Error> {
        let flags = OFlags::NOFOLLOW.bits().cast_signed();
        let mut options = File::options();
        // For reading too: so a pipe in its place keeps nobody waiting.
        options.read(true).write(true).create(true).truncate(false);
        options.mode(0o600).custom_flags(flags);
        let file = options.open(path).map_err(Error::io("open", path))?;
        file.lock().map_err(Error::io("lock", path))?;
        Ok(Self { _file: file })
    }
}

/// Returns the beginning of a digest as lower-case hexadecimal digits: a name for a file.
pub(crate) fn hex(bytes: &[u8; 32]) -> String {
    bytes[..16].iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect()
}

fn digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0')
}

fn check(path: &Path, data: &Metadata) -> Result<(), Error> {
    let user = rustix::process::geteuid().as_raw();
    let (owner, mode) = (data.uid(), data.mode() & 0o7777);
    // What root owns root could change anyway.
    if owner != user && owner != ROOT {
        return Err(Error::ForeignOwner { path: path.to_owned(), owner, user });
    }
    if mode & 0o022 != 0 {
        return Err(Error::WritableByOthers { path: path.to_owned(), mode });
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Certificates of thirty years are shorter.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
const ROOT: u32 = 0;
