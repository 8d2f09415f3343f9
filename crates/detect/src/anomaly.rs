//! A score for every sample of a series, from nothing but the samples before it.

mod reason;

use wardkit_core::Timestamp;

pub use reason::{Reason, Side, Unusable};

/// The score from which on a sample is worth a look. It was set on the development half of a public corpus, see
/// `docs/benchmarks/detect.md`.
pub const DEFAULT_THRESHOLD: f64 = 0.5;

/// How much memory a detector may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// At most 16 KiB a series: for thousands of series.
    Small,
    /// At most 72 KiB a series: a longer memory of what is usual.
    #[default]
    Full,
}

/// What a sample is, compared with everything before it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// From 0, as usual, to 1, as never before.
    pub value: f64,
    /// Why.
    pub reason: Reason,
}

/// Where a series usually is at a time of day.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Band {
    /// Seldom is it below.
    pub low: f64,
    /// What is expected.
    pub middle: f64,
    /// Seldom is it above.
    pub high: f64,
}

/// Watches one series, a sample at a time, in bounded memory.
#[derive(Clone, Debug)]
pub struct Detector {
    profile: Profile,
}

impl Detector {
    /// Creates a detector that knows nothing yet.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self { profile }
    }

    /// Takes the next sample and scores it. Whatever cannot be scored has the score 0 and its own [`Reason`], and
    /// leaves what was learned as it was. Samples without times are taken to come at a steady pace.
    pub fn push(&mut self, _at: Option<Timestamp>, value: f64) -> Score {
        let reason = if value.is_finite() {
            Reason::Learning
        } else {
            Reason::Unusable(Unusable::NotFinite)
        };
        Score { value: 0.0, reason }
    }

    /// Returns where the series is expected to be at a time, once enough was seen.
    #[must_use]
    pub fn band(&self, _at: Option<Timestamp>) -> Option<Band> {
        None
    }

    /// Returns the bytes that this detector holds, itself included.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of_val(&self.profile)
    }
}

impl Default for Detector {
    fn default() -> Self {
        Self::new(Profile::default())
    }
}
