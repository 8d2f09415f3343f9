//! Reading records: bounded, and never anything but a regular file.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::{Error, FileTime};

/// Opens a regular file. A pipe does not block, a link is not followed.
pub(super) fn open(path: &Path) -> std::io::Result<(File, Metadata)> {
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let found = file.metadata()?;
    if found.is_file() { Ok((file, found)) } else { Err(std::io::ErrorKind::InvalidInput.into()) }
}

/// Reads a whole record of at most [`MOST_BYTES`]; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<(Vec<u8>, Metadata)>, Error> {
    read_at_most(path, MOST_BYTES, "larger than 64 MiB")
}

/// Reads a whole record of at most so many bytes; `None` when there is none, the reason when there are more.
pub(super) fn read_at_most(
    path: &Path,
    most: u64,
    reason: &'static str,
) -> Result<Option<(Vec<u8>, Metadata)>, Error> {
    let (file, found) = match open(path) {
        Ok(opened) => opened,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("open", path)(error)),
    };
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) {
        Ok(Some((bytes, found)))
    } else {
        Err(Error::Record { path: path.to_owned(), reason })
    }
}

/// Appends what is other when a file was written.
pub(super) fn stamp(found: &Metadata, out: &mut Vec<u8>) {
    for number in [found.ino(), found.size()] {
        out.extend(number.to_le_bytes());
    }
    for number in [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()] {
        out.extend(number.to_le_bytes());
    }
}

pub(super) fn ctime(found: &Metadata) -> FileTime {
    FileTime { seconds: found.ctime(), nanos: u32::try_from(found.ctime_nsec()).unwrap_or(0) }
}

/// Joins a path to a base and takes its dots away, without a look at the file system. `None` when it leads above `/`.
pub(super) fn resolve(base: &Path, path: &Path) -> Option<PathBuf> {
    let mut resolved = PathBuf::from("/");
    for component in base.join(path).components() {
        match component {
            Component::Normal(name) => resolved.push(name),
            Component::ParentDir => {
                if !resolved.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::CurDir => {}
            Component::Prefix(_) => return None,
        }
    }
    Some(resolved)
}

/// Decodes hexadecimal digits of either case.
pub(super) fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |letter: u8| char::from(letter).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

/// The list of all packages of a large system has 5 MB.
const MOST_BYTES: u64 = 64 << 20;
