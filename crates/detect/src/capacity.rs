//! How much room is left, and for how long.
//!
//! ```
//! use wardkit_core::Timestamp;
//! use wardkit_detect::capacity::assess;
//! use wardkit_detect::forecast::Limit;
//!
//! let hour = |hour: u32| Timestamp::from_unix_seconds(i64::from(hour) * 3600);
//! let disk: Vec<_> = (0..168).map(|at| (hour(at), 50.0 + 0.1 * f64::from(at))).collect();
//! assert_eq!(
//!     assess("disk /", &disk, Limit::Above(100.0)).to_string(),
//!     "disk /: 67 % used, 66 % at most for 95 % of the time, grows by 2.4 % a day; at its limit in 14 d, 80 %: 14-14 d"
//! );
//! ```

use std::fmt;

use wardkit_core::Timestamp;

use crate::forecast::{Forecast, Limit, forecast};
use crate::stats::{median, number, quantile};

/// The room that a resource has.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct Capacity {
    /// The resource: `disk /`.
    pub name: String,
    /// Where it ends.
    pub limit: Limit,
    /// The last value; `None` when nothing was seen.
    pub now: Option<f64>,
    /// What it did not exceed for 95 % of the time; did not fall below, for a limit from above.
    pub peak: Option<f64>,
    /// How much it grows in a day; `None` from less than two days.
    pub per_day: Option<f64>,
    /// When it ends.
    pub forecast: Forecast,
}

/// Assesses a resource from its history; what is no number is passed over.
#[must_use]
pub fn assess(name: &str, history: &[(Timestamp, f64)], limit: Limit) -> Capacity {
    let mut known: Vec<_> =
        history.iter().filter(|(_, value)| value.is_finite()).copied().collect();
    known.sort_by_key(|(at, _)| *at);
    let values: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
    let share = match limit {
        Limit::Above(_) => 0.95,
        Limit::Below(_) => 0.05,
    };
    Capacity {
        name: name.to_owned(),
        limit,
        now: values.last().copied(),
        peak: (!values.is_empty()).then(|| quantile(&values, share)),
        per_day: per_day(&known),
        forecast: forecast(history, limit),
    }
}

impl Capacity {
    /// Returns the share of its limit that a value takes; `None` for a limit that is met from above, and for none.
    #[must_use]
    pub fn share(&self, value: f64) -> Option<f64> {
        match self.limit {
            Limit::Above(limit) if limit > 0.0 => Some(value / limit),
            _ => None,
        }
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name.escape_debug())?;
        let share = |value: Option<f64>| self.share(value?).map(|share| share * 100.0);
        if let (Some(now), Some(peak)) = (share(self.now), share(self.peak)) {
            write!(f, "{now:.0} % used, {peak:.0} % at most for 95 % of the time, ")?;
        }
        if let Some(rate) = share(self.per_day) {
            match rate {
                rate if rate >= 0.05 => write!(f, "grows by {rate:.1} % a day; ")?,
                rate if rate <= -0.05 => write!(f, "shrinks by {:.1} % a day; ", -rate)?,
                _ => f.write_str("hardly changes; ")?,
            }
        }
        match &self.forecast {
            Forecast::Unknown(unknown) => write!(f, "when it is at its limit is {unknown}"),
            known => write!(f, "at its limit {known}"),
        }
    }
}

/// Returns the median growth between samples a day apart, which no season of a day and no single jump bends.
fn per_day(known: &[(Timestamp, f64)]) -> Option<f64> {
    let mut earlier = 0;
    let mut rates = Vec::new();
    for (at, value) in known {
        let before =
            |index: usize| at.duration_since(known[index].0).map_or(0.0, |age| age.as_secs_f64());
        while before(earlier) > DAY * 1.05 {
            earlier += 1;
        }
        let age = before(earlier);
        if age >= DAY * 0.95 {
            rates.push((value - known[earlier].1) / age * DAY);
        }
    }
    let seen = known.last()?.0.duration_since(known[0].0)?;
    (seen.as_secs_f64() >= 2.0 * DAY * 0.95 && number(rates.len()) >= 12.0).then(|| median(&rates))
}

/// Seconds.
const DAY: f64 = 86_400.0;
