//! Texts of configuration files, kept with their secrets masked.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::rand::{GetRandomFlags, getrandom};

use super::redact::masked;
use super::{Redact, TextDiff, UsualSecrets};
use crate::policy::open_file;
use crate::{Algorithm, Digest, Error};

/// A directory of texts, each under the digest of the file that it was, with its secrets masked before it is written.
///
/// It is there for one thing: to show what changed in a text when its digest has. A text that is not there costs the
/// diff, never the report. One program at a time uses a directory.
pub struct TextStore {
    directory: PathBuf,
    redact: Box<dyn Redact>,
    /// What makes the masks' digits: drawn once for each directory.
    key: [u8; 32],
    used: u64,
    capacity: u64,
}

/// What became of a text that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kept {
    /// It is kept.
    Stored,
    /// It was there before.
    Known,
    /// It is not UTF-8 text, or larger than 256 KiB.
    NotText,
    /// There is no room for it: not in the directory's capacity, or not on the disk.
    NoRoom,
}

impl TextStore {
    /// Opens a directory, which is made if it is not there; its parent must be.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotPrivate`] if others than the owner may enter the directory or it is none, and [`Error::Io`]
    /// if it cannot be made, listed or read.
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let directory = directory.into();
        match DirBuilder::new().mode(0o700).create(&directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::io("make", &directory)(error));
            }
            _ => {}
        }
        let found = fs::symlink_metadata(&directory).map_err(Error::io("look at", &directory))?;
        let own = rustix::process::geteuid().as_raw();
        if !found.is_dir() || found.mode() & 0o077 != 0 || found.uid() != own {
            return Err(Error::NotPrivate(directory));
        }
        let key = key(&directory.join(KEY))?;
        let mut store =
            Self { directory, redact: Box::new(UsualSecrets), key, used: 0, capacity: CAPACITY };
        let entries =
            fs::read_dir(&store.directory).map_err(Error::io("list", &store.directory))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| name.ends_with(UNFINISHED)) {
                // Left behind by a crash; the next try writes it anew.
                let _ = fs::remove_file(entry.path());
            } else if let Ok(found) = entry.metadata() {
                store.used += occupied(found.len());
            }
        }
        Ok(store)
    }

    /// Sets what finds the secrets, in place of [`UsualSecrets`].
    #[must_use]
    pub fn with_redact(mut self, redact: impl Redact + 'static) -> Self {
        self.redact = Box::new(redact);
        self
    }

    /// Sets how many bytes the texts may take on the disk, 64 MiB if this is not called.
    #[must_use]
    pub fn with_capacity(mut self, bytes: u64) -> Self {
        self.capacity = bytes;
        self
    }

    /// Keeps the text of a file, masked, for a later diff.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the text cannot be written for another reason than a full disk.
    pub fn remember(&mut self, algorithm: Algorithm, content: &[u8]) -> Result<Kept, Error> {
        let Some(text) = self.text(content) else { return Ok(Kept::NotText) };
        let path = self.path(&algorithm.digest(content));
        if fs::symlink_metadata(&path).is_ok() {
            return Ok(Kept::Known);
        }
        let check = blake3::hash(text.as_bytes()).to_hex();
        let size = occupied(u64::try_from(check.len() + 1 + text.len()).unwrap_or(u64::MAX));
        if self.used.saturating_add(size) > self.capacity {
            return Ok(Kept::NoRoom);
        }
        let unfinished = path.with_extension(&UNFINISHED[1..]);
        let written = create(&unfinished)
            .and_then(|mut file| write!(file, "{check}\n{text}"))
            .and_then(|()| fs::rename(&unfinished, &path));
        if let Err(error) = written {
            let _ = fs::remove_file(&unfinished);
            return match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Ok(Kept::NoRoom),
                _ => Err(Error::io("write", &path)(error)),
            };
        }
        self.used += size;
        Ok(Kept::Stored)
    }

    /// Keeps the text of a file that is there, as [`remember`](Self::remember) does. What is no regular file, or is not
    /// there any more, is no text; no symbolic link is followed.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the text cannot be written for another reason than a full disk.
    pub fn remember_file(&mut self, algorithm: Algorithm, path: &Path) -> Result<Kept, Error> {
        content(path).map_or(Ok(Kept::NotText), |content| self.remember(algorithm, &content))
    }

    /// Returns what changed between the text of a file that had this digest and its content now, secrets masked; or
    /// `None` where the old one is not there, or one of them is no text.
    #[must_use]
    pub fn diff(&self, old: &Digest, content: &[u8]) -> Option<TextDiff> {
        let new = self.text(content)?;
        let file =
            OpenOptions::new().read(true).custom_flags(NOFOLLOW).open(self.path(old)).ok()?;
        let mut old = String::new();
        file.take(LARGEST_MASKED + 100).read_to_string(&mut old).ok()?;
        let (check, old) = old.split_once('\n')?;
        // A text torn by a crash would show lines as new that were always there.
        (blake3::hash(old.as_bytes()).to_hex().as_str() == check)
            .then(|| TextDiff::between(old, &new))
    }

    /// Returns what changed between the text of a file that had this digest and what it is now, as [`diff`](Self::diff)
    /// does; nothing unless its digest is the one that was found there. No symbolic link is followed in its place, and
    /// whoever put one above it shows no other file's text.
    #[must_use]
    pub fn diff_file(
        &self,
        algorithm: Algorithm,
        old: &Digest,
        found: &Digest,
        path: &Path,
    ) -> Option<TextDiff> {
        let content = content(path)?;
        if algorithm.digest(&content) != *found {
            return None;
        }
        self.diff(old, &content)
    }

    /// Removes the texts of all other digests than those that are to be kept, and returns how many went.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Io`] if the directory cannot be listed or a text cannot be removed.
    pub fn retain(&mut self, keep: impl Fn(&Digest) -> bool) -> Result<usize, Error> {
        let entries = fs::read_dir(&self.directory).map_err(Error::io("list", &self.directory))?;
        let mut removed = 0;
        for entry in entries.flatten() {
            let name = entry.file_name();
            let digest = name.to_str().and_then(|name| name.strip_suffix(FINISHED)?.parse().ok());
            if digest.is_some_and(|digest| !keep(&digest)) {
                let size = entry.metadata().map_or(0, |found| found.len());
                fs::remove_file(entry.path()).map_err(Error::io("remove", &entry.path()))?;
                self.used = self.used.saturating_sub(occupied(size));
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Returns a content as masked text.
    fn text(&self, content: &[u8]) -> Option<String> {
        if content.len() > LARGEST || content.contains(&0) {
            return None;
        }
        let text = std::str::from_utf8(content).ok()?;
        let masked = masked(text, self.redact.secrets(text), &self.key);
        // Thousands of masks are longer than what they hide.
        u64::try_from(masked.len()).is_ok_and(|length| length <= LARGEST_MASKED).then_some(masked)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.directory.join(format!("{digest}{FINISHED}"))
    }
}

impl std::fmt::Debug for TextStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextStore")
            .field("directory", &self.directory)
            .field("used", &self.used)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// Reads a file, no further than one byte past what may be kept.
fn content(path: &Path) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
    open_file(path)?.take(most).read_to_end(&mut content).ok()?;
    Some(content)
}

/// Reads the key of a directory, or draws it.
fn key(path: &Path) -> Result<[u8; 32], Error> {
    let mut key = [0; 32];
    match OpenOptions::new().read(true).custom_flags(NOFOLLOW).open(path) {
        Ok(mut file) => {
            file.read_exact(&mut key).map_err(Error::io("read", path))?;
            return Ok(key);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::io("open", path)(error)),
    }
    let mut filled = 0;
    while filled < key.len() {
        let drawn = getrandom(&mut key[filled..], GetRandomFlags::empty());
        filled += drawn.map_err(|error| Error::io("draw", path)(error.into()))?;
    }
    let unfinished = path.with_extension(&UNFINISHED[1..]);
    let _ = fs::remove_file(&unfinished);
    create(&unfinished)
        .and_then(|mut file| file.write_all(&key))
        .and_then(|()| fs::rename(&unfinished, path))
        .map_err(Error::io("write", path))?;
    Ok(key)
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).custom_flags(NOFOLLOW).open(path)
}

/// What a file takes on the disk.
fn occupied(size: u64) -> u64 {
    size.div_ceil(BLOCK).saturating_mul(BLOCK)
}

const NOFOLLOW: i32 = OFlags::NOFOLLOW.bits().cast_signed();

const KEY: &str = "key";
const FINISHED: &str = ".txt";
const UNFINISHED: &str = ".tmp";

/// Longer files are not written by hand.
const LARGEST: usize = 256 << 10;

/// A mask may be longer than what it hides.
const LARGEST_MASKED: u64 = 1 << 20;

/// Thousands of configuration files.
const CAPACITY: u64 = 64 << 20;

/// A block of the usual file systems.
const BLOCK: u64 = 4096;
