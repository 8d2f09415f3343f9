//! Checks before an operation: what is used is what was checked.

mod error;
mod opened;
mod pins;
mod sealed;
mod trusted;
mod verified;

use std::path::Path;

pub use error::{GuardError, Untrusted, WhyUntrusted};
pub use pins::Pins;
pub use sealed::SealedFile;
pub use trusted::{trusted_file, trusted_parents};
pub use verified::Verified;

use crate::digest::Hasher;
use crate::{
    Algorithm, Baseline, Change, Digest, Entry, EntryKind, Field, Fields, compare_entries,
};
use opened::{Opened, read_to};

/// Gives out files only as they are listed: in a baseline, or as they were when they were first seen.
///
/// Three strengths, by what is handed out:
///
/// | method | what the caller holds | who can still change it |
/// |---|---|---|
/// | [`open`](Self::open) | the file that was hashed | whoever may write it, in place; [`Verified::recheck`] tells |
/// | [`read`](Self::read) | the very bytes that were hashed | nobody |
/// | [`seal`](Self::seal) | a sealed copy in memory, hashed after it was sealed | nobody, root included |
///
/// A file is compared in kind, mode, owner, group and content, a listed symbolic link on the way in its target. Times,
/// inode, device, number of names and extended attributes are not: a file restored from a backup is the same file. A
/// path is looked up as it is given, absolute, and without `.` and `..`.
///
/// The way to the file is walked from `/` one name at a time, and each step is checked on the directory that is then
/// walked through:
///
/// - It belongs to root, to this process, or to the owner that the file is listed with, who may change the file anyway.
/// - Neither its group nor everybody may write it. The exception is a sticky directory such as `/tmp`, where only the
///   owner of a name can exchange it: there the next name must belong to one of those owners.
/// - It is no symbolic link, unless the link is listed and points where it did.
///
/// Whatever cannot be checked is an error; nothing is handed out then.
///
/// Of a file with more than 4 GiB of holes a baseline's digest is not that of its bytes: such a file is refused.
///
/// It guards a file, not what that file loads: a program's libraries, a script's imports. To run a script safely list
/// all of them, in directories that pass the rules above.
///
/// # Examples
///
/// ```no_run
/// use wardkit_integrity::Guard;
///
/// // What it is now is what it must stay, until the program says otherwise.
/// let guard = Guard::pinned("/etc/bot/bot.toml")?;
/// let bytes = guard.read("/etc/bot/bot.toml", 64 * 1024)?;
/// # Ok::<(), wardkit_integrity::GuardError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Guard<L> {
    listed: L,
}

/// What a [`Guard`] compares with.
///
/// It is asked on the thread of whoever uses the guard, once for a file and once for each symbolic link on the way.
pub trait Listed {
    /// Returns what is known of a path, if it is listed.
    fn entry(&self, path: &Path) -> Option<Entry>;

    /// Returns the algorithm of the digests.
    fn algorithm(&self) -> Algorithm;
}

impl Listed for Baseline {
    fn entry(&self, path: &Path) -> Option<Entry> {
        self.entry(path)
    }

    fn algorithm(&self) -> Algorithm {
        self.header().algorithm
    }
}

impl<L: Listed + ?Sized> Listed for &L {
    fn entry(&self, path: &Path) -> Option<Entry> {
        (**self).entry(path)
    }

    fn algorithm(&self) -> Algorithm {
        (**self).algorithm()
    }
}

impl<L: Listed + ?Sized> Listed for std::sync::Arc<L> {
    fn entry(&self, path: &Path) -> Option<Entry> {
        (**self).entry(path)
    }

    fn algorithm(&self) -> Algorithm {
        (**self).algorithm()
    }
}

/// The bytes of a file, and what is other about it than was listed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The bytes that were hashed.
    pub bytes: Vec<u8>,
    /// What the file is now; [`Pins::accept`] takes it.
    pub entry: Entry,
    /// What is other than was listed. An unlisted file is [`Added`](crate::ChangeKind::Added).
    pub mismatch: Option<Change>,
}

impl Guard<Pins> {
    /// Creates a guard of one file, which must stay as it is now.
    ///
    /// # Errors
    ///
    /// Fails where the file is not there, its way cannot be trusted, or it changes while it is read.
    pub fn pinned(path: impl AsRef<Path>) -> Result<Self, GuardError> {
        Self::trusting([path])
    }

    /// Creates a guard of some files, which must stay as they are now.
    ///
    /// # Errors
    ///
    /// Fails as [`pinned`](Self::pinned) does.
    pub fn trusting<I>(paths: I) -> Result<Self, GuardError>
    where
        I: IntoIterator<Item: AsRef<Path>>,
    {
        let guard = Self::new(Pins::new(Algorithm::default()));
        for path in paths {
            let opened = Opened::unlisted(path.as_ref())?;
            guard.listed.accept(opened.look(guard.listed.algorithm())?);
        }
        Ok(guard)
    }
}

impl<L: Listed> Guard<L> {
    /// Creates a guard of what is listed: a verified baseline, or [`Pins`].
    #[must_use]
    pub const fn new(listed: L) -> Self {
        Self { listed }
    }

