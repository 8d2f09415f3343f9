//! The file in which a tree's cache lies.

use std::fs::{self, DirBuilder, File};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{OFlags, Timespec, Timestamps, UTIME_NOW};

/// The file in which a tree's cache lies.
#[derive(Debug)]
pub(super) struct Place {
    folder: PathBuf,
    name: String,
}

impl Place {
    /// Returns the place, when its folder is the account's own, and outside of the tree.
    pub(super) fn open(folder: &Path, tree: &Path, name: String) -> Option<Self> {
        if std::path::absolute(folder).ok()?.starts_with(tree) {
            return None;
        }
        DirBuilder::new().recursive(true).mode(0o700).create(folder).ok()?;
        let folder = folder.canonicalize().ok()?;
        let is_ours = is_ours(&fs::metadata(&folder).ok()?);
        (is_ours && !folder.starts_with(tree)).then_some(Self { folder, name })
    }

    /// Reads the content, when nobody else wrote it, and it is as it was written.
    pub(super) fn read(&self) -> Option<Vec<u8>> {
        let file = self.opened()?;
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
        if bytes.len() as u64 > LARGEST || bytes.len() < HASH {
            return None;
        }
        let content = bytes.split_off(HASH);
        (blake3::hash(&content).as_bytes() == bytes.as_slice()).then_some(content)
    }

    /// Says that it was of use, so that it does not go before others.
    pub(super) fn refresh(&self) {
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        if let Some(file) = self.opened() {
            // It only goes a little earlier otherwise.
            let _ = rustix::fs::futimens(
                &file,
                &Timestamps { last_access: now, last_modification: now },
            );
        }
    }

    /// Writes the content. A cache that cannot be written is one that is not there.
    pub(super) fn write(&self, content: &[u8]) {
        if content.len() as u64 > LARGEST - HASH as u64 {
            return;
        }
        // Another process writes the same file under another name; the last of them stays, whole.
        let random = RandomState::new().build_hasher().finish();
        let new = self.folder.join(format!("{}.{random:016x}.new", self.name));
        if written(&new, content).and_then(|()| fs::rename(&new, self.path())).is_err() {
            // It may not have been made.
            let _ = fs::remove_file(&new);
        }
        // What cannot be listed cannot be removed.
        let _ = self.make_room();
    }

    fn opened(&self) -> Option<File> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = File::options()
            .read(true)
            .custom_flags(i32::try_from(flags.bits()).ok()?)
            .open(self.path())
            .ok()?;
        let data = file.metadata().ok()?;
        (data.is_file() && is_ours(&data)).then_some(file)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Removes what was not of use for longest, until the rest is small enough.
    fn make_room(&self) -> io::Result<()> {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let data = entry.metadata()?;
            if data.is_file() {
                files.push((data.modified()?, data.len(), entry.path()));
            }
        }
        files.sort();
        let mut all: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in &files {
            if all <= MOST {
                break;
            }
            fs::remove_file(path)?;
            all -= bytes;
        }
        Ok(())
    }
}

/// Whether it belongs to the account that runs this, and nobody else may write it.
fn is_ours(data: &fs::Metadata) -> bool {
    data.uid() == rustix::process::geteuid().as_raw() && data.mode() & 0o022 == 0
}

fn written(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(blake3::hash(content).as_bytes())?;
    file.write_all(content)
}

/// The hash stands before the content.
const HASH: usize = blake3::OUT_LEN;

/// A tree of 100 000 files without findings has 7 MB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Of all trees together.
const MOST: u64 = 256 * 1024 * 1024;
