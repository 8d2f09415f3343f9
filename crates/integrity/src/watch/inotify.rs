//! inotify, through the crate `notify`: what changes, at once, but not who did it.
//!
//! Each directory is watched by itself. A watch on a new directory is set before the directory is read, so that
//! whatever appears in it is either read or told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use std::{fmt, io};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use rustix::io::Errno;
use wardkit_core::{Clock as _, SystemClock};

use super::mounts::Mounts;
use super::roots::{Place, Roots, existing};
use super::{Batch, ChangeSource, LostReason, Touch, Touched, WatchOptions};
use crate::Error;

/// A source that sees every change below its roots, but not who made it.
///
/// Any user may have it. Each directory costs a watch, and the system allows a user only so many: when there are no
/// more, [`LostReason::Limit`] names what is not watched, and it stays unwatched until the next start. Not seen: what
/// is written through a mapping of memory, and what is written through a hard link that lies outside of the roots.
pub struct InotifyWatch {
    options: WatchOptions,
    roots: Arc<RwLock<Roots>>,
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
    events: Receiver<notify::Event>,
    missed: Arc<AtomicBool>,
    mounts: Mounts,
    batch: Batch,
}

impl InotifyWatch {
    /// Starts to watch. The first batch asks for a scan of every root.
    ///
    /// # Errors
    ///
    /// When the system refuses: the user has as many watchers as it may, or no watch is left for the roots themselves.
    pub fn new(options: &WatchOptions) -> Result<Self, Error> {
        let roots = Arc::new(RwLock::new(Roots::resolve(options)));
        let missed = Arc::new(AtomicBool::new(false));
        let (send, events) = sync_channel(QUEUE);
        let handler = forward(Arc::clone(&roots), Arc::clone(&missed), send);
        let config = notify::Config::default().with_follow_symlinks(false);
        let watcher = RecommendedWatcher::new(handler, config).map_err(start_error)?;
        let mut watch = Self {
            options: options.clone(),
            roots,
            watcher,
            watched: BTreeSet::new(),
            events,
            missed,
            mounts: Mounts::open(),
            batch: Batch::default(),
        };
        watch.arm();
        // Without a watch there is nothing to gain over polling.
        if !options.roots.is_empty() && watch.watched.is_empty() {
            return Err(start_error(notify::Error::new(notify::ErrorKind::MaxFilesWatch)));
        }
        watch.lose_all(LostReason::Started);
        watch.batch.lost.sort_by_key(|lost| lost.reason);
        Ok(watch)
    }

    /// Watches the roots as they are now, and the directories above them, in which they come and go.
    fn arm(&mut self) {
        let roots = Roots::resolve(&self.options);
        let real: Vec<PathBuf> = roots.real().map(Path::to_owned).collect();
        *self.roots.write().unwrap_or_else(PoisonError::into_inner) = roots;
        for root in real {
            for above in existing(&root).ancestors().filter(|path| *path != root && path.is_dir()) {
                self.watch(above);
            }
            self.adopt(&root, Content::Scanned);
        }
    }

    /// Watches a directory and those below it.
    fn adopt(&mut self, path: &Path, content: Content) {
        let mut found = vec![path.to_owned()];
        while let Some(path) = found.pop() {
            let is_directory = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
            if !is_directory || self.place(&path) != Place::Inside || !self.watch(&path) {
                continue;
            }
            // One that cannot be read is for a scan to tell.
            for entry in path.read_dir().into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    found.push(entry.path());
                }
                match content {
                    Content::Scanned => {}
                    Content::Told if self.batch.touched.len() < QUEUE => {
                        self.touch(&entry.path(), Touch::Found);
                    }
                    Content::Told => self.lose(&path, LostReason::Overflow),
                }
            }
        }
    }

    /// Watches one directory. Tells whether it is watched.
    fn watch(&mut self, path: &Path) -> bool {
        if self.watched.contains(path) {
            return true;
        }
        match self.watcher.watch(path, RecursiveMode::NonRecursive) {
            Ok(()) => self.watched.insert(path.to_owned()),
            Err(error) if is_gone(&error) => false,
            Err(_) => {
                self.lose(path, LostReason::Limit);
                false
            }
        }
    }

    /// Forgets a directory that is gone, and those below it. `notify` drops their watches by itself.
    fn forget(&mut self, path: &Path) {
        let below =
            self.watched.range(path.to_owned()..).take_while(|other| other.starts_with(path));
        let below: Vec<PathBuf> = below.cloned().collect();
        for path in &below {
            self.watched.remove(path);
        }
    }

    fn take(&mut self, event: &notify::Event) {
        let (Some(what), Some(path)) = (touch(event.kind), event.paths.first()) else { return };
        let is_gone = matches!(what, Touch::MovedFrom | Touch::Removed);
        let is_new = matches!(what, Touch::Created | Touch::MovedTo);
        // Known by its own watch, or looked at: `notify` does not say it of what was moved.
        let is_directory = self.watched.contains(path)
            || is_new && path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
        let is_root = self.roots().real().any(|root| root.starts_with(path));
        if self.place(path) == Place::Inside {
            self.touch(path, what);
        }
        if (is_gone || is_new) && is_directory {
            self.forget(path);
        }
        if is_root && (is_gone || is_new && is_directory) {
            let scopes: Vec<PathBuf> = self.roots().below(path).map(Path::to_owned).collect();
            for scope in &scopes {
                self.batch.lose(scope, LostReason::Moved);
            }
            self.arm();
        } else if is_new && is_directory {
            if what == Touch::MovedTo {
                self.lose(path, LostReason::Moved);
                self.adopt(path, Content::Scanned);
            } else {
                self.adopt(path, Content::Told);
            }
        }
    }

    fn place(&self, path: &Path) -> Place {
        self.roots().place(path)
    }

    fn roots(&self) -> std::sync::RwLockReadGuard<'_, Roots> {
        self.roots.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&mut self, path: &Path, what: Touch) {
        let path = self.roots().report(path);
        match self.batch.touched.last_mut() {
            Some(last) if last.path == path => last.what = what,
            _ => self.batch.touched.push(Touched::new(path, what)),
        }
    }

    /// Loses what lies at or below a path, or the roots that do.
    fn lose(&mut self, path: &Path, reason: LostReason) {
        let scopes = self.roots().scopes(path);
        for scope in &scopes {
            self.batch.lose(scope, reason);
        }
    }

    fn lose_all(&mut self, reason: LostReason) {
        let scopes: Vec<PathBuf> = self.roots().given().map(Path::to_owned).collect();
        for scope in &scopes {
            self.batch.lose(scope, reason);
        }
    }
}

