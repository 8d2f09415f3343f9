//! What changes while it changes, and who changes it.
//!
//! A [`ChangeSource`] names paths that were touched. It never says what they are now: whoever asks looks for himself.
//! What a source could not see it names as [`Lost`]: that scope must be scanned again.

#[cfg(feature = "fanotify")]
mod enforce;
#[cfg(feature = "fanotify")]
mod fanotify;
#[cfg(feature = "notify")]
mod inotify;
mod mounts;
mod poll;
mod roots;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wardkit_core::Clock;

use crate::{Actor, Error};

#[cfg(feature = "fanotify")]
pub use enforce::{Answer, EnforceCounts, EnforceOptions, Enforcer, Gate, Opens, Question};
#[cfg(feature = "fanotify")]
pub use fanotify::FanotifyWatch;
#[cfg(feature = "notify")]
pub use inotify::InotifyWatch;
pub use poll::PollWatch;

/// Tells what was touched.
///
/// One thread of the driver calls [`next`](Self::next) in a loop. An error means that the source is of no use any
/// more: the driver scans everything and starts another.
pub trait ChangeSource: Send {
    /// Returns what was touched since the last call, or waits for it at most so long. Nothing happened when the batch
    /// is empty.
    ///
    /// # Errors
    ///
    /// When the system no longer tells.
    fn next(&mut self, wait: Duration) -> Result<Batch, Error>;
}

impl<S: ChangeSource + ?Sized> ChangeSource for Box<S> {
    fn next(&mut self, wait: Duration) -> Result<Batch, Error> {
        (**self).next(wait)
    }
}

/// What happened since the last call, in the order in which it happened as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The paths that were touched, each once for each process and batch.
    pub touched: Vec<Touched>,
    /// The scopes in which something may have happened that nobody saw.
    pub lost: Vec<Lost>,
}

impl Batch {
    /// Tells whether nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.touched.is_empty() && self.lost.is_empty()
    }

    /// Adds a scope, once for each reason.
    fn lose(&mut self, scope: &Path, reason: LostReason) {
        if !self.lost.iter().any(|lost| lost.scope == scope && lost.reason == reason) {
            self.lost.push(Lost { scope: scope.to_owned(), reason });
        }
    }
}

/// A path that was touched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Touched {
    /// The absolute path, below one of the roots as they were given. A path that was renamed away comes with its old
    /// name, and once more with its new name.
    pub path: PathBuf,
    /// What was done last.
    pub what: Touch,
    /// Who did it; `None` where the source cannot tell.
    pub actor: Option<Actor>,
}

impl Touched {
    /// Creates a touched path of which no actor is known.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, what: Touch) -> Self {
        Self { path: path.into(), what, actor: None }
    }

    /// Names the actor.
    #[must_use]
    pub fn with_actor(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }
}

/// What was done to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Touch {
    /// It was made, or a further name of a file.
    Created,
    /// It was written to; more may follow.
    Modified,
    /// It was closed by a process that had it open for writing.
    Written,
    /// Its owner, mode, times, attributes or number of names changed.
    Metadata,
    /// It was renamed to this name.
    MovedTo,
    /// It was renamed to another name.
    MovedFrom,
    /// It was removed.
    Removed,
    /// It lay in a directory that appeared: it may be older than the directory's event.
    Found,
}

impl Touch {
    /// Returns the name: `created`, `modified`, `written`, `metadata`, `moved-to`, `moved-from`, `removed`, `found`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Modified => "modified",
            Self::Written => "written",
            Self::Metadata => "metadata",
            Self::MovedTo => "moved-to",
            Self::MovedFrom => "moved-from",
            Self::Removed => "removed",
            Self::Found => "found",
        }
    }
}

impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A scope in which something may have happened that nobody saw: it must be scanned again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lost {
    /// The directory or file.
    pub scope: PathBuf,
    /// Why.
    pub reason: LostReason,
}

