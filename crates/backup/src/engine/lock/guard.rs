use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::warn;
use wardkit_core::{Clock, Timestamp};

use crate::engine::repository::Inner;
use crate::engine::{Error, OpenOptions, time};
use crate::format::{Id, LockFile};
use crate::store::{Key, Kind, StoreError};

/// A lock that is held: a thread writes it anew until the guard is dropped, which removes it.
#[must_use = "the lock is removed when this is dropped"]
pub struct LockGuard(Option<Kept>);

struct Kept {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    inner: Arc<Inner>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    lock: Id,
    file: LockFile,
    /// When it was written last, by the wall's clock and by the one that never jumps.
    written: (Timestamp, Duration),
    /// Somebody removed the lock: it cannot be relied on any more.
    removed: bool,
    ended: bool,
}

impl LockGuard {
    pub(super) const fn unneeded() -> Self {
        Self(None)
    }

    /// Keeps a lock that was written just now.
    pub(super) fn keep(inner: Arc<Inner>, (lock, file): (Id, LockFile)) -> Result<Self, Error> {
        let written = now(&inner);
        let state = State { lock, file, written, removed: false, ended: false };
        let shared = Arc::new(Shared { inner, state: Mutex::new(state), changed: Condvar::new() });
        let mut kept = Kept { shared: Arc::clone(&shared), thread: None };
        let thread = thread::Builder::new().name("repository-lock".to_owned());
        // Without the thread the guard is dropped here, and the lock removed.
        kept.thread =
            Some(thread.spawn(move || shared.refresh_until_ended()).map_err(Error::Thread)?);
        Ok(Self(Some(kept)))
    }

    /// Whether others still heed the lock. Whoever works under it asks before each step that others must not disturb:
    /// before writing a snapshot, before removing anything.
    ///
    /// # Errors
    ///
    /// When somebody removed it, or when it could not be written anew for so long that others take it for stale.
    pub fn check(&self) -> Result<(), Error> {
        let Some(kept) = &self.0 else { return Ok(()) };
        let mut state = kept.shared.state();
        if !state.removed && age(&kept.shared.inner, &state) < OpenOptions::LOCK_STALE {
            return Ok(());
        }
        // The host may have slept: as long as nobody removed the lock, it was heeded.
        kept.shared.refresh(&mut state)
    }

    /// Removes the lock, and tells when that fails.
    ///
    /// # Errors
    ///
    /// When it may still be there.
    pub fn release(mut self) -> Result<(), Error> {
        self.0.take().map_or(Ok(()), |mut kept| kept.end())
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.take().map(|mut kept| kept.end()) {
            warn!(%error, "the repository's lock could not be removed");
        }
    }
}

impl fmt::Debug for LockGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lock = self.0.as_ref().map(|kept| kept.shared.state().lock);
        f.debug_tuple("LockGuard").field(&lock).finish()
    }
}

impl Kept {
    fn end(&mut self) -> Result<(), Error> {
        self.shared.state().ended = true;
        self.shared.changed.notify_all();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            warn!("the thread that kept the repository's lock broke off");
        }
        let state = self.shared.state();
        Ok(self.shared.inner.store.remove_lock(&state.lock)?)
    }
}

impl Shared {
    fn refresh_until_ended(&self) {
        let usual = self.inner.options.lock_refresh;
        let mut pause = usual;
        let mut state = self.state();
        while !state.ended && !state.removed {
            let (waited, timeout) = self
                .changed
                .wait_timeout_while(state, pause, |state| !state.ended)
                .unwrap_or_else(PoisonError::into_inner);
            state = waited;
            if !timeout.timed_out() {
                continue;
            }
            pause = match self.refresh(&mut state) {
                Ok(()) => usual,
                Err(error) => {
                    warn!(%error, "the repository's lock could not be written anew");
                    usual / RETRIES
                }
            };
        }
    }

    /// Writes the new one before it removes the old one, so that there is always one.
    fn refresh(&self, state: &mut State) -> Result<(), Error> {
        let lost = |source: Error| Error::LockLost { source: Some(Box::new(source)) };
        let key = Key::Named(Kind::Lock, state.lock);
        if state.removed || self.inner.store.stat(&key).map_err(|e| lost(e.into()))?.is_none() {
            state.removed = true;
            return Err(lost(StoreError::NotFound { key }.into()));
        }
        let written = now(&self.inner);
        let file = LockFile { time: time::to_words(written.0), ..state.file.clone() };
        let lock = self.inner.save_unpacked(Kind::Lock, file.to_json()).map_err(lost)?;
        let old = std::mem::replace(&mut state.lock, lock);
        state.file = file;
        state.written = written;
        if let Err(error) = self.inner.store.remove_lock(&old) {
            warn!(%error, lock = %old, "an old lock of the repository could not be removed");
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now(inner: &Inner) -> (Timestamp, Duration) {
    (inner.options.clock.now(), inner.options.clock.uptime())
}

/// By whichever clock more time has passed: one does not count while the host sleeps, the other one can be set.
fn age(inner: &Inner, state: &State) -> Duration {
    let (wall, uptime) = now(inner);
    let by_wall = wall.duration_since(state.written.0).unwrap_or_default();
    by_wall.max(uptime.saturating_sub(state.written.1))
}

/// How much more often a refresh that failed is tried.
const RETRIES: u32 = 10;
