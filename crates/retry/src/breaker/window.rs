//! The memory of a breaker: the outcomes of the last calls, in one word.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Trip;

/// The last outcomes, without a lock and without a clock.
///
/// For a ratio: one bit a call, the latest lowest, below a marker bit that says how many there are. The word holds
/// the exact window of the last calls, and one compare-and-swap moves it on. For consecutive failures: their number.
#[derive(Debug)]
pub(super) struct Window {
    trip: Trip,
    word: AtomicU64,
}

impl Window {
    pub(super) const fn new(trip: Trip) -> Self {
        Self { trip, word: AtomicU64::new(empty(trip)) }
    }

    #[inline]
    pub(super) fn success(&self) {
        match self.trip {
            Trip::Consecutive { .. } => {
                // A healthy target's count is zero: one load and no store.
                if self.word.load(Ordering::Relaxed) != 0 {
                    self.word.store(0, Ordering::Relaxed);
                }
            }
            Trip::Ratio { window, .. } => {
                let mut word = self.word.load(Ordering::Relaxed);
                loop {
                    let next = shift(word, 0, window);
                    // A window full of successes does not change: one load and no store.
                    if next == word {
                        return;
                    }
                    match self.swap(word, next) {
                        Ok(_) => return,
                        Err(present) => word = present,
                    }
                }
            }
        }
    }

    /// Notes a failure; returns whether it is one too many.
    pub(super) fn failure(&self) -> bool {
        match self.trip {
            Trip::Consecutive { failures } => {
                let count = self.word.fetch_add(1, Ordering::Relaxed) + 1;
                count >= u64::from(failures)
            }
            Trip::Ratio { percent, window, minimum } => {
                let mut word = self.word.load(Ordering::Relaxed);
                loop {
                    let next = shift(word, 1, window);
                    match self.swap(word, next) {
                        Ok(_) => return is_over(next, percent, minimum),
                        Err(present) => word = present,
                    }
                }
            }
        }
    }

    pub(super) fn clear(&self) {
        self.word.store(empty(self.trip), Ordering::Relaxed);
    }

    fn swap(&self, word: u64, next: u64) -> Result<u64, u64> {
        self.word.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed)
    }
}

const fn empty(trip: Trip) -> u64 {
    match trip {
        Trip::Consecutive { .. } => 0,
        Trip::Ratio { .. } => 1,
    }
}

/// Appends an outcome; once there are `window` of them the oldest falls out and the marker stays where it is.
const fn shift(word: u64, outcome: u64, window: u32) -> u64 {
    let marker = 1 << window;
    let next = word << 1 | outcome;
    if word & marker == 0 { next } else { next & (marker - 1) | marker }
}

const fn is_over(word: u64, percent: u32, minimum: u32) -> bool {
    let calls = word.ilog2();
    let failures = word.count_ones() - 1;
    calls >= minimum && failures * 100 >= percent * calls
}