    /// Returns what the guard compares with.
    #[must_use]
    pub const fn listed(&self) -> &L {
        &self.listed
    }

    /// Opens a file and hashes it through the descriptor that it returns.
    ///
    /// For files too large for [`read`](Self::read): whoever may write the file can still do so in place.
    ///
    /// # Errors
    ///
    /// Fails where the file is unlisted, other than listed, changing, or its way cannot be trusted.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Verified, GuardError> {
        let (opened, digest) = self.locate(path.as_ref())?;
        opened.expect_size()?;
        let found = opened.look(self.listed.algorithm())?;
        opened.expect_content(digest, found.content)?;
        Ok(Verified::new(opened, self.listed.algorithm(), digest))
    }

    /// Reads a file of at most `max` bytes. The bytes that were hashed are the ones that are returned.
    ///
    /// # Errors
    ///
    /// Fails as [`open`](Self::open) does, and with [`GuardError::TooLarge`].
    pub fn read(&self, path: impl AsRef<Path>, max: u64) -> Result<Vec<u8>, GuardError> {
        let (opened, digest) = self.locate(path.as_ref())?;
        let (bytes, found) = self.read_opened(&opened, max)?;
        opened.expect_content(digest, Some(found))?;
        Ok(bytes)
    }

    /// Reads a file of at most `max` bytes whatever it is, and says what is other than was listed.
    ///
    /// For what must go on, and for what is meant to change: a configuration is read, judged and then
    /// [accepted](Pins::accept). The way to the file is checked as ever.
    ///
    /// # Errors
    ///
    /// Fails where there is no such regular file, it is too large, or its way cannot be trusted.
    pub fn report(&self, path: impl AsRef<Path>, max: u64) -> Result<Checked, GuardError> {
        let opened = Opened::new(path.as_ref(), &self.listed)?;
        let (bytes, digest) = self.read_opened(&opened, max)?;
        let mut entry = opened.entry.clone();
        entry.size = bytes.len() as u64;
        entry.content = Some(digest);
        let mismatch = compare_entries(opened.listed.as_ref(), Some(&entry), COMPARED);
        Ok(Checked { bytes, entry, mismatch })
    }

    /// Copies a file into memory, seals the copy against every change, and hashes the sealed copy.
    ///
    /// # Errors
    ///
    /// Fails as [`open`](Self::open) does, and where the system has no sealed memory.
    pub fn seal(&self, path: impl AsRef<Path>) -> Result<SealedFile, GuardError> {
        let (opened, digest) = self.locate(path.as_ref())?;
        opened.expect_size()?;
        let sealed = SealedFile::copy(&opened, self.listed.algorithm())?;
        opened.expect_content(digest, Some(sealed.digest()))?;
        Ok(sealed)
    }

    /// Opens a listed file whose metadata is as listed, and returns the digest that its content must have.
    fn locate(&self, path: &Path) -> Result<(Opened, Digest), GuardError> {
        let opened = Opened::new(path, &self.listed)?;
        let unlisted = || GuardError::Unlisted { path: opened.entry.path.clone() };
        let listed = opened.listed.as_ref().ok_or_else(unlisted)?;
        let changed =
            compare_entries(Some(listed), Some(&opened.entry), COMPARED.without(Field::Content));
        if let Some(change) = changed.and_then(|change| change.fields.into_iter().next()) {
            return Err(GuardError::Metadata { path: opened.entry.path.clone(), change });
        }
        let digest = listed
            .content
            .ok_or_else(|| GuardError::NotHashed { path: opened.entry.path.clone() })?;
        Ok((opened, digest))
    }

    fn read_opened(&self, opened: &Opened, max: u64) -> Result<(Vec<u8>, Digest), GuardError> {
        let too_large = || GuardError::TooLarge { path: opened.entry.path.clone(), max };
        if opened.entry.size > max {
            return Err(too_large());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(opened.entry.size).unwrap_or_default());
        let mut hasher = Hasher::new(self.listed.algorithm());
        let read = read_to(&opened.file, &opened.entry.path, max.saturating_add(1), |chunk| {
            hasher.update(chunk);
            bytes.extend_from_slice(chunk);
            Ok(())
        })?;
        if read > max {
            return Err(too_large());
        }
        Ok((bytes, hasher.finish()))
    }
}

/// What must be as listed.
const COMPARED: Fields = Fields::NONE
    .with(Field::Type)
    .with(Field::Mode)
    .with(Field::Uid)
    .with(Field::Gid)
    .with(Field::Content);

/// Returns the kind of a file by its mode.
fn kind_of(mode: u32) -> EntryKind {
    use rustix::fs::FileType;
    match FileType::from_raw_mode(mode) {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Symlink,
        FileType::Fifo => EntryKind::Fifo,
        FileType::Socket => EntryKind::Socket,
        FileType::CharacterDevice => EntryKind::CharDevice,
        FileType::BlockDevice => EntryKind::BlockDevice,
        FileType::Unknown => EntryKind::Unknown,
    }
}
