//! A source that remembers what was read from another one.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Manifest, Sum};
use crate::source::{Content, Entry, Failure, FileTime, Metadata, Opened, Source, SourceError};

/// A source that remembers what was read from another one.
///
/// Each content is hashed on its way into the backup. A file that the backup takes over from the snapshot before,
/// without reading it, keeps the hash that the manifest before has of it, if that is of the same size and time.
#[derive(Debug)]
pub struct Witness<S> {
    inner: S,
    before: Manifest,
    notes: Notes,
}

/// What was seen so far, and shared with everything that reads.
type Notes = Arc<Mutex<BTreeMap<PathBuf, Note>>>;

#[derive(Clone, Copy, Debug)]
enum Note {
    /// The walk came by; nobody read it yet.
    Passed { size: u64, modified: FileTime },
    /// It was read to its end.
    Read(Sum),
}

impl<S: Source> Witness<S> {
    /// Remembers what is read from `inner`; `before` is the manifest of the snapshot before, or an empty one.
    #[must_use]
    pub fn new(inner: S, before: Manifest) -> Self {
        Self { inner, before, notes: Notes::default() }
    }

    /// What was read, once the backup has ended. A file that was neither read nor known from before is not in it.
    #[must_use]
    pub fn into_manifest(self) -> Manifest {
        let notes = std::mem::take(&mut *lock(&self.notes));
        let mut manifest = Manifest::default();
        for (path, note) in notes {
            let sum = match note {
                Note::Read(sum) => Some(sum),
                Note::Passed { size, modified } => self
                    .before
                    .sum(&path)
                    .filter(|sum| sum.size == size && sum.modified == modified)
                    .copied(),
            };
            if let Some(sum) = sum {
                manifest.insert(path, sum);
            }
        }
        manifest
    }
}

impl<S: Source> Source for Witness<S> {
    fn paths(&self) -> Vec<PathBuf> {
        self.inner.paths()
    }

    fn claims(&self) -> Vec<PathBuf> {
        self.inner.claims()
    }

    fn prepare(&mut self) -> Result<(), SourceError> {
        self.inner.prepare()
    }

    fn next_entry(&mut self) -> Option<Result<Entry, Failure>> {
        let mut next = self.inner.next_entry()?;
        if let Ok(Entry { path, metadata, content }) = &mut next
            && let Some(inner) = content.take()
        {
            let passed = Note::Passed { size: metadata.size, modified: metadata.modified };
            lock(&self.notes).insert(path.clone(), passed);
            let (path, notes) = (Arc::from(path.as_path()), Arc::clone(&self.notes));
            *content = Some(Box::new(Watched { inner, path, notes }));
        }
        Some(next)
    }

    fn finish(&mut self) -> Result<(), SourceError> {
        self.inner.finish()
    }
}

#[derive(Debug)]
struct Watched {
    inner: Box<dyn Content>,
    path: Arc<Path>,
    notes: Notes,
}

impl Content for Watched {
    fn open(&self) -> io::Result<Box<dyn Opened>> {
        let inner = self.inner.open()?;
        let (path, notes) = (Arc::clone(&self.path), Arc::clone(&self.notes));
        Ok(Box::new(Reading { inner, path, notes, hasher: blake3::Hasher::new() }))
    }

    fn is_told_by_metadata(&self) -> bool {
        self.inner.is_told_by_metadata()
    }
}

struct Reading {
    inner: Box<dyn Opened>,
    path: Arc<Path>,
    notes: Notes,
    hasher: blake3::Hasher,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        if read == 0 && !buffer.is_empty() {
            // A file that changed is read again, and the last reading is what the snapshot has.
            let sum = Sum {
                hash: *self.hasher.finalize().as_bytes(),
                size: self.hasher.count(),
                modified: self.inner.metadata().modified,
            };
            lock(&self.notes).insert(self.path.to_path_buf(), Note::Read(sum));
        }
        Ok(read)
    }
}

impl Opened for Reading {
    fn metadata(&self) -> &Metadata {
        self.inner.metadata()
    }

    fn is_as_opened(&self) -> io::Result<bool> {
        self.inner.is_as_opened()
    }
}

/// What is noted is whole in each moment: whoever panicked while holding it left no half of a note.
fn lock(notes: &Notes) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, Note>> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}
