//! Scanning: from roots to a sorted list of all that lies below them.

mod control;
mod directory;
mod inspect;
mod known;
mod listing;
mod look;
mod mounts;
mod read;
mod record;
mod snapshot;
mod stat;
mod walk;
mod xattrs;

use std::num::NonZeroUsize;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::{fmt, io};

use wardkit_core::{Clock, SystemClock};

use control::ByteRate;
pub use control::{Cancel, Pace, Progress};
pub use inspect::inspect;
pub use known::{Known, Reuse};
pub use mounts::Mounts;
pub use snapshot::{Snapshot, Statistics};

use crate::{Algorithm, EntryKind, Error, Everything, FileTime, Selection, Take};

/// What to scan, and how.
///
/// A scan never follows a symbolic link below a root, opens nothing but directories and regular files, never waits for
/// whoever has something open, and does not hang or leave its roots when others move things about while it runs. What
/// cannot be read is an entry with a fault.
///
/// # Examples
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use wardkit_integrity::{Known as _, ScanOptions};
///
/// let dir = tempfile::tempdir()?;
/// std::fs::write(dir.path().join("greeting"), "hello")?;
/// let snapshot = ScanOptions::new([dir.path()]).run()?;
/// let last = snapshot.entries().last().ok_or("nothing found")?;
/// assert_eq!(last.path, dir.path().join("greeting"));
/// assert_eq!(last.content, Some(snapshot.algorithm().digest(b"hello")));
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is scanned until `run`"]
pub struct ScanOptions<'a> {
    roots: Vec<PathBuf>,
    bases: &'a [PathBuf],
    algorithm: Algorithm,
    threads: Option<NonZeroUsize>,
    mounts: Mounts,
    selection: &'a dyn Selection,
    known: Option<&'a dyn Known>,
    reuse: Reuse,
    clock: &'a dyn Clock,
    rate: Option<(u64, &'a dyn Pace)>,
    cancel: Cancel,
    progress: Progress,
}

/// What the parts of a running scan share.
#[derive(Debug)]
struct Control<'a> {
    cancel: Cancel,
    progress: Progress,
    rate: Option<ByteRate<'a>>,
}

impl<'a> ScanOptions<'a> {
    /// Creates a scan of all that lies below some absolute paths, and of these themselves. A root that is a symbolic
    /// link is only the link. One that does not exist is no entry. A root below another adds nothing, unless it lies
    /// on another file system.
    pub fn new(roots: impl IntoIterator<Item = impl AsRef<Path>>) -> Self {
        Self {
            roots: roots.into_iter().map(|root| root.as_ref().to_owned()).collect(),
            bases: &[],
            algorithm: Algorithm::default(),
            threads: None,
            mounts: Mounts::default(),
            selection: &Everything,
            known: None,
            reuse: Reuse::default(),
            clock: &SystemClock,
            rate: None,
            cancel: Cancel::new(),
            progress: Progress::new(),
        }
    }

    /// Follows no symbolic link on the way from one of these paths to a root: below a link nothing exists there. Whoever
    /// may write below a base could else lead the scan anywhere. Links on the way to a root are followed unless told.
    pub fn with_bases(mut self, bases: &'a [PathBuf]) -> Self {
        self.bases = bases;
        self
    }

    /// Digests contents with this algorithm, BLAKE3 unless told.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Works with so many threads, one for each processor unless told.
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Says where to stop, at other file systems unless told.
    pub fn with_mounts(mut self, mounts: Mounts) -> Self {
        self.mounts = mounts;
        self
    }

