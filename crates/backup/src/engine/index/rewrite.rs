use wardkit_core::Timestamp;

use crate::engine::repository::Inner;
use crate::engine::{Error, time};
use crate::format::{Id, IndexFile, IndexPack, PackToDelete};
use crate::store::Kind;

/// Writes an index that takes the place of another one.
pub(crate) struct IndexRewriter<'r> {
    inner: &'r Inner,
    file: IndexFile,
    blobs: usize,
    written: usize,
}

impl<'r> IndexRewriter<'r> {
    pub(crate) fn new(inner: &'r Inner) -> Self {
        Self { inner, file: IndexFile::default(), blobs: 0, written: 0 }
    }

    pub(crate) fn add(&mut self, pack: IndexPack) -> Result<(), Error> {
        self.blobs += pack.blobs.len();
        self.file.packs.push(pack);
        self.store_if_full()
    }

    pub(crate) fn add_marked(&mut self, pack: IndexPack, since: Timestamp) -> Result<(), Error> {
        self.blobs += pack.blobs.len();
        let since = Some(time::to_words(since));
        self.file.packs_to_delete.push(PackToDelete { pack, since });
        self.store_if_full()
    }

    /// Stores the last file, which names those that all of them replace: were it named by the first one, whoever breaks
    /// off in between would leave an index that lacks the rest. Tells how many files there are.
    pub(crate) fn finish(mut self, supersedes: &[Id]) -> Result<usize, Error> {
        self.file.supersedes = supersedes.to_vec();
        if self.file != IndexFile::default() {
            self.store()?;
        }
        Ok(self.written)
    }

    fn store_if_full(&mut self) -> Result<(), Error> {
        let names = self.file.packs.len() + self.file.packs_to_delete.len();
        if self.blobs < FULL && names < FULL { Ok(()) } else { self.store() }
    }

    fn store(&mut self) -> Result<(), Error> {
        let file = std::mem::take(&mut self.file);
        self.blobs = 0;
        self.written += 1;
        self.inner.save_unpacked(Kind::Index, file.to_json()).map(drop)
    }
}

const FULL: usize = 50_000;
