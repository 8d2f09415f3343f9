//! Samples at any time, as hours that end with the last of them.

use std::time::Duration;

use wardkit_core::Timestamp;

use super::Unknown;
use crate::stats::{median, number};

/// The hours up to the last sample, the earliest first.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    /// The median of each hour, `None` where there was no sample.
    pub(super) hours: Vec<Option<f64>>,
    /// How long before the last sample the values of an hour lie in the middle, in hours.
    pub(super) age: f64,
}

impl Grid {
    /// Sorts samples into hours; each value is multiplied by `sign`.
    pub(super) fn new(history: &[(Timestamp, f64)], sign: f64) -> Result<Self, Unknown> {
        let usable =
            || history.iter().filter(|(_, value)| value.is_finite() && value.abs() < 1e300);
        let Some(last) = usable().max_by_key(|(at, _)| *at) else {
            return Err(Unknown::TooShort { seen: Duration::ZERO });
        };
        let mut slots: Vec<Vec<f64>> = Vec::new();
        let mut seen = Duration::ZERO;
        let mut ages = Vec::new();
        for (at, value) in usable() {
            let Some(age) = last.0.duration_since(*at).filter(|age| *age < OLDEST) else {
                continue;
            };
            seen = seen.max(age);
            let slot = usize::try_from(age.as_secs() / 3600).unwrap_or(0);
            if slots.len() <= slot {
                slots.resize(slot + 1, Vec::new());
            }
            slots[slot].push(sign * value);
            if slot == 0 {
                ages.push(age.as_secs_f64() / 3600.0);
            }
        }
        // An hour that was seen in part has its median at another moment than the others.
        if let [.., before, oldest] = &slots[..]
            && 2 * oldest.len() < before.len()
        {
            slots.pop();
        }
        // A sample an hour for two days spans 47 hours.
        if seen < Duration::from_hours(47) {
            return Err(Unknown::TooShort { seen });
        }
        let filled = slots.iter().filter(|slot| !slot.is_empty()).count();
        if filled < LEAST_HOURS {
            return Err(Unknown::TooFewHours { seen: filled });
        }
        let hours = slots.iter().rev().map(|slot| (!slot.is_empty()).then(|| median(slot)));
        Ok(Self { hours: hours.collect(), age: median(&ages) })
    }

    /// Returns a number to divide by, so that the distances to the limit are about one.
    pub(super) fn scale(&self, limit: f64) -> f64 {
        let distances = self.hours.iter().flatten().map(|value| (value / 2.0 - limit / 2.0).abs());
        let count = number(self.hours.iter().flatten().count());
        let mean: f64 = distances.map(|distance| distance / count * 2.0).sum();
        mean.clamp(f64::MIN_POSITIVE, 1e300)
    }
}

/// What is older is not looked at: disks are used otherwise by then, and the work stays bounded.
const OLDEST: Duration = Duration::from_hours(60 * 24);

/// Hours that must have a value; fewer have no noise to measure.
const LEAST_HOURS: usize = 12;
