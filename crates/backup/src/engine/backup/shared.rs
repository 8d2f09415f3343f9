use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::budget::Budget;
use super::report::{Counts, with_causes};
use super::stop::Stop;
use super::{BackupOptions, Ended};
use crate::engine::packer::Packer;
use crate::engine::{Error, Event, KnownBlobs, Observer};
use crate::format::{Compression, Compressor, FormatError, MasterKey, RepoVersion};
use crate::source::Failure;

/// What the threads of a backup have in common.
pub(super) struct Shared<'a> {
    pub(super) options: &'a BackupOptions,
    pub(super) observer: &'a dyn Observer,
    pub(super) master: &'a MasterKey,
    pub(super) format: (RepoVersion, Compression),
    pub(super) known: KnownBlobs,
    pub(super) packer: Packer<'a>,
    pub(super) budget: Budget,
    pub(super) stop: Stop,
    pub(super) tally: Tally,
    pub(super) failures: Mutex<Vec<Failure>>,
}

/// [`Counts`] that threads add to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) files_new: AtomicU64,
    pub(super) files_changed: AtomicU64,
    pub(super) files_unmodified: AtomicU64,
    pub(super) dirs_new: AtomicU64,
    pub(super) dirs_changed: AtomicU64,
    pub(super) dirs_unmodified: AtomicU64,
    pub(super) bytes_processed: AtomicU64,
    pub(super) data_blobs: AtomicU64,
    pub(super) tree_blobs: AtomicU64,
    pub(super) data_added: AtomicU64,
    pub(super) data_added_packed: AtomicU64,
}

impl Shared<'_> {
    /// Asked between any two pieces of work: whether there is a reason to end.
    pub(super) fn go_on(&self) -> Result<(), Ended> {
        if self.observer.is_cancelled() {
            self.stop.because(Error::Cancelled);
        }
        if self.stop.is_set() { Err(Ended) } else { Ok(()) }
    }

    /// Ends all threads when this went wrong.
    pub(super) fn or_stop<T>(&self, result: Result<T, impl Into<Error>>) -> Result<T, Ended> {
        result.map_err(|error| {
            self.stop.because(error.into());
            Ended
        })
    }

    /// As [`or_stop`](Self::or_stop), for what cannot be brought into the format.
    pub(super) fn or_unwritable<T>(
        &self,
        what: &'static str,
        result: Result<T, FormatError>,
    ) -> Result<T, Ended> {
        self.or_stop(result.map_err(|source| Error::Unwritable { what, source }))
    }

    /// Notes what cannot be backed up. The rest is.
    pub(super) fn failed(&self, failure: Failure) {
        let text = with_causes(&failure);
        self.observer.event(&Event::Warning { path: Some(&failure.path), text: &text });
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
    }

    /// Something that compresses as the repository allows and the options of its opening say.
    pub(super) fn compressor(&self) -> Result<Compressor, Ended> {
        let (version, compression) = self.format;
        self.or_unwritable("anything compressed", Compressor::new(version, compression))
    }
}

impl Tally {
    pub(super) fn counts(&self) -> Counts {
        let of = |number: &AtomicU64| number.load(Ordering::Relaxed);
        Counts {
            files_new: of(&self.files_new),
            files_changed: of(&self.files_changed),
            files_unmodified: of(&self.files_unmodified),
            dirs_new: of(&self.dirs_new),
            dirs_changed: of(&self.dirs_changed),
            dirs_unmodified: of(&self.dirs_unmodified),
            bytes_processed: of(&self.bytes_processed),
            data_blobs: of(&self.data_blobs),
            tree_blobs: of(&self.tree_blobs),
            data_added: of(&self.data_added),
            data_added_packed: of(&self.data_added_packed),
        }
    }
}

/// Counts something.
pub(super) fn add(number: &AtomicU64, by: u64) {
    number.fetch_add(by, Ordering::Relaxed);
}
