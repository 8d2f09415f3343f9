//! How long runs took.

use std::time::Duration;

/// A histogram of how long runs took, as Prometheus counts: each bucket has all that took at most its bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Runs within each bound and above the one before.
    within: [u64; BOUNDS.len()],
    count: u64,
    sum: Duration,
}

impl Latency {
    /// Returns the buckets: a bound in seconds, and how many runs took at most that long.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> {
        let mut sum = 0_u64;
        BOUNDS.iter().zip(self.within).map(move |(bound, count)| {
            sum = sum.saturating_add(count);
            (bound.as_secs_f64(), sum)
        })
    }

    /// Returns how many runs there were.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Returns how long all of them took together.
    #[must_use]
    pub const fn sum(&self) -> Duration {
        self.sum
    }

    pub(crate) fn observe(&mut self, took: Duration) {
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(took);
        if let Some(at) = BOUNDS.iter().position(|bound| took <= *bound) {
            self.within[at] = self.within[at].saturating_add(1);
        }
    }
}

/// From a socket on this machine to the slowest web page somebody waits for.
const BOUNDS: [Duration; 12] = [
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2500),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_count_what_took_at_most_their_bound() {
        let mut latency = Latency::default();
        for millis in [1, 2, 2500, 99_000] {
            latency.observe(Duration::from_millis(millis));
        }
        let buckets: Vec<_> = latency.buckets().collect();
        assert_eq!(buckets[0], (0.001, 1));
        assert_eq!(buckets[1], (0.005, 2));
        assert_eq!(buckets[9], (2.5, 3));
        assert_eq!(buckets[11], (10.0, 3));
        assert_eq!((latency.count(), latency.sum()), (4, Duration::from_millis(101_503)));
    }
}
