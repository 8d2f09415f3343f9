//! What of a sample could be unusual: ten numbers that grow with it.

use std::collections::VecDeque;

use wardkit_core::Timestamp;

use super::average::Average;
use super::predict::Predictor;
use super::season::{Residual, Season};

/// One kind of unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    High,
    Low,
    ShortShift,
    LongShift,
    Restless,
    Still,
    Hour,
    HourScaled,
    HourLasting,
    Unpredicted,
}

/// The past of a series that samples are compared with.
#[derive(Clone, Debug)]
pub(super) struct Features {
    /// Newest last.
    recent: VecDeque<f64>,
    level: Average,
    before_short: Average,
    before_long: Average,
    predictor: Predictor,
    season: Season,
}

/// What was found about a sample.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Measured {
    /// By [`Feature`], as far as there is something to compare with.
    pub strengths: [Option<f64>; Feature::COUNT],
    pub value: f64,
    pub level: f64,
    pub short: Option<Shift>,
    pub long: Option<Shift>,
    pub spread: Option<f64>,
    pub residual: Option<Residual>,
}

/// The mean of the last samples, and the one of those before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shift {
    pub now: f64,
    pub before: f64,
}

impl Feature {
    pub(super) const COUNT: usize = Self::ALL.len();
    pub(super) const ALL: [Self; 10] = [
        Self::High,
        Self::Low,
        Self::ShortShift,
        Self::LongShift,
        Self::Restless,
        Self::Still,
        Self::Hour,
        Self::HourScaled,
        Self::HourLasting,
        Self::Unpredicted,
    ];
}

impl Features {
    pub(super) fn new() -> Self {
        Self {
            recent: VecDeque::with_capacity(LONG + 1),
            level: Average::new(1000.0),
            before_short: Average::new(200.0),
            before_long: Average::new(1000.0),
            predictor: Predictor::new(),
            season: Season::new(),
        }
    }

    /// Measures a sample against its past, and makes it a part of it.
    pub(super) fn measure(&mut self, at: Option<Timestamp>, value: f64) -> Measured {
        let value = self.tamed(value);
        let level = if self.recent.is_empty() { value } else { self.level.mean() };
        let unpredicted = self.predictor.measure(self.recent.iter().rev().copied(), value);
        if self.recent.len() > LONG {
            self.recent.pop_front();
        }
        self.recent.push_back(value);
        let residual = self.season.measure(at, value);
        let short = shift(&self.recent, SHORT, &mut self.before_short);
        let long = shift(&self.recent, LONG, &mut self.before_long);
        let spread = self.spread();
        self.level.add(value);

        let difference = value - level;
        // What rounding leaves is nothing.
        let noise = NOISE * value.abs().max(level.abs());
        let heard = |strength: f64| if strength > noise { strength } else { 0.0 };
        let moved =
            |shift: Option<Shift>| shift.map(|shift| heard((shift.now - shift.before).abs()));
        let strengths = [
            Some(heard(difference)),
            Some(heard(-difference)),
            moved(short),
            moved(long),
            spread.map(heard),
            spread.map(|spread| stillness(spread, level)),
            residual.map(|residual| heard(residual.off.abs())),
            residual.map(
                |residual| if heard(residual.off.abs()) > 0.0 { residual.scaled } else { 0.0 },
            ),
            residual.map(|residual| heard(residual.lasting.abs())),
            unpredicted,
        ];
        Measured { strengths, value, level, short, long, spread, residual }
    }

    pub(super) const fn season(&self) -> &Season {
        &self.season
    }

    /// Returns the bytes on the heap.
    pub(super) fn heap(&self) -> usize {
        self.recent.capacity() * size_of::<f64>() + self.season.heap()
    }

    /// Returns the value, or ten times the largest of late when it is beyond that: one absurd sample shall not move
    /// means for weeks, and a true rise gets there in a few.
    fn tamed(&self, value: f64) -> f64 {
        let largest = self.recent.iter().fold(0.0_f64, |largest, recent| largest.max(recent.abs()));
        if largest > 0.0 { value.clamp(-LEAP * largest, LEAP * largest) } else { value }
    }

    /// Returns the standard deviation of the last samples.
    fn spread(&self) -> Option<f64> {
        let window = || self.recent.iter().rev().take(SPREAD);
        if self.recent.len() <= SPREAD {
            return None;
        }
        let mean = window().sum::<f64>() / SPREAD_SAMPLES;
        let squares: f64 = window().map(|value| (value - mean) * (value - mean)).sum();
        Some((squares / SPREAD_SAMPLES).sqrt())
    }
}

/// Compares the mean of the last samples with that of those before. What leaves the window becomes part of the latter.
fn shift(recent: &VecDeque<f64>, window: usize, before: &mut Average) -> Option<Shift> {
    let left = recent.len().checked_sub(window + 1)?;
    before.add(recent[left]);
    let (mut sum, mut samples) = (0.0, 0.0);
    for value in recent.range(left + 1..) {
        sum += value;
        samples += 1.0;
    }
    Some(Shift { now: sum / samples, before: before.mean() })
}

/// Returns how still a spread is at a level.
fn stillness(spread: f64, level: f64) -> f64 {
    let still = 1.0 / (spread + STILL * level.abs());
    if still.is_finite() { still } else { 0.0 }
}

pub(super) const SHORT: usize = 24;
pub(super) const LONG: usize = 96;
pub(super) const SPREAD: usize = 48;
const SPREAD_SAMPLES: f64 = 48.0;
/// A spread of a thousandth of the level is as still as it gets.
const STILL: f64 = 1e-3;
const LEAP: f64 = 10.0;
/// Relative to the value: far above what adding a hundred numbers leaves, far below what anybody measures.
const NOISE: f64 = 1e-9;