    /// Takes what a selection says, everything unless told.
    pub fn with_selection(mut self, selection: &'a dyn Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Says what is known from before, and whether it stands for what looks unchanged. The sizes that it knows are
    /// those of the prefixes of growing files, whatever is reused.
    pub fn with_known(mut self, known: &'a dyn Known, reuse: Reuse) -> Self {
        self.known = Some(known);
        self.reuse = reuse;
        self
    }

    /// Takes the time from another clock.
    pub fn with_clock(mut self, clock: &'a dyn Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Reads no more than so many bytes a second, with all threads together.
    pub fn with_byte_rate(mut self, per_second: u64, pace: &'a dyn Pace) -> Self {
        self.rate = Some((per_second, pace));
        self
    }

    /// Ends when told so.
    pub fn with_cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// Tells others how far it is.
    pub fn with_progress(mut self, progress: &Progress) -> Self {
        self.progress = progress.clone();
        self
    }

    /// Scans.
    ///
    /// # Errors
    ///
    /// [`Error::Root`] when a root is not an absolute path without `..`, [`Error::Threads`] when the system grants no
    /// threads, [`Error::Cancelled`] when the scan was told to end. What cannot be read is an entry, not an error.
    pub fn run(&self) -> Result<Snapshot, Error> {
        let roots = sorted(&self.roots)?;
        let now = self.clock.now();
        let nanos =
            u32::try_from(now.as_unix_nanos().rem_euclid(1_000_000_000)).unwrap_or_default();
        let started = FileTime { seconds: now.as_unix_seconds(), nanos };
        let rate = self.rate.map(|(per_second, pace)| ByteRate::new(per_second, self.clock, pace));
        let control =
            Control { cancel: self.cancel.clone(), progress: self.progress.clone(), rate };
        // Digests of another algorithm say nothing about these.
        let known = self.known.filter(|known| known.algorithm() == self.algorithm);

        let (outer, nested) = split(&roots);
        let walk = walk::Walk::new(self, &control, known, nested);
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.map_or(0, NonZeroUsize::get))
            .thread_name(|number| format!("scan-{number}"))
            .build()
            .map_err(|error| Error::Threads(Arc::new(io::Error::other(error))))?;
        threads.scope(|scope| walk.roots(scope, &outer));
        // What lies below something that was left out: each after those above it.
        for root in walk.missed() {
            threads.scope(|scope| walk.roots(scope, std::slice::from_ref(&root)));
        }
        drop(threads);
        if self.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let statistics = Statistics {
            entries: walk.entries.load(Ordering::Relaxed),
            files_read: control.progress.files(),
            files_reused: control.progress.reused(),
            bytes_read: control.progress.bytes(),
            faults: walk.faults.load(Ordering::Relaxed),
        };
        Ok(Snapshot::assemble(walk.into_nodes(), statistics, started, self.algorithm, roots))
    }

    fn take(&self, path: &Path, kind: EntryKind) -> Take {
        self.selection.take(path, kind)
    }
}

impl fmt::Debug for ScanOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanOptions")
            .field("roots", &self.roots)
            .field("algorithm", &self.algorithm)
            .field("threads", &self.threads)
            .field("mounts", &self.mounts)
            .field("reuse", &self.reuse)
            .finish_non_exhaustive()
    }
}

impl Control<'_> {
    /// Accounts for bytes that are about to be read. Says no when the scan is to end.
    fn may_read(&self, bytes: usize) -> bool {
        if self.cancel.is_cancelled() {
            return false;
        }
        if let Some(rate) = &self.rate {
            rate.spend(bytes as u64);
        }
        true
    }
}

/// Returns the roots in one spelling, sorted, each once.
fn sorted(roots: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let plain = |component| {
        matches!(component, Component::RootDir | Component::Normal(_) | Component::CurDir)
    };
    if let Some(root) =
        roots.iter().find(|root| !root.is_absolute() || !root.components().all(plain))
    {
        return Err(Error::Root(root.clone()));
    }
    // Leaves out what does not count: slashes at the end, and lone dots.
    let mut roots: Vec<PathBuf> = roots.iter().map(|root| root.components().collect()).collect();
    roots.sort_unstable();
    roots.dedup();
    Ok(roots)
}

/// Parts the roots that lie below another from those that do not.
fn split(roots: &[PathBuf]) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut outer: Vec<PathBuf> = Vec::new();
    let mut nested = Vec::new();
    for root in roots {
        // Sorted by components, a root comes right after those above it.
        if outer.last().is_some_and(|above| root.starts_with(above)) {
            nested.push(root.clone());
        } else {
            outer.push(root.clone());
        }
    }
    (outer, nested)
}
