//! The directory that holds the generations of a baseline.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use wardkit_tlog::{Note, SigningKey, VerifierKey};

use super::seal::{self, Claim};
use super::steps::Steps;
use super::write::{self, Unwritten};
use super::{Baseline, BaselineHeader, Refusal, Seen, header};
use crate::{Entry, Error};

/// The directory that holds the generations of a baseline: `baseline-N.fim`, signed by `baseline-N.note`.
///
/// A generation is there when both files are, and is never written again. Each commit adds one; a crash or a full disk
/// in the middle of it leaves the one before, and the next commit clears what was left.
#[derive(Debug)]
pub struct BaselineDir {
    path: PathBuf,
    steps: Steps,
}

/// The generations of which there is a file, and those of which there is a note.
#[derive(Debug, Default)]
struct Survey {
    files: BTreeSet<u64>,
    notes: BTreeSet<u64>,
    drafts: Vec<String>,
}

impl BaselineDir {
    /// Names a directory. Nothing is read yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), steps: Steps::default() }
    }

    /// Writes and signs the first generation, and returns what to remember of it. The directory is made where it is
    /// not there. `entries` come in the order of snapshots.
    ///
    /// Encoding and hashing use the threads of the current rayon pool.
    ///
    /// # Errors
    ///
    /// When there is a baseline, another process writes one, the entries are not in order, or the disk refuses. Then
    /// there is no baseline, as before.
    pub fn init(
        &self,
        header: &BaselineHeader,
        entries: impl IntoIterator<Item = Entry>,
        key: &SigningKey,
    ) -> Result<Seen, Error> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .map_err(Error::io("create", &self.path))?;
        // Its own name in its parent lasts as its content does.
        let parent = self.path.join("..");
        File::open(&parent)
            .and_then(|dir| dir.sync_all())
            .map_err(Error::io("synchronise", &parent))?;
        let dir = self.open_dir()?;
        let _lock = self.lock(&dir)?;
        let survey = self.survey(&dir)?;
        // A first file without a note is what a crash left of an earlier attempt: nobody ever accepted it.
        if !survey.notes.is_empty() || survey.files.last().is_some_and(|&last| last > 1) {
            return Err(self.refused(Refusal::Exists));
        }
        self.add(&dir, &survey, 1, header, entries, key)
    }

    /// Writes and signs the generation after `previous`, and returns what to remember of it. `entries` come in the
    /// order of snapshots.
    ///
    /// # Errors
    ///
    /// When `previous` is not the newest generation, the header is of another lineage, another process writes, the
    /// entries are not in order, or the disk refuses. Then `previous` is the newest generation, as before.
    pub fn commit(
        &self,
        previous: &Baseline,
        header: &BaselineHeader,
        entries: impl IntoIterator<Item = Entry>,
        key: &SigningKey,
    ) -> Result<Seen, Error> {
        let dir = self.open_dir()?;
        let _lock = self.lock(&dir)?;
        let survey = self.survey(&dir)?;
        let found = self.newest_complete(&survey)?;
        let generation = previous.generation().checked_add(1);
        let Some(generation) = generation.filter(|_| found == previous.generation()) else {
            return Err(self.refused(Refusal::Superseded { found }));
        };
        if header.lineage != previous.header().lineage {
            return Err(self.refused(Refusal::Forked { generation }));
        }
        self.add(&dir, &survey, generation, header, entries, key)
    }

    /// Opens and verifies the newest generation. There is no falling back: where it cannot be trusted, or a later one
    /// was accepted before, that is the error.
    ///
    /// # Errors
    ///
    /// When there is none, one is missing in between, a file cannot be read, no key of `keys` signed it, it is not what
    /// was signed, or it is not what `seen` says.
    pub fn newest<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey, IntoIter: Clone>,
        seen: Option<&Seen>,
    ) -> Result<Baseline, Error> {
        let dir = self.open_dir()?;
        let generation = self.newest_complete(&self.survey(&dir)?)?;
        let baseline = self.load(&dir, generation, keys)?;
        if let Some(seen) = seen {
            baseline.check_seen(seen).map_err(|refusal| self.refused(refusal))?;
        }
        Ok(baseline)
    }

    /// Opens and verifies a generation, to look at what was accepted once.
    ///
    /// # Errors
    ///
    /// When it is not there, cannot be read, no key of `keys` signed it, or it is not what was signed.
    pub fn generation<'k>(
        &self,
        generation: u64,
        keys: impl IntoIterator<Item = &'k VerifierKey, IntoIter: Clone>,
    ) -> Result<Baseline, Error> {
        self.load(&self.open_dir()?, generation, keys)
    }

    /// Returns the generations that have both files, the oldest first. None is verified.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read.
    pub fn generations(&self) -> Result<Vec<u64>, Error> {
        let Survey { files, notes, .. } = self.survey(&self.open_dir()?)?;
        Ok(files.intersection(&notes).copied().collect())
    }

    /// Returns the directory's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open_dir(&self) -> Result<OwnedFd, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::open(&self.path, flags, Mode::empty()) {
            Err(Errno::NOENT) => Err(self.refused(Refusal::Missing)),
            opened => opened.map_err(|errno| Error::io("open", &self.path)(errno.into())),
        }
    }

    /// Takes the lock, which ends with the process at the latest.
    fn lock(&self, dir: &OwnedFd) -> Result<File, Error> {
        let path = self.path.join(LOCK);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(dir, LOCK, flags, PRIVATE)
            .map_err(|errno| Error::io("open", &path)(errno.into()))?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(File::from(file)),
            Err(Errno::WOULDBLOCK) => Err(Error::Baseline { path, reason: Refusal::Busy }),
            Err(errno) => Err(Error::io("lock", &path)(errno.into())),
        }
    }

    fn survey(&self, dir: &OwnedFd) -> Result<Survey, Error> {
        let mut survey = Survey::default();
        let failed = |errno: Errno| Error::io("list", &self.path)(errno.into());
        for entry in Dir::read_from(dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if let Some(generation) = generation_of(name, FILE) {
                survey.files.insert(generation);
            } else if let Some(generation) = generation_of(name, NOTE) {
                survey.notes.insert(generation);
            } else if let Some(whole) = name.strip_suffix(DRAFT)
                && [FILE, NOTE].iter().any(|end| generation_of(whole, end).is_some())
            {
                survey.drafts.push(name.to_owned());
            }
        }
        Ok(survey)
    }

    /// Returns the newest generation, where all up to it are there from the oldest on.
    ///
    /// The note is written last: one file more than there are notes is what a crash left. Whether somebody removed its
    /// note instead, only who remembers the newest generation can tell.
    fn newest_complete(&self, survey: &Survey) -> Result<u64, Error> {
        let Survey { files, notes, .. } = survey;
        let missing = |generation, end| {
            let path = self.path.join(name_of(generation, end));
            Error::Baseline { path, reason: Refusal::Missing }
        };
        let Some(&newest) = notes.last() else {
            let file = files.last();
            return Err(
                file.map_or_else(|| self.refused(Refusal::Missing), |&file| missing(file, NOTE))
            );
        };
        let oldest = files.first().map_or(newest, |&oldest| oldest.min(newest));
        // Ends at the first gap: however large the numbers are, it takes no more steps than there are files.
        for generation in oldest..=newest {
            if !files.contains(&generation) {
                return Err(missing(generation, FILE));
            }
            if !notes.contains(&generation) {
                return Err(missing(generation, NOTE));
            }
        }
        match files.last() {
            Some(&last) if last > newest.saturating_add(1) => Err(missing(last, NOTE)),
            _ => Ok(newest),
        }
    }

    fn load<'k>(
        &self,
        dir: &OwnedFd,
        generation: u64,
        keys: impl IntoIterator<Item = &'k VerifierKey, IntoIter: Clone>,
    ) -> Result<Baseline, Error> {
        let refused = |end: &str| {
            let path = self.path.join(name_of(generation, end));
            move |reason| Error::Baseline { path, reason }
        };
        let note = self.read(dir, &name_of(generation, NOTE), Note::MAX_BYTES as u64)?;
        let claim = Claim::open(&note, keys).map_err(refused(NOTE))?;
        if claim.generation != generation {
            return Err(refused(NOTE)(Refusal::Malformed("it is of another generation")));
        }
        let file = self.read(dir, &name_of(generation, FILE), Baseline::MAX_BYTES)?;
        Baseline::claimed(file, &claim).map_err(refused(FILE))
    }

    fn read(&self, dir: &OwnedFd, name: &str, most: u64) -> Result<Vec<u8>, Error> {
        let path = self.path.join(name);
        // Not following a link, and not waiting for the other end of a pipe.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(dir, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Err(Error::Baseline { path, reason: Refusal::Missing }),
            Err(Errno::LOOP | Errno::NXIO) => {
                return Err(Error::Baseline { path, reason: Refusal::NotRegular });
            }
            Err(errno) => return Err(Error::io("open", &path)(errno.into())),
        };
        let stat =
            rustix::fs::fstat(&file).map_err(|errno| Error::io("look at", &path)(errno.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Error::Baseline { path, reason: Refusal::NotRegular });
        }
        let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
        if size > most {
            return Err(Error::Baseline { path, reason: Refusal::TooLarge });
        }
        let mut bytes = Vec::new();
        let room = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(1);
        bytes
            .try_reserve_exact(room)
            .map_err(|_| Error::io("read", &path)(io::ErrorKind::OutOfMemory.into()))?;
        // It may have grown since: what is read is what is verified.
        File::from(file).take(most).read_to_end(&mut bytes).map_err(Error::io("read", &path))?;
        Ok(bytes)
    }

    /// Adds a generation while the lock is held.
    fn add(
        &self,
        dir: &OwnedFd,
        survey: &Survey,
        generation: u64,
        header: &BaselineHeader,
        entries: impl IntoIterator<Item = Entry>,
        key: &SigningKey,
    ) -> Result<Seen, Error> {
        let leftover = survey.files.contains(&generation).then(|| name_of(generation, FILE));
        for name in survey.drafts.iter().chain(&leftover) {
            self.on_disk("remove", name, || {
                Ok(rustix::fs::unlinkat(dir, name, AtFlags::empty())?)
            })?;
        }
        let mut made = Made { dir, names: Vec::new() };
        let (file_name, note_name) = (name_of(generation, FILE), name_of(generation, NOTE));
        let bytes = header::encode(header, generation);
        let written = self.draft(&mut made, &file_name, |file, path| {
            let mut file = BufWriter::with_capacity(BUFFER, file);
            let before = || self.steps.before("write");
            write::write(&bytes, entries, &mut file, before).map_err(|unwritten| match unwritten {
                Unwritten::Io(error) => Error::io("write", path)(error),
                Unwritten::Refused(refusal) => self.refused(refusal),
            })
        })?;
        let note = seal::sign(header, generation, &written, key)
            .map_err(|source| Error::Sign { path: self.path.join(&note_name), source })?;
        self.draft(&mut made, &note_name, |mut file, path| {
            self.steps
                .before("write")
                .and_then(|()| file.write_all(note.to_string().as_bytes()))
                .map_err(Error::io("write", path))
        })?;
        // The file is durable under its name before there is a note that vouches for it.
        self.publish(&mut made, &file_name)?;
        self.publish(&mut made, &note_name)?;
        made.names.clear();
        Ok(Seen { generation, digest: written.digest })
    }

    /// Writes a draft and makes it durable.
    fn draft<T>(
        &self,
        made: &mut Made<'_>,
        name: &str,
        write: impl FnOnce(&File, &Path) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let draft = format!("{name}{DRAFT}");
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = self.on_disk("create", &draft, || {
            Ok(File::from(rustix::fs::openat(made.dir, &draft, flags, PRIVATE)?))
        })?;
        made.names.push(draft.clone());
        let written = write(&file, &self.path.join(&draft))?;
        self.on_disk("synchronise", &draft, || file.sync_all())?;
        Ok(written)
    }

    /// Gives a draft its name, which nothing may have, and makes that durable.
    fn publish(&self, made: &mut Made<'_>, name: &str) -> Result<(), Error> {
        let draft = format!("{name}{DRAFT}");
        self.on_disk("rename", &draft, || {
            match rustix::fs::renameat_with(
                made.dir,
                &draft,
                made.dir,
                name,
                RenameFlags::NOREPLACE,
            ) {
                // Not every file system can refuse to replace; under the lock, nobody else makes such a name.
                Err(Errno::INVAL) => rustix::fs::renameat(made.dir, &draft, made.dir, name)?,
                renamed => renamed?,
            }
            Ok(())
        })?;
        made.names.retain(|made| *made != draft);
        made.names.push(name.to_owned());
        self.on_disk("synchronise", "", || Ok(rustix::fs::fsync(made.dir)?))
    }

    fn on_disk<T>(
        &self,
        action: &'static str,
        name: &str,
        act: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, Error> {
        let done = self.steps.before(action).and_then(|()| act());
        done.map_err(|error| Error::io(action, &self.path.join(name))(error))
    }

    fn refused(&self, reason: Refusal) -> Error {
        Error::Baseline { path: self.path.clone(), reason }
    }
}

/// What a commit has made so far: dropping it takes that back, the last first.
#[derive(Debug)]
struct Made<'d> {
    dir: &'d OwnedFd,
    names: Vec<String>,
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        for name in self.names.iter().rev() {
            // Where this is refused too, the next commit removes it.
            let _ = rustix::fs::unlinkat(self.dir.as_fd(), name, AtFlags::empty());
        }
    }
}

fn name_of(generation: u64, end: &str) -> String {
    format!("{BEGIN}{generation}{end}")
}

/// Returns the generation whose file or note has this name, in its one spelling.
fn generation_of(name: &str, end: &str) -> Option<u64> {
    let generation = name.strip_prefix(BEGIN)?.strip_suffix(end)?.parse().ok()?;
    (generation > 0 && name_of(generation, end) == name).then_some(generation)
}

const LOCK: &str = "lock";
const BEGIN: &str = "baseline-";
const FILE: &str = ".fim";
const NOTE: &str = ".note";
const DRAFT: &str = ".new";

/// Readable and writable by the owner alone.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);

const BUFFER: usize = 128 * 1024;

#[cfg(test)]
mod tests;
