//! Lets go of what is old, and of what is too much.

use super::disk::{self, Kind};
use super::store::History;
use super::{Error, SegmentState, Tier};

/// The time by which the history ages.
#[derive(Debug)]
pub(super) struct Retention {
    reference: Option<i64>,
}

impl Retention {
    pub(super) const fn new(reference: Option<i64>) -> Self {
        Self { reference }
    }

    /// Returns by which time the history ages when its newest sample is this. A clock that leaps ahead takes it along a
    /// day at a time, so that one that is wrong for a while does not make everything old at once. One that was not set
    /// yet when the history began, as on a board without a battery, leaps to the truth.
    pub(super) fn reference_at(&self, newest: i64) -> i64 {
        match self.reference.filter(|before| *before >= CLOCK_SET) {
            Some(before) => newest.min(before.saturating_add(DAY)),
            None => newest,
        }
    }
}

impl History {
    /// Removes the segments that are older than their tier is kept, and the oldest until the rest fits.
    pub(super) fn expire(&mut self, newest: i64) -> Result<(), Error> {
        let reference = self.retention.reference_at(newest);
        self.retention.reference = Some(reference);
        let age = |state: &SegmentState| reference.saturating_sub(state.end.max(state.start));
        let mut old: Vec<u32> = self
            .segments
            .known
            .values()
            .filter(|state| state.start <= state.end && age(state) > self.config.keep(state.tier))
            .map(|state| state.segment)
            .collect();
        old.sort_unstable();
        for segment in old {
            self.remove(segment)?;
        }
        while self.segments.bytes() > self.config.max_mib.saturating_mul(1 << 20) {
            // A month is as old for samples of three days as twenty years for rows of two.
            let share =
                |state: &SegmentState| age(state) as f64 / self.config.keep(state.tier) as f64;
            let states = self.segments.known.values();
            let oldest = states.max_by(|a, b| share(a).total_cmp(&share(b)));
            let Some(segment) = oldest.map(|state| state.segment) else { break };
            self.remove(segment)?;
        }
        Ok(())
    }

    fn remove(&mut self, segment: u32) -> Result<(), Error> {
        for slot in &mut self.segments.active {
            if slot.as_ref().is_some_and(|active| active.state.segment == segment) {
                *slot = None;
            }
        }
        disk::remove(&Kind::Segment.path(&self.shared.dir, segment))?;
        self.segments
            .untold
            .retain(|written| written.state.is_none_or(|state| state.segment != segment));
        self.shared.index.forget(segment)?;
        self.segments.known.remove(&segment);
        Ok(())
    }
}

impl super::Config {
    /// Returns for how many milliseconds a tier is kept.
    pub(super) fn keep(&self, tier: Tier) -> i64 {
        let days = match tier {
            Tier::Raw => self.raw_days,
            Tier::Minute => self.minute_days,
            Tier::Quarter => self.quarter_days,
        };
        i64::from(days) * DAY
    }
}

const DAY: i64 = 86_400_000;
/// The begin of 2020: a clock that says less was never set.
const CLOCK_SET: i64 = 1_577_836_800_000;