impl ChangeSource for InotifyWatch {
    fn next(&mut self, wait: Duration) -> Result<Batch, Error> {
        let end = SystemClock.uptime().saturating_add(wait);
        if self.mounts.wait(None, Duration::ZERO).map_err(Error::watch("wait for mounts"))?.mounts {
            let scopes: Vec<PathBuf> =
                self.mounts.changed().iter().flat_map(|point| self.roots().scopes(point)).collect();
            for scope in &scopes {
                self.batch.lose(scope, LostReason::Mounts);
            }
            if !scopes.is_empty() {
                self.arm();
            }
        }
        loop {
            while self.batch.touched.len() < MAX_BATCH
                && let Ok(event) = self.events.try_recv()
            {
                self.take(&event);
            }
            if self.missed.swap(false, Ordering::AcqRel) {
                // Directories may have been made and moved unseen.
                self.watched.clear();
                self.arm();
                self.lose_all(LostReason::Overflow);
            }
            if !self.batch.is_empty() {
                return Ok(std::mem::take(&mut self.batch));
            }
            let left = end.saturating_sub(SystemClock.uptime());
            match self.events.recv_timeout(left) {
                Ok(event) => self.take(&event),
                Err(RecvTimeoutError::Timeout) if !self.missed.load(Ordering::Acquire) => {
                    return Ok(Batch::default());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let ended = io::ErrorKind::BrokenPipe.into();
                    return Err(Error::watch("go on with inotify")(ended));
                }
            }
        }
    }
}

impl fmt::Debug for InotifyWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InotifyWatch")
            .field("roots", &self.roots)
            .field("watched", &self.watched.len())
            .finish_non_exhaustive()
    }
}

/// What becomes of the content of a directory that is watched from now on.
#[derive(Clone, Copy)]
enum Content {
    /// A scan is asked for.
    Scanned,
    /// Each entry is told.
    Told,
}

/// Returns what `notify` calls with each event, in a thread of its own: it passes on what matters and never waits.
fn forward(
    roots: Arc<RwLock<Roots>>,
    missed: Arc<AtomicBool>,
    send: SyncSender<notify::Event>,
) -> impl FnMut(notify::Result<notify::Event>) + Send + 'static {
    move |event| {
        let Ok(event) = event else { return missed.store(true, Ordering::Release) };
        if event.need_rescan() {
            return missed.store(true, Ordering::Release);
        }
        let (Some(_), Some(path)) = (touch(event.kind), event.paths.first()) else { return };
        if roots.read().unwrap_or_else(PoisonError::into_inner).place(path) == Place::Outside {
            return;
        }
        if let Err(TrySendError::Full(_)) = send.try_send(event) {
            missed.store(true, Ordering::Release);
        }
    }
}

/// Returns what an event tells, or `None` when it does not matter.
const fn touch(kind: EventKind) -> Option<Touch> {
    Some(match kind {
        EventKind::Create(_) => Touch::Created,
        EventKind::Modify(ModifyKind::Metadata(_)) => Touch::Metadata,
        EventKind::Modify(ModifyKind::Name(RenameMode::From)) => Touch::MovedFrom,
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Touch::MovedTo,
        // The two names come one by one as well.
        EventKind::Modify(ModifyKind::Name(_)) => return None,
        EventKind::Modify(_) => Touch::Modified,
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Touch::Written,
        EventKind::Remove(_) => Touch::Removed,
        _ => return None,
    })
}

fn is_gone(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => {
            matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::NOTDIR))
        }
        _ => false,
    }
}

fn start_error(error: notify::Error) -> Error {
    let source = match error.kind {
        notify::ErrorKind::Io(source) => source,
        // So the system says it, too.
        notify::ErrorKind::MaxFilesWatch => Errno::NOSPC.into(),
        other => io::Error::other(notify::Error::new(other)),
    };
    Error::watch("start inotify")(source)
}

/// As many events as the kernel queues by default. What exceeds it is lost aloud.
const QUEUE: usize = 16_384;

/// More touched paths wait in the queue.
const MAX_BATCH: usize = 4096;
