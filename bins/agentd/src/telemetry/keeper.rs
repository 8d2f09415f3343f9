//! Keeping what was measured on the disk.

use std::fmt::Write as _;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;
use wardkit_core::Timestamp;
use wardkit_metrics::history::{Config, Error, History, IndexError, Reader};
use wardkit_metrics::{Collector, Samples};
use wardkit_sqlite::{HistoryIndex, State};

use super::{Moment, PAUSE, counter, float, gauge};

/// Writes the history. Its calls block.
#[derive(Debug)]
pub(crate) struct Keeper {
    history: History,
    /// Failed attempts to write, and since when there were no more; none while all is well.
    failing: Option<(u64, Timestamp)>,
    overflow: Overflow,
    /// Held while the directory is ours.
    _lock: File,
}

/// What became of writing.
#[derive(Debug)]
pub(crate) enum Change {
    Fails(Error),
    Works,
}

/// Surplus samples that were told of, and when there were some last.
#[derive(Debug, Default)]
struct Overflow {
    told: u64,
    last: Option<Duration>,
}

impl Keeper {
    /// Opens the history, and tells what was damaged. Another process that has the directory is an error, and finds
    /// everything as it was.
    pub(crate) fn open(dir: &Path, config: Config) -> Result<(Self, Option<String>), Error> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|source: io::Error| Error::Write { path: dir.to_owned(), source })?;
        let lock = lock(&dir.join("lock"))?;
        let path = dir.join("index.sqlite");
        let (index, state) =
            HistoryIndex::open(&path).map_err(|error| Error::Index(IndexError::new(error)))?;
        let (history, recovery) = History::open(dir, config, index)?;
        let mut damage = recovery.damage;
        if let State::Replaced { reason } = state {
            damage.push(format!("{} is made anew: {reason}", path.display()));
        }
        let damage = (!damage.is_empty()).then(|| repaired(&damage));
        Ok((Self { history, failing: None, overflow: Overflow::default(), _lock: lock }, damage))
    }

    pub(crate) fn reader(&self) -> Reader {
        self.history.reader()
    }

    /// Takes in what was measured, and says when writing begins to fail or works again.
    pub(crate) fn keep(&mut self, moment: &Moment) -> Option<Change> {
        if let Err(error) = self.history.append(moment.at, &moment.samples) {
            self.failing = Some((self.failures(), moment.at));
            return Some(Change::Fails(error));
        }
        let (failures, since) = self.failing?;
        let now = self.failures();
        // After a leap back of the clock it is counted anew.
        let quiet = moment.at.duration_since(since).filter(|_| now == failures);
        self.failing = match quiet {
            Some(quiet) if quiet >= QUIET => None,
            Some(_) => Some((failures, since)),
            None => Some((now, moment.at)),
        };
        self.failing.is_none().then_some(Change::Works)
    }

    /// Returns how many samples had no room among the series at the last look, if that is to be told: of the first
    /// surplus, and of the first after a pause.
    pub(crate) fn overflow(&mut self, uptime: Duration) -> Option<u64> {
        self.overflow.look(self.history.reader().stats().overflow_samples, uptime)
    }

    /// Writes what is in memory.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.history.sync()
    }

    fn failures(&self) -> u64 {
        self.history.reader().stats().write_failures
    }
}

impl Overflow {
    fn look(&mut self, counted: u64, now: Duration) -> Option<u64> {
        let surplus = counted.checked_sub(self.told).filter(|surplus| *surplus > 0)?;
        self.told = counted;
        let before = self.last.replace(now);
        let is_new = before.is_none_or(|before| now.saturating_sub(before) >= PAUSE);
        is_new.then_some(surplus)
    }
}

/// Tells in one sentence what may be wrong with many files.
fn repaired(damage: &[String]) -> String {
    let mut reason = damage.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    if let Some(more) = damage.len().checked_sub(NAMED).filter(|more| *more > 0) {
        let _ = write!(reason, "; and {more} more");
    }
    reason
}

/// Takes the lock of a directory that may be shared, since the configuration names it: that of the data directory says
/// nothing of it. It is the process's, so a part that starts again has it at once, whatever children were forked.
fn lock(path: &Path) -> Result<File, Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path).map_err(failed)?;
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::AGAIN | Errno::ACCESS) => Err(failed(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another process has this history: give each its own `dir` under [history]",
        ))),
        Err(errno) => Err(failed(errno.into())),
    }
}

/// What the history tells of itself.
pub(super) struct HistoryGauges(pub(super) Reader);

impl Collector for HistoryGauges {
    fn name(&self) -> &'static str {
        "history"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), wardkit_metrics::Error> {
        let stats = self.0.stats();
        for (name, help, value) in [
            ("agentd_history_open_series", "Series that take samples.", stats.open_series),
            ("agentd_history_open_bytes", "Memory for what is not in blocks.", stats.open_bytes),
            ("agentd_history_disk_bytes", "What the history takes on the disk.", stats.disk_bytes),
            ("agentd_history_segments", "Segments on the disk.", stats.segments),
        ] {
            out.single(gauge(name, help), float(value));
        }
        for (name, help, value) in [
            ("agentd_history_samples_total", "Samples taken in.", stats.samples),
            (
                "agentd_history_refused_samples_total",
                "Samples not taken in, because the clock had gone back.",
                stats.refused_samples,
            ),
            (
                "agentd_history_overflow_samples_total",
                "Samples not taken in, because there are too many series.",
                stats.overflow_samples,
            ),
            (
                "agentd_history_lost_samples_total",
                "Samples lost, because nothing could be written.",
                stats.lost_samples,
            ),
            (
                "agentd_history_write_failures_total",
                "Attempts to write that failed.",
                stats.write_failures,
            ),
        ] {
            out.single(counter(name, help), float(value));
        }
        Ok(())
    }
}

/// More than lies between two attempts to write.
const QUIET: Duration = Duration::from_mins(2);

/// As many as a message has room for.
const NAMED: usize = 5;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Overflow, repaired};

    #[test]
    fn too_many_series_are_told_at_first_and_after_an_hour_without() {
        let mut overflow = Overflow::default();
        let mut look = |counted, minutes| overflow.look(counted, Duration::from_mins(minutes));
        assert_eq!(look(0, 1), None);
        assert_eq!(look(7, 2), Some(7));
        assert_eq!(look(7, 3), None);
        // Samples without room each time for hours are one event.
        for minutes in (10..600).step_by(10) {
            assert_eq!(look(minutes, minutes), None);
        }
        assert_eq!(look(590, 649), None);
        assert_eq!(look(593, 650), Some(3));
    }

    #[test]
    fn damage_to_many_files_is_one_sentence() {
        let damage: Vec<String> = (1..=7).map(|n| format!("{n}.segment is cut")).collect();
        assert_eq!(repaired(&damage[..1]), "1.segment is cut");
        assert_eq!(
            repaired(&damage),
            "1.segment is cut; 2.segment is cut; 3.segment is cut; 4.segment is cut; \
             5.segment is cut; and 2 more"
        );
    }
}
