//! The last runs of a check.

use std::collections::VecDeque;
use std::time::Duration;

use wardkit_core::Timestamp;

use crate::Outcome;

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Record {
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    #[cfg_attr(feature = "serde", serde(rename = "took_seconds", serialize_with = "seconds"))]
    pub took: Duration,
    /// What it found.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub outcome: Outcome,
}

/// A ring of runs.
#[derive(Clone, Debug)]
pub(crate) struct History {
    most: usize,
    runs: VecDeque<Record>,
}

impl History {
    pub(crate) const fn new(most: usize) -> Self {
        Self { most, runs: VecDeque::new() }
    }

    pub(crate) fn push(&mut self, record: Record) {
        if self.runs.len() >= self.most {
            self.runs.pop_front();
        }
        self.runs.push_back(record);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.runs.iter()
    }

    pub(crate) fn last(&self) -> Option<&Record> {
        self.runs.back()
    }
}

#[cfg(feature = "serde")]
fn seconds<S: serde::Serializer>(took: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(took.as_secs_f64())
}
