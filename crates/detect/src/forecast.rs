//! When does something end: a disk, inodes, descriptors, memory, a quota, a certificate.
//!
//! ```
//! use wardkit_core::Timestamp;
//! use wardkit_detect::forecast::{Forecast, Limit, forecast};
//!
//! // A week of a disk in GB that grows by 0.2 an hour.
//! let hour = |hour: u32| Timestamp::from_unix_seconds(i64::from(hour) * 3600);
//! let disk: Vec<_> = (0..168).map(|at| (hour(at), 50.0 + 0.2 * f64::from(at))).collect();
//! let Forecast::Ends(ends) = forecast(&disk, Limit::Above(93.4)) else { panic!("it gets full") };
//! assert_eq!(ends.to_string(), "in 50 h, 80 %: 50-50 h");
//! ```

mod grid;
mod jumps;
mod level;
mod season;

use std::fmt;
use std::time::Duration;

use wardkit_core::Timestamp;

use crate::stats::number;
use grid::Grid;
use level::Mixture;
use season::Season;

/// Where a series ends.
///
/// Exhaustive on purpose: a limit is met from below or from above.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Limit {
    /// When it has risen to this: bytes used on a disk.
    Above(f64),
    /// When it has fallen to this: seconds until a certificate is void, bytes that are left.
    Below(f64),
}

/// What is to be expected of a series.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Forecast {
    /// It is at its limit already.
    Reached,
    /// It gets there.
    Ends(Ends),
    /// It does not get there within any time that can be told from what was seen.
    Steady,
    /// Nothing can be told.
    Unknown(Unknown),
}

/// When a series gets to its limit, counted from its last sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct Ends {
    /// As likely sooner as later.
    pub median: Duration,
    /// In one of ten cases sooner than this.
    pub low80: Duration,
    /// In one of ten cases later than this; `None` when one of ten never gets there, or not within two years.
    pub high80: Option<Duration>,
}

/// Why nothing can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Unknown {
    /// There are less than 48 hours of it.
    TooShort {
        /// How much there is.
        seen: Duration,
    },
    /// Too few of its hours have a value.
    TooFewHours {
        /// How many have one.
        seen: usize,
    },
    /// The limit is no number.
    NoLimit,
}

/// Tells when a series gets to its limit.
///
/// Samples may come in any order and at any interval; those without a finite value and those older than 60 days are
/// passed over. Seasons of up to two days and of a week are found and carried on. A single clean-up is not expected to
/// happen again; from the third on it is part of how the series behaves. The work is that of one pass over the samples
/// and some passes over at most 1440 hours.
#[must_use]
pub fn forecast(history: &[(Timestamp, f64)], limit: Limit) -> Forecast {
    let (sign, limit) = match limit {
        Limit::Above(limit) => (1.0, limit),
        Limit::Below(limit) => (-1.0, -limit),
    };
    if !limit.is_finite() {
        return Forecast::Unknown(Unknown::NoLimit);
    }
    // To see that something is full takes no history.
    let finite = history.iter().filter(|(_, value)| value.is_finite());
    if finite.max_by_key(|(at, _)| *at).is_some_and(|(_, last)| sign * last >= limit) {
        return Forecast::Reached;
    }
    let grid = match Grid::new(history, sign) {
        Ok(grid) => grid,
        Err(unknown) => return Forecast::Unknown(unknown),
    };
    // Everything below is about numbers near one, whatever the unit.
    let scale = grid.scale(limit);
    let mut hours: Vec<Option<f64>> =
        grid.hours.iter().map(|hour| hour.map(|value| (value - limit) / scale)).collect();
    jumps::remove(&mut hours, -limit / scale);
    let season = Season::take_from(&mut hours);
    jumps::remove(&mut hours, -limit / scale);
    let level = Mixture::fit(&hours);
    when(&level, &season, &grid)
}

/// Finds when the chance of having been at the limit exceeds one, five and nine tenths.
fn when(level: &Mixture, season: &Season, grid: &Grid) -> Forecast {
    let seen = grid.hours.len();
    let chance = |ahead: f64| level.chance_above(ahead + grid.age, -season.ahead(ahead + grid.age));
    let mut quantiles = [None; 3];
    for step in 0..FARTHEST {
        let reached = chance(number(step));
        for (quantile, share) in quantiles.iter_mut().zip([0.1, 0.5, 0.9]) {
            if quantile.is_none() && reached >= share {
                *quantile = Some(crossing(chance, number(step), share));
            }
        }
        if quantiles[2].is_some() {
            break;
        }
    }
    let [Some(low), Some(median), high] = quantiles else { return Forecast::Steady };
    // What is steady but for its noise gets anywhere in the end. Beyond ten times what was seen, only what is sure of
    // its pace is believed: a certificate, not a disk that hardly moves.
    let sure = high.is_some_and(|high| high - low < 0.5 * median);
    if low > 10.0 * number(seen) && !sure {
        return Forecast::Steady;
    }
    let hours = |hours: f64| Duration::from_secs_f64(hours * 3600.0);
    Forecast::Ends(Ends { median: hours(median), low80: hours(low), high80: high.map(hours) })
}

/// Finds the moment in the hour before `end` from which the chance is at least `share`.
fn crossing(chance: impl Fn(f64) -> f64, end: f64, share: f64) -> f64 {
    let (mut low, mut high) = ((end - 1.0).max(0.0), end);
    // To within a minute.
    for _ in 0..6 {
        let middle = f64::midpoint(low, high);
        if chance(middle) >= share { high = middle } else { low = middle }
    }
    high
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reached => f.write_str("now"),
            Self::Ends(ends) => ends.fmt(f),
            Self::Steady => f.write_str("not in sight"),
            Self::Unknown(unknown) => unknown.fmt(f),
        }
    }
}

impl fmt::Display for Ends {
    /// Prints `in 31 h, 80 %: 24-45 h`, from three days on in days.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, seconds) =
            if self.median < Duration::from_hours(72) { ("h", 3600.0) } else { ("d", 86_400.0) };
        let count = |time: Duration| time.as_secs_f64() / seconds;
        let (median, low) = (count(self.median), count(self.low80));
        match self.high80 {
            Some(high) => {
                write!(f, "in {median:.0} {unit}, 80 %: {low:.0}-{:.0} {unit}", count(high))
            }
            None => write!(f, "in {median:.0} {unit}, 80 %: {low:.0} {unit} or much later"),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { seen } => {
                write!(f, "unknown: {:.0} h of 48 h were seen", seen.as_secs_f64() / 3600.0)
            }
            Self::TooFewHours { seen } => write!(f, "unknown: only {seen} hours have a value"),
            Self::NoLimit => f.write_str("unknown: the limit is no number"),
        }
    }
}

/// Hours that are looked ahead: two years.
const FARTHEST: usize = 2 * 365 * 24;
