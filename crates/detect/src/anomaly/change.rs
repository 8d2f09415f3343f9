//! Where the level of a series moved for good.

use wardkit_core::Timestamp;

/// A point from which on the level of a series is another one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ChangePoint {
    /// The time of the first sample at the new level, if samples have times.
    pub at: Option<Timestamp>,
    /// How many samples ago that was.
    pub samples_ago: u32,
    /// The mean before.
    pub before: f64,
    /// The mean since; where hours differ, what it will be over all of them.
    pub after: f64,
}

/// Finds change points in a stream: a cumulative sum to each side, in constant memory.
///
/// Only a level that stays counts. A peak of a few samples is none, however high.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Of what is compared, which may be without its season.
    mean: f64,
    /// The mean distance from it.
    spread: f64,
    /// The mean of the values themselves.
    level: f64,
    samples: u32,
    up: Drift,
    down: Drift,
}

/// How far the samples since some point lie to one side.
#[derive(Clone, Copy, Debug, Default)]
struct Drift {
    sum: f64,
    since: u32,
    at: Option<Timestamp>,
    compared: f64,
}

impl Changes {
    /// Creates one that knows nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        let none = Drift { sum: 0.0, since: 0, at: None, compared: 0.0 };
        Self { mean: 0.0, spread: 0.0, level: 0.0, samples: 0, up: none, down: none }
    }

    /// Takes the next sample: what is compared, such as the value without its season, and the value itself. Numbers
    /// that are not finite are passed over.
    pub fn push(
        &mut self,
        at: Option<Timestamp>,
        compared: f64,
        value: f64,
    ) -> Option<ChangePoint> {
        if !compared.is_finite() || !value.is_finite() {
            return None;
        }
        if self.samples >= BASELINE {
            let scale = (self.spread * NORMAL).max(LEAST * self.level.abs());
            if scale > 0.0 {
                let off = ((compared - self.mean) / scale).clamp(-MOST, MOST);
                self.up.add(off - SLACK, at, compared);
                self.down.add(-off - SLACK, at, compared);
            } else if (compared - self.mean).abs() > 0.0 {
                self.up.add(MOST, at, compared);
            }
            for drift in [self.up, self.down] {
                if drift.sum > LIMIT && drift.since >= LASTING {
                    return Some(self.changed(drift));
                }
            }
        }
        self.learn(compared, value);
        None
    }

    fn changed(&mut self, drift: Drift) -> ChangePoint {
        let mean = drift.compared / f64::from(drift.since);
        let (before, after) = (self.level, self.level + mean - self.mean);
        // The new level is known as well as these samples tell; how restless the series is stays known.
        *self = Self { mean, level: after, samples: BASELINE, spread: self.spread, ..Self::new() };
        ChangePoint { at: drift.at, samples_ago: drift.since - 1, before, after }
    }

    fn learn(&mut self, compared: f64, value: f64) {
        self.samples = self.samples.saturating_add(1);
        let rate = (1.0 / f64::from(self.samples)).max(RATE);
        let off = (compared - self.mean).abs();
        let most = if self.samples > BASELINE { MOST * self.spread } else { f64::INFINITY };
        if self.up.since == 0 && self.down.since == 0 || self.samples <= BASELINE {
            self.mean += rate * (compared - self.mean);
            self.level += rate * (value - self.level);
        }
        self.spread += rate * (off.min(most) - self.spread);
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self::new()
    }
}

impl Drift {
    fn add(&mut self, by: f64, at: Option<Timestamp>, compared: f64) {
        self.sum += by;
        if self.sum <= 0.0 {
            *self = Self::default();
            return;
        }
        if self.since == 0 {
            self.at = at;
        }
        self.since = self.since.saturating_add(1);
        self.compared += compared;
    }
}

/// As many samples are a first idea of the level.
const BASELINE: u32 = 100;
/// Afterwards half of the weight is in the last 200: a season that learns a change is followed.
const RATE: f64 = 1.0 / 300.0;
/// A level that moved by less than this, in deviations, is not looked for.
const SLACK: f64 = 2.0;
/// How much, in deviations beyond the slack, must come together.
const LIMIT: f64 = 50.0;
/// One sample counts for no more than so many deviations, so that a change takes several.
const MOST: f64 = 5.0;
/// A change lasts at least as many samples.
const LASTING: u32 = 12;
/// A deviation below a thousandth of the level is taken to be that.
const LEAST: f64 = 1e-3;
/// The deviation of a normal distribution in mean distances.
const NORMAL: f64 = 1.25;
