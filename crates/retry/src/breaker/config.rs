//! When a breaker opens, and for how long.

use std::time::Duration;

use crate::Violation;

/// When a circuit breaker opens, for how long, and what closes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BreakerConfig {
    /// The shortest time that it stays open; up to half as long again is added at random.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub open_for: Duration,
    /// The number of calls that go through while it is half-open; when all of them succeed it closes.
    pub probes: u32,
    /// The longest pause that a target can ask of all callers.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub longest_pause: Duration,
    /// The failures that open it.
    pub trip: Trip,
}

/// The failures that open a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        tag = "kind",
        rename_all = "kebab-case",
        rename_all_fields = "kebab-case",
        deny_unknown_fields
    )
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Trip {
    /// So many failures one after another.
    Consecutive {
        /// The number of failures.
        failures: u32,
    },
    /// A share of the last calls.
    Ratio {
        /// The share of failures, in per cent.
        percent: u32,
        /// The number of last calls that count, 63 at most.
        window: u32,
        /// The number of calls below which it does not open.
        minimum: u32,
    },
}

impl BreakerConfig {
    /// Returns everything that is impossible or senseless; empty when it is fit for use.
    #[must_use]
    pub fn validate(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut check = |sound: bool, path: &str, reason: &str| {
            if !sound {
                found.push(Violation::new(path, reason));
            }
        };
        check(!self.open_for.is_zero(), "open-for", "must not be zero");
        check(self.open_for <= LONGEST, "open-for", "must be at most 1d");
        check(self.longest_pause <= LONGEST, "longest-pause", "must be at most 1d");
        check(self.probes > 0, "probes", "must be at least 1");
        match self.trip {
            Trip::Consecutive { failures } => {
                check(failures > 0, "trip.failures", "must be at least 1");
            }
            Trip::Ratio { percent, window, minimum } => {
                check((1..=100).contains(&percent), "trip.percent", "must be from 1 to 100");
                check((1..=63).contains(&window), "trip.window", "must be from 1 to 63");
                check(minimum > 0, "trip.minimum", "must be at least 1");
                check(minimum <= window, "trip.minimum", "must not be above trip.window");
            }
        }
        found
    }
}

impl Default for BreakerConfig {
    /// Opens for a second when half of the last 50 calls failed, but not below ten calls: a small bot never makes
    /// the hundred that larger systems wait for.
    fn default() -> Self {
        Self {
            open_for: Duration::from_secs(1),
            probes: 3,
            longest_pause: Duration::from_hours(1),
            trip: Trip::Ratio { percent: 50, window: 50, minimum: 10 },
        }
    }
}

const LONGEST: Duration = Duration::from_hours(24);
