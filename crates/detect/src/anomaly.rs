//! A score for every sample of a series, from nothing but the samples before it.
//!
//! Ten numbers are taken of each sample: how high and how low it is, whether the mean of the last 24 or 96 samples
//! moved, whether the last 48 were more restless or stiller than usual, how far the sample is from what is usual at
//! its half hour of a working day or of the weekend, in absolute terms, in terms of that half hour's own spread and
//! for some time now, and whether the last ten samples followed from those before them. Each number is ranked in its
//! own past. The more surprising ranks weigh more, and together they are the score.
//!
//! ```
//! use wardkit_detect::anomaly::{Detector, Profile, Reason, DEFAULT_THRESHOLD};
//!
//! let mut detector = Detector::new(Profile::Small);
//! for sample in 0..2000 {
//!     assert!(detector.push(None, f64::from(sample % 7)).value < DEFAULT_THRESHOLD);
//! }
//! let score = detector.push(None, 40.0);
//! assert!(score.value >= DEFAULT_THRESHOLD);
//! assert!(score.reason.to_string().ends_with("more so than all 2000 samples before"));
//! ```
//!
//! Windows count samples, so feed a sample every one to ten minutes; a mean per minute will do where they come
//! faster. The hours are UTC.

mod average;
mod change;
mod features;
mod predict;
mod reason;
mod season;
mod tail;

use std::cmp::Ordering;
use std::time::Duration;

use wardkit_core::Timestamp;

use average::Average;
use features::{Feature, Features, LONG, Measured, SHORT, SPREAD, Shift};
use tail::{Rank, Tail};

pub use change::{ChangePoint, Changes};
pub use reason::{Reason, Side, Unusable, Unusual, What};

/// The score from which on a sample is worth a look: on the development half of a public corpus about five such
/// samples in a fortnight of one every five minutes, a third of them within labelled trouble.
pub const DEFAULT_THRESHOLD: f64 = 0.5;

/// How much memory a detector may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Profile {
    /// At most 16 KiB a series, in fact 8: for thousands of series.
    Small,
    /// At most 72 KiB a series, in fact 9: finer ranks.
    #[default]
    Full,
}

/// What a sample is, compared with everything before it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Score {
    /// From 0, as usual, to 1, as never before. It is 0 for what goes on from a sample that had more or nearly as
    /// much: each piece of trouble is told once.
    pub value: f64,
    /// The same, also for what goes on: for a chart.
    pub level: f64,
    /// Why.
    pub reason: Reason,
    /// The level has moved for good, as of this sample or some before it.
    pub change: Option<ChangePoint>,
}

/// Where a series usually is at a time of day.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
    features: Features,
    tails: Vec<Tail>,
    changes: Changes,
    pace: Pace,
    told: Option<Told>,
    samples: u64,
}

/// The last sample that had a score, which mutes those after it.
#[derive(Clone, Copy, Debug)]
struct Told {
    sample: u64,
    surprise: f32,
}

