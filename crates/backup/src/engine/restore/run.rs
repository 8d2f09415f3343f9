//! What all parts of a restore share.

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use super::attributes::Lacking;
use super::beneath::Beneath;
use super::fresh::TemporaryNames;
use super::{RestoreFault, RestoreOptions, RestoreReport};
use crate::engine::{Error, Event, Index, Observer, Repository};
use crate::format::{BlobKind, Id};

/// What all parts of a restore share.
pub(super) struct Restore<'a, R> {
    pub(super) repository: &'a Repository<R>,
    pub(super) index: &'a Index,
    pub(super) options: &'a RestoreOptions,
    pub(super) observer: &'a dyn Observer,
    pub(super) beneath: Beneath,
    pub(super) names: TemporaryNames,
    report: Mutex<RestoreReport>,
}

impl<'a, R> Restore<'a, R> {
    pub(super) fn begin(
        repository: &'a Repository<R>,
        index: &'a Index,
        options: &'a RestoreOptions,
        observer: &'a dyn Observer,
    ) -> Result<Self, Error> {
        let beneath = Beneath::open(&options.target).map_err(|errno| Error::Target {
            path: options.target.clone(),
            source: errno.into(),
        })?;
        let names = TemporaryNames::new().map_err(|errno| Error::Random(errno.into()))?;
        let report = Mutex::default();
        Ok(Self { repository, index, options, observer, beneath, names, report })
    }

    /// Makes what was written durable.
    pub(super) fn end(self) -> Result<RestoreReport, Error> {
        rustix::fs::syncfs(self.beneath.target()).map_err(|errno| Error::Target {
            path: self.options.target.clone(),
            source: errno.into(),
        })?;
        Ok(self.report.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// The length of a blob, as the index says.
    pub(super) fn length_of(&self, id: &Id) -> Option<u64> {
        self.index.best(BlobKind::Data, id).map(|place| place.blob.plain_length())
    }

    pub(super) fn go_on(&self) -> Result<(), Error> {
        if self.observer.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }

    pub(super) fn report(&self) -> MutexGuard<'_, RestoreReport> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes what restores that were killed left in a directory that was there before. What cannot be removed is in
    /// nobody's way.
    pub(super) fn remove_leftovers(&self, directory: impl AsFd, shown: &Path) {
        let text = match self.names.remove_leftovers(directory.as_fd()) {
            Ok(0) => return,
            Ok(count) => {
                format!("{count} half written files of a restore that was killed are removed")
            }
            Err(errno) => format!("what a restore that was killed left stays here: {errno}"),
        };
        self.observer.event(&Event::Warning { path: Some(shown), text: &text });
    }

    /// Notes what could not be set of a path.
    pub(super) fn note(&self, path: impl Fn() -> PathBuf, lacking: Lacking) {
        if lacking.is_empty() {
            return;
        }
        let mut report = self.report();
        for (what, errno) in lacking {
            report.lack(path(), RestoreFault::io(what, errno));
        }
    }
}

/// What stands behind an error of the system where a name is to be opened, made or replaced.
pub(super) fn fault(what: &'static str, errno: Errno) -> RestoreFault {
    match errno {
        // A link where a directory is to be, or a directory where something else is.
        Errno::LOOP | Errno::NOTDIR | Errno::ISDIR | Errno::NOTEMPTY => RestoreFault::InTheWay,
        Errno::EXIST => RestoreFault::Kept,
        errno => RestoreFault::io(what, errno),
    }
}
