//! What is stored: numbers at times.

use crate::Labels;

/// A number at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// The number; [`Sample::STALE`] where the series ended.
    pub value: f64,
}

impl Sample {
    /// Says that the series has ended: the NaN of its own that Prometheus writes.
    pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

    /// Creates a sample.
    #[must_use]
    pub const fn new(at_ms: i64, value: f64) -> Self {
        Self { at_ms, value }
    }

    /// Returns whether the sample only says that the series has ended.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        self.value.to_bits() == Self::STALE.to_bits()
    }
}

/// The samples of one series, in order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What the series is called.
    pub labels: Labels,
    /// Sorted by time, no time twice.
    pub samples: Vec<Sample>,
}

impl Series {
    /// Creates a series.
    #[must_use]
    pub const fn new(labels: Labels, samples: Vec<Sample>) -> Self {
        Self { labels, samples }
    }
}