/// Why a scope must be scanned again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LostReason {
    /// Watching begins: what happened before is compared first.
    Started,
    /// Nothing tells of changes; a scan is due.
    Polled,
    /// More happened at once than the queue holds.
    Overflow,
    /// A file system was mounted or unmounted.
    Mounts,
    /// A directory was moved here, or the root itself appeared, moved or vanished.
    Moved,
    /// The system could not say where something happened.
    Unresolved,
    /// The system watches no further directory, or not this one.
    Limit,
}

impl LostReason {
    /// Returns the name: `started`, `polled`, `overflow`, `mounts`, `moved`, `unresolved`, `limit`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Polled => "polled",
            Self::Overflow => "overflow",
            Self::Mounts => "mounts",
            Self::Moved => "moved",
            Self::Unresolved => "unresolved",
            Self::Limit => "limit",
        }
    }
}

impl fmt::Display for LostReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What to watch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WatchOptions {
    /// The directories and files, absolute. One that does not exist yet is watched for.
    pub roots: Vec<PathBuf>,
    /// Directories and files below the roots of which nothing is told: the watcher's own data, for one.
    pub exclude: Vec<PathBuf>,
    /// How often a scan is due where nothing tells of changes.
    pub poll_interval: Duration,
}

impl WatchOptions {
    /// Watches these roots, and where nothing tells of changes has them scanned every five minutes.
    #[must_use]
    pub fn new<P: Into<PathBuf>>(roots: impl IntoIterator<Item = P>) -> Self {
        Self {
            roots: roots.into_iter().map(Into::into).collect(),
            exclude: Vec::new(),
            poll_interval: Duration::from_mins(5),
        }
    }

    /// Tells nothing of what lies here.
    #[must_use]
    pub fn with_exclude<P: Into<PathBuf>>(mut self, exclude: impl IntoIterator<Item = P>) -> Self {
        self.exclude.extend(exclude.into_iter().map(Into::into));
        self
    }

    /// Sets how often a scan is due where nothing tells of changes.
    #[must_use]
    pub const fn with_poll_interval(mut self, interval: Duration) -> Self {
        self.poll_interval = interval;
        self
    }
}

/// How changes are seen, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WatchMode {
    /// fanotify: at once, with the process that did it. Needs root.
    Fanotify,
    /// inotify: at once, without the process.
    Inotify,
    /// A scan from time to time.
    Poll,
}

impl WatchMode {
    /// Returns the name: `fanotify`, `inotify`, `poll`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fanotify => "fanotify",
            Self::Inotify => "inotify",
            Self::Poll => "poll",
        }
    }
}

impl fmt::Display for WatchMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The best source that this process may have.
#[non_exhaustive]
pub struct Watching {
    /// The source.
    pub source: Box<dyn ChangeSource>,
    /// What it is.
    pub mode: WatchMode,
    /// The better ones that were refused, and why. A source that is not compiled in is not named.
    pub refused: Vec<(WatchMode, Error)>,
}

impl Watching {
    /// Starts the best source that this process may have: fanotify, then inotify, then polling, which always works.
    #[must_use]
    pub fn best(options: &WatchOptions, clock: impl Clock + 'static) -> Self {
        let mut refused = Vec::new();
        for &(mode, start) in STARTS {
            match start(options) {
                Ok(source) => return Self { source, mode, refused },
                Err(error) => refused.push((mode, error)),
            }
        }
        Self { refused, ..Self::poll(options, clock) }
    }

    /// Starts polling, where nothing better is wanted.
    #[must_use]
    pub fn poll(options: &WatchOptions, clock: impl Clock + 'static) -> Self {
        let source = Box::new(PollWatch::new(options, clock));
        Self { source, mode: WatchMode::Poll, refused: Vec::new() }
    }
}

type Start = fn(&WatchOptions) -> Result<Box<dyn ChangeSource>, Error>;

/// How those that may be refused are started, best first.
const STARTS: &[(WatchMode, Start)] = &[
    #[cfg(feature = "fanotify")]
    (WatchMode::Fanotify, |options| Ok(Box::new(FanotifyWatch::new(options)?))),
    #[cfg(feature = "notify")]
    (WatchMode::Inotify, |options| Ok(Box::new(InotifyWatch::new(options)?))),
];

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watching")
            .field("mode", &self.mode)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}
