use std::sync::{Mutex, PoisonError};

use crate::engine::{Error, Event, Observer, Repository, Role, Stage, objects, parallel};
use crate::format::{Id, IndexFile};
use crate::store::{Key, Kind};

use super::{Index, IndexBuilder};

impl<R: Role> Repository<R> {
    /// Reads the whole index.
    ///
    /// A file of it that is damaged, as a put that broke off can leave one, is told to the observer and by
    /// [`Index::damaged`], and the others are enough: what only it named is stored again by whoever adds, and missing
    /// for whoever reads, until the index is repaired. Whoever removes must not go on with such an index.
    ///
    /// # Errors
    ///
    /// When a file of it cannot be read, or when it does not fit into the memory that it may take. An index that was
    /// replaced and removed while it was read is no error: what replaced it is read instead.
    pub fn load_index(&self, observer: &dyn Observer) -> Result<Index, Error> {
        let mut builder = IndexBuilder::new(self.options().index_memory);
        let mut read = Vec::new();
        for _ in 0..TRIES {
            let mut files = objects::list(self.store(), Kind::Index)?;
            files.retain(|(id, _)| read.binary_search(id).is_err());
            if files.is_empty() {
                return Ok(builder.finish());
            }
            let gone = self.load_files(&files, &mut builder, observer)?;
            read.extend(files.iter().map(|(id, _)| *id).filter(|id| !gone.contains(id)));
            read.sort_unstable();
            if gone.is_empty() {
                return Ok(builder.finish());
            }
        }
        Err(Error::IndexChanges)
    }

    /// Takes these files, and tells those that are not there any more.
    fn load_files(
        &self,
        files: &[(Id, u64)],
        builder: &mut IndexBuilder,
        observer: &dyn Observer,
    ) -> Result<Vec<Id>, Error> {
        observer.event(&Event::Stage(Stage::Index));
        let bytes = files.iter().map(|(_, size)| size).sum();
        observer.event(&Event::Found { files: files.len() as u64, bytes });
        let builder = Mutex::new(builder);
        let gone = Mutex::new(Vec::new());
        parallel::for_each(self.options().threads, files, |(id, size)| {
            if observer.is_cancelled() {
                return Err(Error::Cancelled);
            }
            match self.load_index_file(id, *size) {
                Ok(file) => {
                    builder.lock().unwrap_or_else(PoisonError::into_inner).add(Some(*id), file)?;
                }
                Err(Error::Store(error)) if error.is_not_found() => {
                    gone.lock().unwrap_or_else(PoisonError::into_inner).push(*id);
                }
                Err(error) if error.is_damage() => {
                    let key = Key::Named(Kind::Index, *id);
                    observer.event(&Event::Damaged { key, error: &error });
                    builder.lock().unwrap_or_else(PoisonError::into_inner).add_damaged(*id);
                }
                Err(error) => return Err(error),
            }
            observer.event(&Event::Done { files: 1, bytes: *size });
            Ok(())
        })?;
        Ok(gone.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn load_index_file(&self, id: &Id, size: u64) -> Result<IndexFile, Error> {
        let key = Key::Named(Kind::Index, *id);
        let plaintext = self.inner.load_listed(Kind::Index, id, size)?;
        IndexFile::from_json(&plaintext).map_err(|source| Error::Malformed { key, source })
    }
}

/// How often the list is read again because another program replaced files meanwhile.
const TRIES: usize = 5;
