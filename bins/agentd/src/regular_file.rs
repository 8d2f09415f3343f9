//! Reading small files that somebody else may have put there.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;
use wardkit_integrity::{Guard, GuardError, Pins, trusted_file};

/// Reads a file whole.
///
/// # Errors
///
/// Returns the system's error, and `InvalidData` for what is no regular file or larger than 1 MiB.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let invalid = |reason| io::Error::new(ErrorKind::InvalidData, reason);
    // A named pipe without a writer would otherwise keep the daemon waiting for ever.
    let nonblock = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(nonblock).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(invalid("not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(invalid("larger than 1 MiB"));
    }
    Ok(bytes)
}

/// Reads a file that decides what agentd does: the bytes that were looked at, from a place where nobody but root and
/// agentd's own user can put others.
///
/// # Errors
///
/// As [`read`], and `PermissionDenied` where somebody else may write the file or exchange it.
pub(crate) fn read_trusted(path: &Path) -> io::Result<Vec<u8>> {
    // The links that lead there are the operator's; from here on none is followed.
    let path = std::fs::canonicalize(path)?;
    let checked = trusted_file(&path)
        .and_then(|()| Guard::new(Pins::default()).report(&path, MAX_BYTES))
        .map_err(into_io)?;
    Ok(checked.bytes)
}

fn into_io(error: GuardError) -> io::Error {
    let (kind, reason) = match error {
        GuardError::NotAFile { .. } => (ErrorKind::InvalidData, "not a regular file".to_owned()),
        GuardError::TooLarge { .. } => (ErrorKind::InvalidData, "larger than 1 MiB".to_owned()),
        // An editor is at it: the next try may succeed.
        GuardError::Unstable { .. } => (ErrorKind::ResourceBusy, error.to_string()),
        GuardError::Io { source, .. } => (source.kind(), source.to_string()),
        GuardError::UntrustedParent(why) => (
            ErrorKind::PermissionDenied,
            format!("others could change it: {why}; take that right away with chmod or chown"),
        ),
        _ => (ErrorKind::InvalidData, error.to_string()),
    };
    io::Error::new(kind, reason)
}

/// Far above any real configuration; keeps a wrong path such as a device from filling memory.
const MAX_BYTES: u64 = 1 << 20;
