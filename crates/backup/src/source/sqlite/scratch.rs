//! A file that only we can read, and that is gone with its last user.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::rand::GetRandomFlags;

/// A file that only we can read, in a folder of its own: what SQLite writes beside it is hidden and removed too.
#[derive(Debug)]
pub(super) struct Scratch {
    folder: PathBuf,
    file: PathBuf,
}

impl Scratch {
    pub(super) fn new(place: &Path) -> io::Result<Self> {
        let mut name = [0; 8];
        rustix::rand::getrandom(&mut name, GetRandomFlags::empty())?;
        let folder = place.join(format!(".wardkit-copy-{:016x}", u64::from_ne_bytes(name)));
        DirBuilder::new().mode(0o700).create(&folder)?;
        // From here on the folder is removed also after an error.
        let scratch = Self { file: folder.join("copy"), folder };
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&scratch.file)?;
        Ok(scratch)
    }

    pub(super) fn path(&self) -> &Path {
        &self.file
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // An error leaves a hidden folder that only we can read.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