impl Detector {
    /// Creates a detector that knows nothing yet.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        let buckets = match profile {
            Profile::Small => 96,
            Profile::Full => 128,
        };
        Self {
            features: Features::new(),
            tails: vec![Tail::new(buckets); Feature::COUNT],
            changes: Changes::new(),
            pace: Pace::new(),
            told: None,
            samples: 0,
        }
    }

    /// Takes the next sample and scores it. Whatever cannot be scored has the score 0 and its own [`Reason`], and
    /// leaves what was learned as it was. Without times nothing is known of hours, and samples are taken to come at a
    /// steady pace.
    pub fn push(&mut self, at: Option<Timestamp>, value: f64) -> Score {
        let reason = if !value.is_finite() {
            Reason::Unusable(Unusable::NotFinite)
        } else if value.abs() > LARGEST {
            Reason::Unusable(Unusable::TooLarge)
        } else {
            match self.pace.step(at) {
                Step::Unusable(why) => Reason::Unusable(why),
                Step::Gap => {
                    self.learn(at, value);
                    Reason::AfterGap
                }
                Step::Next => return self.score(at, value),
            }
        };
        Score { value: 0.0, level: 0.0, reason, change: None }
    }

    /// Returns where the series is expected to be at a time, once that half hour was seen on another day.
    #[must_use]
    pub fn band(&self, at: Timestamp) -> Option<Band> {
        let (middle, spread) = self.features.season().expected(at)?;
        Some(Band { low: middle - WIDTH * spread, middle, high: middle + WIDTH * spread })
    }

    /// Returns the bytes that this detector holds, itself included. They do not grow.
    #[must_use]
    pub fn memory(&self) -> usize {
        let tails: usize = self.tails.iter().map(|tail| size_of::<Tail>() + tail.heap()).sum();
        size_of::<Self>() + self.features.heap() + tails
    }

    fn score(&mut self, at: Option<Timestamp>, value: f64) -> Score {
        let (measured, ranks) = self.learn(at, value);
        // With times it is the offset from the hour that must move, so that days are not changes.
        let off = match at {
            Some(_) => measured
                .residual
                .filter(|residual| residual.visits >= WELL_KNOWN)
                .map(|residual| residual.off),
            None => Some(value - measured.level),
        };
        let change = off.and_then(|off| self.changes.push(at, off, value));
        let surprise = together(&ranks);
        let level = scaled(surprise);
        let unusual = || unusual(&measured, &ranks, self.samples);
        if self.samples <= LEARNING {
            return Score { value: 0.0, level: 0.0, reason: Reason::Learning, change };
        }
        if surprise < LEAST {
            return Score { value: 0.0, level, reason: Reason::Usual, change };
        }
        if self.told.is_some_and(|told| {
            self.samples - told.sample < MUTED && surprise < told.surprise * LOUDER
        }) {
            return Score { value: 0.0, level, reason: Reason::Ongoing(unusual()), change };
        }
        let reason = if level < NOTABLE { Reason::Usual } else { Reason::Unusual(unusual()) };
        self.told = Some(Told { sample: self.samples, surprise });
        Score { value: level, level, reason, change }
    }

    fn learn(&mut self, at: Option<Timestamp>, value: f64) -> (Measured, [Rank; Feature::COUNT]) {
        let measured = self.features.measure(at, value);
        let mut ranks = [Rank::default(); Feature::COUNT];
        for ((tail, rank), strength) in
            self.tails.iter_mut().zip(&mut ranks).zip(measured.strengths)
        {
            if let Some(strength) = strength {
                *rank = tail.rank(strength);
                tail.add(strength);
            }
        }
        self.samples += 1;
        (measured, ranks)
    }
}

impl Default for Detector {
    fn default() -> Self {
        Self::new(Profile::default())
    }
}

/// Whether time goes on as it should.
#[derive(Clone, Debug)]
struct Pace {
    last: Option<Timestamp>,
    /// The latest of the samples whose time was before `last`, and how many there were in a row.
    behind: Option<(Timestamp, u32)>,
    interval: Average,
}

enum Step {
    Next,
    Gap,
    Unusable(Unusable),
}

impl Pace {
    fn new() -> Self {
        Self { last: None, behind: None, interval: Average::new(200.0) }
    }

    fn step(&mut self, at: Option<Timestamp>) -> Step {
        let Some(at) = at else { return Step::Next };
        let Some(last) = self.last else {
            self.last = Some(at);
            return Step::Next;
        };
        match at.cmp(&last) {
            Ordering::Equal => return Step::Unusable(Unusable::SameTime),
            Ordering::Less => return self.back(at),
            Ordering::Greater => {}
        }
        self.behind = None;
        self.last = Some(at);
        let interval = at.duration_since(last).map_or(0.0, |interval| interval.as_secs_f64());
        let usual = self.interval.mean();
        let is_gap = usual > 0.0 && interval > (GAP * usual).max(SHORTEST_GAP.as_secs_f64());
        self.interval.add(if usual > 0.0 { interval.min(GAP * usual) } else { interval });
        if is_gap { Step::Gap } else { Step::Next }
    }

