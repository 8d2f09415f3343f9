//! Reading small files that somebody else may have put there.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// Reads a file whole.
///
/// # Errors
///
/// Returns the system's error, and `InvalidData` for what is no regular file or larger than 1 MiB.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let invalid = |reason| io::Error::new(io::ErrorKind::InvalidData, reason);
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

/// Far above any real configuration; keeps a wrong path such as a device from filling memory.
const MAX_BYTES: u64 = 1 << 20;
