//! What is asked and what is answered.

use wardkit_core::Timestamp;

/// A stretch of time: from, and up to but without the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Range {
    /// Takes the begin and the end.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp) -> Self {
        Self { from: millis(from), to: millis(to) }
    }

    /// Returns the begin.
    #[must_use]
    pub fn from(self) -> Timestamp {
        timestamp(self.from)
    }

    /// Returns the end, which is not part of it.
    #[must_use]
    pub fn to(self) -> Timestamp {
        timestamp(self.to)
    }
}

/// How the samples of a step become one value. Samples that are not a number are passed over.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Aggregate {
    /// Their mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// Their sum.
    Sum,
    /// How many there are.
    Count,
    /// The last.
    Last,
    /// By how much a counter grew, its restarts counted in.
    Increase,
    /// The same a second.
    Rate,
    /// The value below which this share of them lies, 0 to 1. Where only rows a minute or coarser are left, of the
    /// rows' means.
    Quantile(f64),
}

/// A series and its values, one a step; steps without samples have none.
///
/// Exhaustive on purpose: whoever has values of their own builds one.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Name and labels as Prometheus writes them: `name{label="value"}`.
    pub key: String,
    /// The values, by time.
    pub points: Vec<Point>,
}

/// A value and the begin of its step.
///
/// Exhaustive on purpose: there is nothing more to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When the step began.
    pub at: Timestamp,
    /// Its value.
    pub value: f64,
}

/// The history counts in milliseconds.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_unix_nanos().div_euclid(1_000_000)
}

pub(super) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_unix_nanos(millis.saturating_mul(1_000_000))
}
