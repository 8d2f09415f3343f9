//! Files: where they lie, and writing that a test can make fail as a full disk does.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::Error;

/// Which file: its number is all that tells it from others of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Segment,
    Journal,
}

impl Kind {
    const fn ending(self) -> &'static str {
        match self {
            Self::Segment => "segment",
            Self::Journal => "journal",
        }
    }

    pub(super) fn path(self, dir: &Path, number: u32) -> PathBuf {
        dir.join(format!("{number:08}.{}", self.ending()))
    }

    /// Returns the numbers of the files of this kind, in order.
    pub(super) fn list(self, dir: &Path) -> Result<Vec<u32>, Error> {
        let failed = |source| Error::Read { path: dir.to_owned(), source };
        let mut numbers = Vec::new();
        for entry in dir.read_dir().map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.split_once('.'))
                .filter(|(_, ending)| *ending == self.ending())
                .and_then(|(number, _)| number.parse::<u32>().ok());
            numbers.extend(number);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// Makes the directory if there is none, for its owner alone.
pub(super) fn make_dir(dir: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| Error::Write { path: dir.to_owned(), source })
}

/// Opens a file for reading and writing, for its owner alone.
pub(super) fn open(path: &Path) -> Result<File, Error> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Writes all of it, or leaves some of it.
pub(super) fn write(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    #[cfg(test)]
    if tests::FULL.get() {
        file.write_all_at(&bytes[..bytes.len() / 2], at)?;
        return Err(io::ErrorKind::StorageFull.into());
    }
    file.write_all_at(bytes, at)
}

/// Fails where the file has no name any more: what is written to it is gone when it is closed.
pub(super) fn has_name(file: &File) -> io::Result<()> {
    if file.metadata()?.nlink() == 0 {
        return Err(io::Error::new(io::ErrorKind::NotFound, "somebody deleted it"));
    }
    Ok(())
}

/// Removes a file that may be gone.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::Write { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

/// Makes names in a directory last.
pub(super) fn sync_dir(dir: &Path) -> Result<(), Error> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|source| Error::Write { path: dir.to_owned(), source })
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    thread_local! {
        /// Whether nothing fits on the disk any more.
        pub(in super::super) static FULL: Cell<bool> = const { Cell::new(false) };
    }
}
