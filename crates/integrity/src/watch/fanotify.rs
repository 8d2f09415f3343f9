//! fanotify: what changes on whole file systems, at once, and who did it.

mod parse;
mod places;
mod processes;
pub(super) mod sys;
mod tree;

use std::collections::HashMap;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use wardkit_core::{Clock as _, SystemClock};

use self::parse::{Event, Fid, Named};
use self::places::{Places, Unresolved};
use self::processes::Processes;
use self::sys::{Delivered, Group};
use self::tree::Spot;
use super::mounts::Mounts;
use super::roots::{Place, existing};
use super::{Batch, ChangeSource, LostReason, Touch, Touched, WatchOptions};
use crate::{Actor, Error};

/// A source that sees every change on the file systems of its roots, and the process that did it.
///
/// Needs `CAP_SYS_ADMIN` and `CAP_DAC_READ_SEARCH` outside of containers, and Linux 5.17. Not seen: what is written
/// through a mapping of memory before the file is closed, and what is written through a hard link that lies outside of
/// the roots. A file system that is mounted below a root is not watched; name it as a root of its own.
#[derive(Debug)]
pub struct FanotifyWatch {
    options: WatchOptions,
    group: Group,
    mounts: Mounts,
    places: Places,
    processes: Processes,
    /// Directories that were removed. Making and removing one can be a single event that comes before those of what
    /// lay below it, so that they are forgotten once the queue is empty.
    gone: Vec<Fid>,
    batch: Pending,
    buffer: Vec<u8>,
}

/// The batch that is being made.
#[derive(Debug, Default)]
struct Pending {
    batch: Batch,
    /// Where in the batch a path stands.
    places: HashMap<PathBuf, usize>,
    /// The marks and directories are not what they were: look anew.
    rearm: bool,
}

impl FanotifyWatch {
    /// Starts to watch. The first batch asks for a scan of every root.
    ///
    /// # Errors
    ///
    /// When the system refuses: without the capabilities, on an older kernel, or where a root lies on a file system
    /// that tells nothing or opens no handles.
    pub fn new(options: &WatchOptions) -> Result<Self, Error> {
        let group = Group::telling().map_err(Error::watch("start fanotify"))?;
        let mut watch = Self {
            options: options.clone(),
            group,
            mounts: Mounts::open(),
            places: Places::new(options),
            processes: Processes::default(),
            gone: Vec::new(),
            batch: Pending::default(),
            buffer: vec![0; BUFFER],
        };
        watch.arm()?;
        watch.lose_all(LostReason::Started);
        Ok(watch)
    }

    /// Marks the file systems, and learns the directories below the roots. The marks come first: what happens while
    /// the directories are read is in the queue.
    fn arm(&mut self) -> Result<(), Error> {
        self.places = Places::new(&self.options);
        let roots: Vec<PathBuf> = self.places.roots.real().map(Path::to_owned).collect();
        for root in &roots {
            let place = existing(root);
            self.group
                .mark(libc::FAN_MARK_FILESYSTEM, CHANGES, place)
                .map_err(Error::watch("mark a file system for fanotify"))?;
            self.places.learn(root).map_err(Error::io("read file handles at", place))?;
        }
        self.mark_programs();
        Ok(())
    }

    /// Has every start of a program told. Where that is refused, writers that end at once stay unknown.
    fn mark_programs(&self) {
        for point in self.mounts.local() {
            drop(self.group.mark(libc::FAN_MARK_FILESYSTEM, libc::FAN_OPEN_EXEC, point));
        }
    }

    /// Reads what is in the queue. Tells whether it is empty now.
    fn drain(&mut self) -> Result<bool, Error> {
        while self.batch.batch.touched.len() < MAX_BATCH {
            let read =
                self.group.read(&mut self.buffer).map_err(Error::watch("read from fanotify"))?;
            let Some(events) = read else {
                self.processes.drained();
                self.gone.drain(..).for_each(|fid| self.places.tree.remove(&fid));
                return Ok(true);
            };
            self.processes.read_on();
            for Delivered { event, pidfd, .. } in events {
                self.take(event, pidfd);
            }
        }
        Ok(false)
    }

    fn take(&mut self, event: Event, pidfd: Option<OwnedFd>) {
        if event.malformed {
            return self.lose_all(LostReason::Unresolved);
        }
        if event.mask & libc::FAN_Q_OVERFLOW != 0 {
            // Directories may have been made and moved unseen.
            self.batch.rearm = true;
            return self.lose_all(LostReason::Overflow);
        }
        let mut by = By { pid: event.pid, pidfd, actor: None };
        if event.mask & libc::FAN_OPEN_EXEC != 0 {
            // One event may stand for this and for a change.
            if event.mask & CHANGES & !(libc::FAN_OPEN_EXEC | libc::FAN_ONDIR) == 0 {
                return self.processes.starts(by.pid, by.pidfd, event.object);
            }
            let pidfd = by.pidfd.as_ref().and_then(|fd| fd.try_clone().ok());
            self.processes.starts(by.pid, pidfd, event.object.clone());
        }
        let is_directory = event.mask & libc::FAN_ONDIR != 0;
        if event.mask & libc::FAN_RENAME != 0 {
            return self.renamed(event, by, is_directory);
        }
        self.changed(event, &mut by, is_directory);
    }

