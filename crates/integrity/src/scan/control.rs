//! How others watch a scan, slow it down, or end it.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use wardkit_core::Clock;

/// Ends a scan from another thread. Clones end the same scan.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Creates one that nobody has called yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the scan at the next file, or the next piece of a large one.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Tells whether the scan is to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Tells from another thread how far a scan is. Clones show the same scan.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    entries: AtomicU64,
    files: AtomicU64,
    bytes: AtomicU64,
    reused: AtomicU64,
}

impl Progress {
    /// Creates one at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns how many paths were looked at.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.0.entries.load(Ordering::Relaxed)
    }

    /// Returns of how many files the content was read.
    #[must_use]
    pub fn files(&self) -> u64 {
        self.0.files.load(Ordering::Relaxed)
    }

    /// Returns how many bytes were read.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Returns of how many files the known digest stood.
    #[must_use]
    pub fn reused(&self) -> u64 {
        self.0.reused.load(Ordering::Relaxed)
    }

    pub(crate) fn add_entry(&self) {
        self.0.entries.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_file(&self) {
        self.0.files.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_reused(&self) {
        self.0.reused.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits, for a scan that may read only so many bytes a second.
///
/// The scanner calls it from each of its threads. A driver sleeps; a test moves its clock.
pub trait Pace: Sync {
    /// Returns after so long, or earlier when the scan is to end.
    fn wait(&self, duration: Duration);
}

/// So many bytes a second, for all threads together.
pub(crate) struct ByteRate<'a> {
    per_second: u64,
    clock: &'a dyn Clock,
    pace: &'a dyn Pace,
    /// The uptime at which what was read so far has been paid for.
    paid: Mutex<Duration>,
}

impl<'a> ByteRate<'a> {
    pub(crate) fn new(per_second: u64, clock: &'a dyn Clock, pace: &'a dyn Pace) -> Self {
        Self { per_second, clock, pace, paid: Mutex::default() }
    }

    /// Accounts for bytes that are about to be read, and waits until they may be.
    pub(crate) fn spend(&self, bytes: u64) {
        let cost = u128::from(bytes) * 1_000_000_000 / u128::from(self.per_second.max(1));
        let cost = Duration::from_nanos(u64::try_from(cost).unwrap_or(u64::MAX));
        let now = self.clock.uptime();
        let wait = {
            let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
            let wait = paid.saturating_sub(now);
            *paid = now.max(*paid).saturating_add(cost);
            wait
        };
        // Waits are long enough to be worth a sleep.
        if wait >= SHORTEST_WAIT {
            self.pace.wait(wait);
        }
    }
}

impl fmt::Debug for ByteRate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteRate").field("per_second", &self.per_second).finish_non_exhaustive()
    }
}

const SHORTEST_WAIT: Duration = Duration::from_millis(5);

#[cfg(test)]
mod tests {
    use wardkit_core::ManualClock;

    use super::*;

    struct Moves<'a>(&'a ManualClock);

    impl Pace for Moves<'_> {
        fn wait(&self, duration: Duration) {
            self.0.advance(duration);
        }
    }

    #[test]
    fn ten_seconds_worth_of_bytes_take_ten_seconds() {
        let clock = ManualClock::default();
        let pace = Moves(&clock);
        let rate = ByteRate::new(1_000_000, &clock, &pace);
        for _ in 0..1_000 {
            rate.spend(10_000);
        }
        let taken = clock.uptime();
        assert!((9_900..=10_000).contains(&taken.as_millis()), "{taken:?}");
    }
}