    /// One sample from the past is a mistake; many that go on from each other are a clock that was set back.
    fn back(&mut self, at: Timestamp) -> Step {
        let row = self.behind.filter(|(latest, _)| at > *latest).map_or(1, |(_, row)| row + 1);
        self.behind = Some((at, row));
        if row >= SET_BACK {
            self.behind = None;
            self.last = Some(at);
        }
        Step::Unusable(Unusable::ClockWentBack)
    }
}

/// Returns the surprise of all ranks together. One alone may be chance; several that agree are not, but they share
/// their causes, so each further one counts less.
fn together(ranks: &[Rank; Feature::COUNT]) -> f32 {
    let mut surprises = ranks.map(|rank| rank.surprise);
    surprises.sort_unstable_by(|one, other| other.total_cmp(one));
    surprises.iter().rev().fold(0.0, |sum, surprise| surprise + FURTHER * sum)
}

/// Maps a surprise to 0..1; the default threshold is in the middle.
fn scaled(surprise: f32) -> f64 {
    f64::from(surprise / (surprise + MIDDLE))
}

/// Says what is most unusual about a sample.
fn unusual(measured: &Measured, ranks: &[Rank; Feature::COUNT], samples: u64) -> Unusual {
    let most = Feature::ALL.into_iter().max_by(|one, other| {
        ranks[*one as usize].surprise.total_cmp(&ranks[*other as usize].surprise)
    });
    let most = most.unwrap_or(Feature::High);
    let difference = measured.value - measured.level;
    // What has a rank was measured.
    let shifted = |shift: Option<Shift>, samples| {
        let Shift { now, before } = shift.unwrap_or_default();
        What::Shifted { now, before, samples }
    };
    let (residual, spread) =
        (measured.residual.unwrap_or_default(), measured.spread.unwrap_or_default());
    let what = match most {
        Feature::High | Feature::Low => {
            What::Level { side: Side::of(difference), by: difference.abs(), usual: measured.level }
        }
        Feature::ShortShift => shifted(measured.short, SHORT),
        Feature::LongShift => shifted(measured.long, LONG),
        Feature::Restless => What::Restless { spread, samples: SPREAD },
        Feature::Still => What::Still { spread, samples: SPREAD },
        Feature::Hour | Feature::HourScaled => {
            What::Hour { side: Side::of(residual.off), by: residual.off.abs() }
        }
        Feature::HourLasting => {
            What::Lasting { side: Side::of(residual.lasting), by: residual.lasting.abs() }
        }
        Feature::Unpredicted => What::Unpredicted,
    };
    Unusual { what, share: f64::from(ranks[most as usize].share), samples: samples - 1 }
}

/// The first days of a half hour do not tell what is usual there.
const WELL_KNOWN: u32 = 3;
/// Squares of larger ones would overflow.
const LARGEST: f64 = 1e150;
/// The windows are full by then.
const LEARNING: u64 = 100;
/// What each further rank counts for.
const FURTHER: f32 = 0.7;
/// The surprise that becomes 0.5.
const MIDDLE: f32 = 17.5;
/// No score at all below this surprise.
const LEAST: f32 = 1.5;
/// Scores below are called usual.
const NOTABLE: f64 = 0.25;
/// A sample is told within as many others of the last only when it is a tenth more surprising.
const MUTED: u64 = 90;
const LOUDER: f32 = 1.1;
/// A time without samples so many times as long as usual is a gap, if it is no shorter than an hour.
const GAP: f64 = 20.0;
const SHORTEST_GAP: Duration = Duration::from_hours(1);
/// So many samples in a row are earlier before the clock is taken to be set back.
const SET_BACK: u32 = 5;
/// A band is so many mean distances wide to each side: of a normal distribution 98 % are within.
const WIDTH: f64 = 3.0;
