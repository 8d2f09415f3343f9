use std::sync::Arc;
use std::time::Duration;

use wardkit_process::Procfs;

use crate::engine::host::ThisProcess;
use crate::engine::repository::Inner;
use crate::engine::{Damaged, Error, Event, Observer, Repository, Role, objects, time};
use crate::format::{Id, LockFile};
use crate::store::{Key, Kind};

use super::{LockGuard, LockHolder, LockKind};

impl<R: Role> Repository<R> {
    /// Locks the repository until the guard is dropped. Where the store keeps no locks, nothing is locked.
    ///
    /// Locks of processes of this host that are proven to have ended are removed, and told to the observer.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] when another holds a lock that excludes this one, for longer than
    /// [`lock_wait`](crate::engine::OpenOptions::lock_wait).
    pub fn lock(&self, kind: LockKind, observer: &dyn Observer) -> Result<LockGuard, Error> {
        if !self.store().keeps_locks() {
            return Ok(LockGuard::unneeded());
        }
        let this = ThisProcess::new();
        let deadline = self.clock().uptime().saturating_add(self.options().lock_wait);
        let mut pause = FIRST_PAUSE;
        loop {
            let holder = match self.inner.try_lock(kind, &this, observer)? {
                Attempt::Locked(own) => return LockGuard::keep(Arc::clone(&self.inner), own),
                Attempt::Held(holder) => holder,
            };
            let left = deadline.saturating_sub(self.clock().uptime());
            if left.is_zero() {
                return Err(Error::Locked { holder: Box::new(holder) });
            }
            observer.event(&Event::LockWaited { holder: &holder });
            if observer.is_cancelled() {
                return Err(Error::Cancelled);
            }
            self.clock().sleep(pause.min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Who holds locks now, and the locks that cannot be read.
    ///
    /// # Errors
    ///
    /// When the store cannot list or read them.
    pub fn locks(&self) -> Result<(Vec<LockHolder>, Vec<Damaged>), Error> {
        let (locks, damaged) = self.inner.read_locks()?;
        let now = self.clock().now();
        Ok((locks.iter().map(|(id, file)| LockHolder::of(*id, file, now)).collect(), damaged))
    }
}

/// The locks that can be read, and those that cannot.
type ReadLocks = (Vec<(Id, LockFile)>, Vec<Damaged>);

enum Attempt {
    Locked((Id, LockFile)),
    Held(LockHolder),
}

impl Inner {
    /// Looks for others, writes the own lock, and looks again: of two that write at once at least one sees the other.
    fn try_lock(
        &self,
        kind: LockKind,
        this: &ThisProcess,
        observer: &dyn Observer,
    ) -> Result<Attempt, Error> {
        if let Some(holder) = self.hindrance(kind, this, None, observer)? {
            return Ok(Attempt::Held(holder));
        }
        let file = LockFile {
            time: time::to_words(self.options.clock.now()),
            exclusive: kind == LockKind::Exclusive,
            hostname: this.host.clone(),
            username: this.user.clone(),
            pid: this.pid.into(),
            uid: this.uid,
            gid: this.gid,
            boot_id: this.boot.clone(),
            process_start: this.started,
        };
        let own = self.save_unpacked(Kind::Lock, file.to_json())?;
        self.options.clock.sleep(self.options.lock_settle);
        let second = self.hindrance(kind, this, Some(&own), observer);
        if matches!(second, Ok(None)) {
            return Ok(Attempt::Locked((own, file)));
        }
        let removed = self.store.remove_lock(&own);
        let Some(holder) = second? else { unreachable!("looked at above") };
        removed?;
        Ok(Attempt::Held(holder))
    }

    /// A live lock, other than the own one, that excludes one of this kind.
    fn hindrance(
        &self,
        kind: LockKind,
        this: &ThisProcess,
        own: Option<&Id>,
        observer: &dyn Observer,
    ) -> Result<Option<LockHolder>, Error> {
        let (locks, damaged) = self.read_locks()?;
        for Damaged { key, error } in &damaged {
            observer.event(&Event::Damaged { key: *key, error });
        }
        let procfs = Procfs::default();
        let mut found = None;
        for (id, file) in locks.iter().filter(|(id, _)| Some(id) != own) {
            let holder = LockHolder::of(*id, file, self.options.clock.now());
            if this.proves_dead(file, &procfs) {
                self.store.remove_lock(id)?;
                observer.event(&Event::LockRemoved { id: *id, holder: &holder });
            } else if file.exclusive || kind == LockKind::Exclusive {
                found.get_or_insert(holder);
            }
        }
        Ok(found)
    }

    /// Locks that cannot be read are nobody's, as restic has it; they are told.
    fn read_locks(&self) -> Result<ReadLocks, Error> {
        let (mut locks, mut damaged) = (Vec::new(), Vec::new());
        for (id, size) in objects::list(&*self.store, Kind::Lock)? {
            let key = Key::Named(Kind::Lock, id);
            let read = self.load_listed(Kind::Lock, &id, size).and_then(|plaintext| {
                LockFile::from_json(&plaintext).map_err(|source| Error::Malformed { key, source })
            });
            match read {
                Ok(file) => locks.push((id, file)),
                // Its holder has finished.
                Err(Error::Store(error)) if error.is_not_found() => {}
                Err(error) if error.is_damage() => damaged.push(Damaged { key, error }),
                Err(error) => return Err(error),
            }
        }
        Ok((locks, damaged))
    }
}

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
