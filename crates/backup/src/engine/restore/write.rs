//! The files of a batch while they are written.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::io::Errno;

use super::RestoreFault;
use super::batch::{Batch, File, Folder, Piece};
use super::fresh::{Fresh, Parked};
use super::run::{Restore, fault};
use crate::engine::Event;
use crate::format::Id;

/// The files of a batch while they are written.
pub(super) struct Writing<'a, R> {
    pub(super) restore: &'a Restore<'a, R>,
    batch: &'a Batch,
    files: Vec<Mutex<Progress>>,
    /// How many files are open between two pieces.
    held: AtomicUsize,
}

/// Directories that a thread opened a moment ago.
#[derive(Default)]
pub(super) struct Opened {
    recent: Vec<(Arc<Folder>, Arc<OwnedFd>)>,
    next: usize,
}

struct Progress {
    state: State,
    missing: usize,
}

enum State {
    Waiting,
    Open(Fresh),
    Parked(Parked),
    Ended,
}

impl<'a, R> Writing<'a, R> {
    pub(super) fn of(restore: &'a Restore<'a, R>, batch: &'a Batch) -> Self {
        let progress = |file: &File| {
            Mutex::new(Progress { state: State::Waiting, missing: file.content.len() })
        };
        let files = batch.files.iter().map(progress).collect();
        Self { restore, batch, files, held: AtomicUsize::new(0) }
    }

    /// The blob of a piece.
    pub(super) fn blob_id(&self, piece: &Piece) -> Id {
        self.batch.files[piece.file as usize].content[piece.part as usize]
    }

    /// Writes a file that has no bytes.
    pub(super) fn write_empty(&self, opened: &mut Opened, number: u32) {
        self.advance(opened, number, |_| Ok(0));
    }

    /// Writes a proven blob to one of its places.
    pub(super) fn write(&self, opened: &mut Opened, piece: &Piece, plain: &[u8]) {
        self.advance(opened, piece.file, |fresh| fresh.write(plain, piece.position).map(|()| 1));
    }

    /// Gives a file up; nothing of it stays.
    pub(super) fn fail(&self, number: u32, reason: RestoreFault) {
        let file = &self.batch.files[number as usize];
        let mut progress = self.progress(number);
        match self.take(&mut progress) {
            State::Ended => return,
            State::Parked(parked) => remove(self.restore, file, parked),
            State::Waiting | State::Open(_) => {}
        }
        drop(progress);
        self.restore.report().fail(file.place.path(), reason);
    }

    /// Removes what is not whole, where the restore broke off.
    pub(super) fn remove_rest(self) {
        let Self { files, batch, restore, .. } = self;
        for (progress, file) in files.into_iter().zip(&batch.files) {
            let progress = progress.into_inner().unwrap_or_else(PoisonError::into_inner);
            if let State::Parked(parked) = progress.state {
                remove(restore, file, parked);
            }
        }
    }

    /// Does the next step of a file, which tells how many pieces it wrote; ends it when none is missing.
    fn advance(
        &self,
        opened: &mut Opened,
        number: u32,
        step: impl FnOnce(&mut Fresh) -> Result<usize, Errno>,
    ) {
        let file = &self.batch.files[number as usize];
        let mut progress = self.progress(number);
        let state = self.take(&mut progress);
        if let Err(reason) = self.advance_file(opened, file, state, &mut progress, step) {
            drop(progress);
            self.restore.report().fail(file.place.path(), reason);
        }
    }

    /// Leaves the file ended, unless it returns it to `progress`.
    fn advance_file(
        &self,
        opened: &mut Opened,
        file: &File,
        state: State,
        progress: &mut Progress,
        step: impl FnOnce(&mut Fresh) -> Result<usize, Errno>,
    ) -> Result<(), RestoreFault> {
        let mut fresh = match state {
            State::Open(fresh) => fresh,
            State::Parked(parked) => {
                let directory = self.directory(opened, &file.place.folder)?;
                parked.open(&directory).map_err(|errno| fault("open again", errno))?
            }
            State::Waiting => {
                let directory = self.directory(opened, &file.place.folder)?;
                Fresh::create(&self.restore.names, &directory)
                    .map_err(|errno| RestoreFault::io("create", errno))?
            }
            State::Ended => return Ok(()),
        };
        let wrote = step(&mut fresh).map_err(|errno| RestoreFault::io("write", errno))?;
        progress.missing -= wrote;
        if progress.missing == 0 {
            return self.finish(file, fresh);
        }
        progress.state = if self.held.fetch_add(1, Ordering::Relaxed) < HELD {
            State::Open(fresh)
        } else {
            self.held.fetch_sub(1, Ordering::Relaxed);
            State::Parked(fresh.park().map_err(|errno| RestoreFault::io("create", errno))?)
        };
        Ok(())
    }