    fn changed(&mut self, event: Event, by: &mut By, is_directory: bool) {
        let what = touch(event.mask);
        match (event.at, event.object) {
            (Some(at), object) => {
                let Some(path) = self.locate(&at) else { return };
                let is_entry = is_directory && at.name != ".";
                if let Some(object) = object.filter(|_| is_entry) {
                    if event.mask & libc::FAN_CREATE != 0 {
                        self.places.appears(&object, &at);
                    }
                    if event.mask & libc::FAN_DELETE != 0 && self.gone.len() < MAX_GONE {
                        self.gone.push(object);
                    }
                }
                self.touch(&path, what, by, is_entry);
            }
            // The number of a file's names changed: it is named by none of them.
            (None, Some(object)) => match self.places.open(&object) {
                Ok(Spot::Inside(path)) => self.touch(&path, what, by, false),
                Ok(_) => {}
                Err(Unresolved) => self.lose_all(LostReason::Unresolved),
            },
            (None, None) => {}
        }
    }

    fn renamed(&mut self, event: Event, mut by: By, is_directory: bool) {
        let from = event.from.as_ref().and_then(|from| self.locate(from));
        let to = event.to.as_ref().and_then(|to| self.locate(to));
        if let Some(from) = &from {
            self.touch(from, Touch::MovedFrom, &mut by, is_directory);
        }
        if let Some(to) = &to {
            self.touch(to, Touch::MovedTo, &mut by, is_directory);
        }
        let Some(object) = event.object.filter(|_| is_directory) else { return };
        match to.zip(event.to) {
            Some((path, at)) if self.places.roots.place(&path) == Place::Inside => {
                // What lies below is where it never was.
                self.batch.batch.lose(&self.places.roots.report(&path), LostReason::Moved);
                self.places.arrives(object, &at);
            }
            _ => self.places.tree.remove(&object),
        }
    }

    fn locate(&mut self, named: &Named) -> Option<PathBuf> {
        self.places.locate(named).unwrap_or_else(|Unresolved| {
            self.lose_all(LostReason::Unresolved);
            None
        })
    }

    /// Adds a path to the batch, if it matters.
    fn touch(&mut self, path: &Path, what: Touch, by: &mut By, is_entry: bool) {
        match self.places.roots.place(path) {
            Place::Outside => return,
            Place::Inside => {
                let path = self.places.roots.report(path);
                let actor =
                    by.actor.get_or_insert_with(|| self.processes.actor(by.pid, by.pidfd.take()));
                self.batch.touch(path, what, actor);
            }
            Place::Above => {}
        }
        // A root itself, or what it lies in, came or went.
        if is_entry && self.places.roots.real().any(|root| root.starts_with(path)) {
            self.batch.rearm = true;
            for root in self.places.roots.below(path) {
                self.batch.batch.lose(root, LostReason::Moved);
            }
        }
    }

    fn lose_all(&mut self, reason: LostReason) {
        for root in self.places.roots.given() {
            self.batch.batch.lose(root, reason);
        }
    }

    fn remount(&mut self) {
        for point in self.mounts.changed() {
            for scope in self.places.roots.scopes(&point) {
                self.batch.batch.lose(&scope, LostReason::Mounts);
                self.batch.rearm = true;
            }
        }
        self.mark_programs();
    }
}

impl ChangeSource for FanotifyWatch {
    fn next(&mut self, wait: Duration) -> Result<Batch, Error> {
        let end = SystemClock.uptime().saturating_add(wait);
        loop {
            let is_empty = self.drain()?;
            if std::mem::take(&mut self.batch.rearm) {
                self.arm()?;
            }
            if !self.batch.batch.is_empty() {
                return Ok(std::mem::take(&mut self.batch).batch);
            }
            let mut left = end.saturating_sub(SystemClock.uptime());
            if left.is_zero() {
                return Ok(Batch::default());
            }
            if self.processes.starting() {
                left = left.min(LOOK_EVERY);
            }
            if is_empty {
                let ready = self.mounts.wait(Some(self.group.as_fd()), left);
                if ready.map_err(Error::watch("wait for fanotify"))?.mounts {
                    self.remount();
                }
                self.processes.look();
            }
        }
    }
}

impl Pending {
    fn touch(&mut self, path: PathBuf, what: Touch, actor: &Actor) {
        let touched = &mut self.batch.touched;
        if let Some(old) = self.places.get(&path).and_then(|place| touched.get_mut(*place))
            && old.actor.as_ref().is_some_and(|old| old.pid == actor.pid)
        {
            old.what = what;
            return;
        }
        self.places.insert(path.clone(), touched.len());
        touched.push(Touched::new(path, what).with_actor(actor.clone()));
    }
}

/// Who an event is from.
struct By {
    pid: u32,
    pidfd: Option<OwnedFd>,
    actor: Option<Actor>,
}

/// Returns what was done last, of all that one event may stand for.
const fn touch(mask: u64) -> Touch {
    if mask & libc::FAN_DELETE != 0 {
        Touch::Removed
    } else if mask & libc::FAN_CLOSE_WRITE != 0 {
        Touch::Written
    } else if mask & libc::FAN_MODIFY != 0 {
        Touch::Modified
    } else if mask & libc::FAN_CREATE != 0 {
        Touch::Created
    } else {
        Touch::Metadata
    }
}

/// Everything that may change what is known of a path.
const CHANGES: u64 = libc::FAN_CREATE
    | libc::FAN_DELETE
    | libc::FAN_MODIFY
    | libc::FAN_CLOSE_WRITE
    | libc::FAN_ATTRIB
    | libc::FAN_RENAME
    | libc::FAN_OPEN_EXEC
    | libc::FAN_ONDIR;

/// At most 90 events. Each comes with a descriptor of its process, and a process may have 1024 for everything.
const BUFFER: usize = 8 * 1024;

/// More touched paths wait in the kernel's queue, which is bounded.
const MAX_BATCH: usize = 4096;

/// How soon a process that starts a program is looked at again.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// As many as the queue holds by default, twice.
const MAX_GONE: usize = 1 << 15;
