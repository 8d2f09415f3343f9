//! Reading small files that somebody else may have put there.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// Reads a file whole: a configuration, a policy, a key.
///
/// # Errors
///
/// Returns the system's error, and `InvalidData` for what is no regular file or larger than 1 MiB.
pub fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let invalid = |reason| io::Error::new(ErrorKind::InvalidData, reason);
    // A named pipe without a writer would otherwise keep the program waiting for ever.
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

/// Reads a small file whole that must be a text.
///
/// # Errors
///
/// As [`read_small`], and `InvalidData` for what is no UTF-8.
pub fn read_small_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read_small(path)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "not UTF-8"))
}

/// Far above any real configuration; keeps a wrong path such as a device from filling memory.
const MAX_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn small_regular_files_are_read_and_nothing_else() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("file");
        fs::write(&path, "text")?;
        assert_eq!(read_small_text(&path)?, "text");
        fs::write(&path, b"\xff")?;
        assert_eq!(read_small(&path)?, b"\xff");
        let refused = |path: &Path| read_small_text(path).map_err(|error| error.to_string());
        assert_eq!(refused(&path), Err("not UTF-8".to_owned()));
        fs::write(&path, vec![b'x'; 1 << 20])?;
        assert_eq!(read_small(&path)?.len(), 1 << 20);
        fs::write(&path, vec![b'x'; (1 << 20) + 1])?;
        assert_eq!(refused(&path), Err("larger than 1 MiB".to_owned()));
        let fifo = dir.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR)?;
        for odd in [&fifo, Path::new("/dev/zero"), dir.path()] {
            assert_eq!(refused(odd), Err("not a regular file".to_owned()), "{}", odd.display());
        }
        assert_eq!(
            read_small(&dir.path().join("none")).map_err(|error| error.kind()),
            Err(ErrorKind::NotFound)
        );
        Ok(())
    }
}
