//! Reading files that somebody else may have put there.

use std::io::{self, ErrorKind};
use std::path::Path;

use wardkit_integrity::{Guard, GuardError, Pins, trusted_file};

/// Reads a file that decides what agentd does: the bytes that were looked at, from a place where nobody but root and
/// agentd's own user can put others.
///
/// # Errors
///
/// As [`wardkit_cli::read_small`], and `PermissionDenied` where somebody else may write the file or exchange it.
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
