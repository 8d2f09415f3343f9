//! What is in no pack: each has its name as hash, opens with the key, and can be understood.

use std::sync::{Mutex, PoisonError};

use super::Finding;
use super::report::Check;
use crate::engine::index::IndexBuilder;
use crate::engine::objects::{self, list};
use crate::engine::{Error, Event, Index, Role, Stage, parallel};
use crate::format::{Id, LockFile, Snapshot};
use crate::store::{Key, Kind};

/// Checks the objects that are in no pack; tells the index and the snapshots that are whole.
pub(super) fn check<R: Role>(check: &Check<'_, R>) -> Result<(Index, Vec<(Id, Snapshot)>), Error> {
    check.observer.event(&Event::Stage(Stage::CheckStructure));
    config(check)?;
    for damaged in check.repository.keys()?.damaged {
        check.find(Finding::of(damaged.key, damaged.error));
    }
    each(check, Kind::Lock, |id, size| {
        let json = check.repository.inner.load_listed(Kind::Lock, id, size)?;
        let key = Key::Named(Kind::Lock, *id);
        LockFile::from_json(&json).map_err(|source| Error::Malformed { key, source })?;
        Ok(())
    })?;
    // The snapshots come before the index: a backup that runs meanwhile writes its index first.
    let snapshots = snapshots(check)?;
    Ok((index(check)?, snapshots))
}

/// The configuration has no name to be checked by; it is opened again, and has to say what it said.
fn config<R: Role>(check: &Check<'_, R>) -> Result<(), Error> {
    let again = guarded(check, Key::Config, || {
        objects::load_config(check.repository.store(), check.repository.master_key())
    })?;
    if let Some((_, again)) = again
        && again != check.repository.fingerprint()
    {
        check.find(Finding::ConfigChanged);
    }
    Ok(())
}

fn snapshots<R: Role>(check: &Check<'_, R>) -> Result<Vec<(Id, Snapshot)>, Error> {
    let whole = Mutex::new(Vec::new());
    each(check, Kind::Snapshot, |id, size| {
        let json = check.repository.inner.load_listed(Kind::Snapshot, id, size)?;
        let key = Key::Named(Kind::Snapshot, *id);
        let snapshot =
            Snapshot::from_json(&json).map_err(|source| Error::Malformed { key, source })?;
        whole.lock().unwrap_or_else(PoisonError::into_inner).push((*id, snapshot));
        Ok(())
    })?;
    let mut whole = whole.into_inner().unwrap_or_else(PoisonError::into_inner);
    whole.sort_unstable_by_key(|(id, _)| *id);
    check.report().snapshots = whole.iter().map(|(id, _)| *id).collect();
    Ok(whole)
}

fn index<R: Role>(check: &Check<'_, R>) -> Result<Index, Error> {
    let limit = check.repository.options().index_memory;
    let builder = Mutex::new(IndexBuilder::new(limit));
    let too_large = Mutex::new(None);
    each(check, Kind::Index, |id, size| {
        let file = check.repository.load_index_file(id, size)?;
        let added = builder.lock().unwrap_or_else(PoisonError::into_inner).add(Some(*id), file);
        if let Err(error) = added {
            too_large.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
        Ok(())
    })?;
    if let Some(error) = too_large.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let index = builder.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
    let mut report = check.report();
    report.indexes = index.files().len() as u64;
    report.blobs = index.len() as u64;
    Ok(index)
}

/// Checks each object of a kind; those that are removed meanwhile are passed over.
fn each<R: Role>(
    check: &Check<'_, R>,
    kind: Kind,
    one: impl Fn(&Id, u64) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    let files = list(check.repository.store(), kind)?;
    let bytes = files.iter().map(|(_, size)| size).sum();
    check.observer.event(&Event::Found { files: files.len() as u64, bytes });
    parallel::for_each(check.repository.options().threads, &files, |(id, size)| {
        check.go_on()?;
        guarded(check, Key::Named(kind, *id), || one(id, *size))?;
        check.observer.event(&Event::Done { files: 1, bytes: *size });
        Ok(())
    })
}

/// What is wrong with one object is found, and does not end the check.
fn guarded<T, R>(
    check: &Check<'_, R>,
    key: Key,
    one: impl FnOnce() -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    match one() {
        Ok(done) => Ok(Some(done)),
        Err(Error::Cancelled) => Err(Error::Cancelled),
        Err(Error::Store(error)) if error.is_not_found() && key != Key::Config => Ok(None),
        Err(error) => {
            check.find(Finding::of(key, error));
            Ok(None)
        }
    }
}
