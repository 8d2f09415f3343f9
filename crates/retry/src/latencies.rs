//! What is slow for this target: a histogram that forgets.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Counts of latencies in buckets that are a quarter of an octave wide, halved as they fill up, so that the past
/// fades. Lock-free; a reading beside writers is off by those few.
#[derive(Debug)]
pub(crate) struct Latencies {
    buckets: [AtomicU32; BUCKETS],
    total: AtomicU32,
}

impl Latencies {
    pub(crate) const fn new() -> Self {
        Self { buckets: [const { AtomicU32::new(0) }; BUCKETS], total: AtomicU32::new(0) }
    }

    pub(crate) fn record(&self, latency: Duration) {
        self.buckets[bucket(latency)].fetch_add(1, Ordering::Relaxed);
        if self.total.fetch_add(1, Ordering::Relaxed) + 1 >= FADE_AT {
            self.fade();
        }
    }

    /// Returns the latency that 95 of a hundred calls do not exceed, rounded up to the bucket's end; `None` while
    /// there are too few to tell.
    pub(crate) fn p95(&self) -> Option<Duration> {
        let counts: [u64; BUCKETS] =
            std::array::from_fn(|index| u64::from(self.buckets[index].load(Ordering::Relaxed)));
        let total: u64 = counts.iter().sum();
        if total < FEWEST {
            return None;
        }
        let rank = (total * 95).div_ceil(100);
        let mut seen = 0;
        let index = counts.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(end_of(index))
    }

    fn fade(&self) {
        let mut total = 0;
        for bucket in &self.buckets {
            let half = bucket.load(Ordering::Relaxed) / 2;
            bucket.store(half, Ordering::Relaxed);
            total += half;
        }
        self.total.store(total, Ordering::Relaxed);
    }
}

/// Microseconds by their highest bit and the two below it.
fn bucket(latency: Duration) -> usize {
    let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(4);
    let octave = micros.ilog2();
    let quarter = micros >> (octave - 2) & 3;
    let index = u64::from(octave - 2) * 4 + quarter;
    usize::try_from(index).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// Returns the first latency beyond a bucket.
fn end_of(bucket: usize) -> Duration {
    let quarters = u64::try_from(bucket % 4).unwrap_or(3) + 5;
    Duration::from_micros(quarters << (bucket / 4))
}

/// Up to more than two hours; what takes longer counts as that.
const BUCKETS: usize = 124;
/// Below this many calls a percentile is a guess.
const FEWEST: u64 = 20;
/// The past counts half after this many calls.
const FADE_AT: u32 = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_latency_lies_in_its_bucket() {
        for micros in [0, 1, 4, 5, 7, 8, 999, 1_000, 1_023, 1_024, 123_456, 3_600_000_000] {
            let latency = Duration::from_micros(micros);
            let index = bucket(latency);
            assert!(latency < end_of(index), "{latency:?}");
            assert!(index == 0 || latency >= end_of(index - 1), "{latency:?}");
        }
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentile_follows_the_calls_and_forgets() {
        let latencies = Latencies::new();
        for _ in 0..19 {
            latencies.record(Duration::from_millis(10));
        }
        assert_eq!(latencies.p95(), None);
        latencies.record(Duration::from_millis(900));
        assert_eq!(latencies.p95(), Some(Duration::from_micros(10_240)));
        for _ in 0..4_000 {
            latencies.record(Duration::from_millis(900));
        }
        assert_eq!(latencies.p95(), Some(Duration::from_micros(917_504)));
    }
}
