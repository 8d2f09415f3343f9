//! An alert as the engine keeps it.

use std::sync::Arc;

use wardkit_core::{Labels, Timestamp};

use super::group::GroupId;
use super::time::Mono;
use super::view::Suppressor;
use crate::{Alert, Annotations, Condition, Fingerprint, NotifiedAlert, Urgency};

/// An alert, packed: there may be tens of thousands.
#[derive(Debug)]
pub(super) struct Tracked {
    /// Shared with a group of its own.
    pub(super) labels: Arc<Labels>,
    pub(super) said: Said,
    pub(super) starts_at: Timestamp,
    /// None while it lasts.
    pub(super) ended_at: Option<Timestamp>,
    pub(super) updated_at: Timestamp,
    /// When it ends unless somebody brings it again.
    pub(super) expires: Mono,
    /// Whether whoever brought it said until when.
    pub(super) explicit_end: bool,
    /// When this spell of it began, which tells it from the one before.
    pub(super) episode: i64,
    /// Whether somebody said that it is over while it was not.
    pub(super) dismissed: bool,
    pub(super) flapping: bool,
    pub(super) urgency: Urgency,
    /// The groups that it is in; none once they have told its end.
    pub(super) groups: Vec<GroupId>,
    /// What the history knows to hold it back.
    pub(super) held_by: Option<Box<Suppressor>>,
}

impl Tracked {
    /// Returns whether it counts as lasting for its incident: a flapping one is neither here nor gone.
    pub(super) fn lasts(&self) -> bool {
        self.ended_at.is_none() || self.flapping
    }

    pub(super) fn alert(&self, ends_at: Option<Timestamp>) -> Alert {
        Alert {
            labels: Labels::clone(&self.labels),
            annotations: self.said.annotations(),
            starts_at: self.starts_at,
            ends_at: self.ended_at.or(ends_at),
            generator_url: self.said.generator_url.as_ref().into(),
        }
    }

    pub(super) fn notified(&self, fingerprint: Fingerprint) -> NotifiedAlert {
        let lasts = self.lasts();
        NotifiedAlert {
            fingerprint,
            condition: if lasts { Condition::Firing } else { Condition::Resolved },
            labels: Labels::clone(&self.labels),
            annotations: self.said.annotations(),
            starts_at: self.starts_at,
            ends_at: self.ended_at.filter(|_| !lasts),
            generator_url: self.said.generator_url.as_ref().into(),
        }
    }

    /// Returns what stands for the alert in what a channel was told. Where ends are not told, each spell is news.
    pub(super) fn told_as(&self, fingerprint: Fingerprint, send_resolved: bool) -> u64 {
        if send_resolved {
            fingerprint.as_u64()
        } else {
            fingerprint.as_u64() ^ self.episode.cast_unsigned().wrapping_mul(SPREAD)
        }
    }
}

/// What is said of an alert: half the memory of a map.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pairs: Box<[(Box<str>, Box<str>)]>,
    generator_url: Box<str>,
}

impl Said {
    pub(super) fn new(annotations: Annotations, generator_url: String) -> Self {
        let pairs = annotations.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { pairs: pairs.collect(), generator_url: generator_url.into() }
    }

    pub(super) fn annotations(&self) -> Annotations {
        self.pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    pub(super) fn generator_url(&self) -> &str {
        &self.generator_url
    }
}

/// The golden ratio: it spreads nearby times over all bits.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