    /// Gives a whole file what belongs to it, and last its name.
    fn finish(&self, file: &File, fresh: Fresh) -> Result<(), RestoreFault> {
        let write = |errno| RestoreFault::io("write", errno);
        fresh.end_at(file.size).map_err(write)?;
        if self.restore.options.read_back {
            self.read_back(file, &fresh)?;
        }
        let lacking = file.attributes.set(fresh.file());
        fresh
            .publish(&file.place.name, self.restore.options.existing)
            .map_err(|errno| fault("name", errno))?;
        if let Some(is_there) = &file.is_there {
            is_there.store(true, Ordering::Release);
        }
        self.restore.note(|| file.place.path(), lacking);
        let mut report = self.restore.report();
        report.files += 1;
        report.bytes += file.size;
        drop(report);
        self.restore.observer.event(&Event::Done { files: 1, bytes: file.size });
        Ok(())
    }

    /// Proves each blob of the file as it is read.
    fn read_back(&self, file: &File, fresh: &Fresh) -> Result<(), RestoreFault> {
        let mut position = 0;
        let mut bytes = Vec::new();
        for id in &file.content {
            let length = self.restore.length_of(id).ok_or(RestoreFault::ReadBack)?;
            bytes.resize(usize::try_from(length).map_err(|_| RestoreFault::ReadBack)?, 0);
            fresh
                .read(&mut bytes, position)
                .map_err(|errno| RestoreFault::io("read back", errno))?;
            if Id::of(&bytes) != *id {
                return Err(RestoreFault::ReadBack);
            }
            position += length;
        }
        Ok(())
    }

    fn directory(
        &self,
        opened: &mut Opened,
        folder: &Arc<Folder>,
    ) -> Result<Arc<OwnedFd>, RestoreFault> {
        opened
            .directory(folder, |path| self.restore.beneath.directory(path))
            .map_err(|errno| fault("open the directory", errno))
    }

    fn progress(&self, number: u32) -> std::sync::MutexGuard<'_, Progress> {
        self.files[number as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a file out of its progress, which is ended until it is put back.
    fn take(&self, progress: &mut Progress) -> State {
        let state = std::mem::replace(&mut progress.state, State::Ended);
        if matches!(state, State::Open(_)) {
            self.held.fetch_sub(1, Ordering::Relaxed);
        }
        state
    }
}

impl Opened {
    /// A directory, opened if it is not open.
    pub(super) fn directory(
        &mut self,
        folder: &Arc<Folder>,
        open: impl FnOnce(&[u8]) -> Result<OwnedFd, Errno>,
    ) -> Result<Arc<OwnedFd>, Errno> {
        let known = self.recent.iter().find(|(known, _)| Arc::ptr_eq(known, folder));
        if let Some((_, directory)) = known {
            return Ok(Arc::clone(directory));
        }
        let directory = Arc::new(open(&folder.path)?);
        let entry = (Arc::clone(folder), Arc::clone(&directory));
        if self.recent.len() < RECENT {
            self.recent.push(entry);
        } else {
            self.recent[self.next] = entry;
            self.next = (self.next + 1) % RECENT;
        }
        Ok(directory)
    }
}

/// Removes what there is of a file that is closed. Where that fails, a file of a temporary name stays.
fn remove<R>(restore: &Restore<'_, R>, file: &File, parked: Parked) {
    if let Ok(directory) = restore.beneath.directory(&file.place.folder.path) {
        drop(parked.open(&Arc::new(directory)));
    }
}

/// Each holds two descriptors, of the thousand and more that a process usually has.
const HELD: usize = 192;
const RECENT: usize = 16;
