//! What is usual at this time of day, on working days and at weekends.

use wardkit_core::Timestamp;

use super::average::Average;

/// Half hours of a working day and of a day of the weekend, in UTC.
#[derive(Clone, Debug)]
pub(super) struct Season {
    slots: Box<[Slot]>,
    visit: Option<Visit>,
    /// How far samples lie from what was expected, all hours together.
    spread: Average,
    /// What the residuals of late have in common.
    lasting: f64,
}

/// How a sample stands to what is usual at its time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Residual {
    /// Above what was expected, or below.
    pub off: f64,
    /// How far, in units of what is usual at this time.
    pub scaled: f64,
    /// What the last ten or so have in common.
    pub lasting: f64,
    /// On how many other days this half hour was seen.
    pub visits: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    mean: f64,
    spread: f64,
    visits: u32,
}

/// The half hour that is going on. It is learned from when it ends, so that what it weighs does not depend on how many
/// samples it has.
#[derive(Clone, Copy, Debug)]
struct Visit {
    slot: usize,
    day: i64,
    sum: f64,
    spread: f64,
    samples: f64,
}

impl Season {
    pub(super) fn new() -> Self {
        Self {
            slots: vec![Slot::default(); 2 * HALF_HOURS].into_boxed_slice(),
            visit: None,
            spread: Average::new(200.0),
            lasting: 0.0,
        }
    }

    /// Compares a value with what is usual at its time, and learns from it.
    pub(super) fn measure(&mut self, at: Option<Timestamp>, value: f64) -> Option<Residual> {
        let at = at?;
        let (slot, day) = slot_of(at);
        self.arrive(slot, day);
        let known = self.known(slot);
        let off = known.map_or(0.0, |known| value - known.mean);
        if let Some(visit) = &mut self.visit {
            visit.sum += value;
            visit.spread += off.abs();
            visit.samples += 1.0;
        }
        let known = known?;
        let (visits, common) = (f64::from(known.visits), self.spread.mean());
        let usual = (known.spread * visits + common * PRIOR_VISITS) / (visits + PRIOR_VISITS);
        let scaled = if off == 0.0 {
            0.0
        } else {
            off.abs() / usual.max(LEAST_SPREAD * value.abs().max(off.abs()))
        };
        self.lasting += LASTING * (off - self.lasting);
        self.spread.add(off.abs());
        Some(Residual { off, scaled, lasting: self.lasting, visits: known.visits })
    }

    /// Returns what is expected at a time and how far samples lie from it on average.
    pub(super) fn expected(&self, at: Timestamp) -> Option<(f64, f64)> {
        self.known(slot_of(at).0).map(|slot| (slot.mean, slot.spread))
    }

    /// Returns the bytes on the heap.
    pub(super) fn heap(&self) -> usize {
        size_of_val(&*self.slots)
    }

    /// Begins another half hour, if it is one, and learns from the one that ended.
    fn arrive(&mut self, slot: usize, day: i64) {
        if self.visit.is_some_and(|visit| (visit.slot, visit.day) == (slot, day)) {
            return;
        }
        let ended = self.visit.replace(Visit { slot, day, sum: 0.0, spread: 0.0, samples: 0.0 });
        if let Some(ended) = ended {
            let learned = &mut self.slots[ended.slot];
            learned.visits = learned.visits.saturating_add(1);
            let rate = (1.0 / f64::from(learned.visits)).max(VISIT_WEIGHT);
            learned.mean += rate * (ended.sum / ended.samples - learned.mean);
            learned.spread += rate * (ended.spread / ended.samples - learned.spread);
        }
    }

    /// Returns the slot, or the same hour of the other kind of day while it was never visited.
    fn known(&self, slot: usize) -> Option<Slot> {
        let other = (slot + HALF_HOURS) % (2 * HALF_HOURS);
        [slot, other].into_iter().map(|slot| self.slots[slot]).find(|slot| slot.visits > 0)
    }
}

/// Returns the half hour and the day.
fn slot_of(at: Timestamp) -> (usize, i64) {
    let seconds = at.as_unix_seconds();
    let day = seconds.div_euclid(86_400);
    // 1970-01-01 was a Thursday.
    let is_weekend = matches!(day.rem_euclid(7), 2 | 3);
    let half_hour = usize::try_from(seconds.rem_euclid(86_400) / 1800).unwrap_or(0);
    (half_hour + if is_weekend { HALF_HOURS } else { 0 }, day)
}

const HALF_HOURS: usize = 48;
/// A half hour is learned over twenty days of its kind: four weeks of working days.
const VISIT_WEIGHT: f64 = 0.05;
/// The spread of one hour is trusted as that of all hours after as many visits.
const PRIOR_VISITS: f64 = 2.0;
/// A spread below a ten-thousandth of the value is taken to be that.
const LEAST_SPREAD: f64 = 1e-4;
/// The weight of a sample in what lasts: ten samples or so.
const LASTING: f64 = 0.1;
