use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::format::{BlobKind, Id, Tree};

use super::{Error, Event, Index, Observer, Repository, Role, Stage, parallel};

/// Which blobs of an index are needed: one bit for each.
pub(crate) struct Usage<'i> {
    index: &'i Index,
    bits: Vec<AtomicU64>,
}

impl<'i> Usage<'i> {
    /// Finds all that these trees need.
    ///
    /// # Errors
    ///
    /// When a tree cannot be read, or a blob is in no index: then nobody can say what is needed.
    pub(crate) fn of<R: Role>(
        repository: &Repository<R>,
        index: &'i Index,
        roots: impl IntoIterator<Item = Id>,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let bits = (0..index.len().div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        let usage = Self { index, bits };
        observer.event(&Event::Stage(Stage::Usage));
        let mut level = Vec::new();
        for root in roots {
            usage.enter(root, &mut level)?;
        }
        // Level by level: however deep a tree is, nothing here is called within itself.
        while !level.is_empty() {
            observer.event(&Event::Found { files: level.len() as u64, bytes: 0 });
            let next = Mutex::new(Vec::new());
            parallel::for_each(repository.options().threads, &level, |tree| {
                if observer.is_cancelled() {
                    return Err(Error::Cancelled);
                }
                let found = usage.take(&repository.read_tree(index, tree)?)?;
                next.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                observer.event(&Event::Done { files: 1, bytes: 0 });
                Ok(())
            })?;
            level = next.into_inner().unwrap_or_else(PoisonError::into_inner);
        }
        Ok(usage)
    }

    pub(crate) fn contains(&self, kind: BlobKind, id: &Id) -> bool {
        self.index
            .number(kind, id)
            .is_some_and(|number| self.bits[number / 64].load(Ordering::Relaxed) & bit(number) != 0)
    }

    /// What is needed by the entries of a tree; returns the trees that were not met before.
    fn take(&self, tree: &Tree) -> Result<Vec<Id>, Error> {
        let mut found = Vec::new();
        for node in &tree.nodes {
            for blob in &node.content {
                self.need(BlobKind::Data, blob)?;
            }
            if let Some(subtree) = node.subtree {
                self.enter(subtree, &mut found)?;
            }
        }
        Ok(found)
    }

    fn enter(&self, tree: Id, found: &mut Vec<Id>) -> Result<(), Error> {
        if self.need(BlobKind::Tree, &tree)? {
            found.push(tree);
        }
        Ok(())
    }

    /// Tells whether it is needed for the first time.
    fn need(&self, kind: BlobKind, id: &Id) -> Result<bool, Error> {
        let number = self.index.number(kind, id).ok_or(Error::BlobMissing { kind, id: *id })?;
        let before = self.bits[number / 64].fetch_or(bit(number), Ordering::Relaxed);
        Ok(before & bit(number) == 0)
    }
}

const fn bit(number: usize) -> u64 {
    1 << (number % 64)
}
