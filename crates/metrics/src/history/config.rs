//! How long what is kept, and how much of it.

use crate::Violation;

/// How long the history is kept, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// For how many days samples are kept as they were taken.
    pub raw_days: u32,
    /// For how many days a row a minute is kept.
    pub minute_days: u32,
    /// For how many days a row a quarter of an hour is kept.
    pub quarter_days: u32,
    /// The most MiB that the history takes on the disk, its index apart; what is oldest for its kind goes first.
    pub max_mib: u64,
    /// The most series that are taken in; those that come later are counted and not kept.
    pub max_series: u32,
    /// The most MiB of memory that samples take until they are written as blocks, which is sooner when it is reached.
    pub open_mib: u32,
    /// For how many seconds samples may be lost when the machine loses power; a kill of the program loses none.
    pub sync_seconds: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            raw_days: 3,
            minute_days: 30,
            quarter_days: 730,
            max_mib: 1024,
            max_series: 20_000,
            open_mib: 16,
            sync_seconds: 60,
        }
    }
}

impl Config {
    /// Returns every rule that a value breaks.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut check = |key: &str, value: u64, least: u64, most: u64, unit: &str| {
            if !(least..=most).contains(&value) {
                found.push(Violation::new(key, format!("must be {least} to {most}{unit}")));
            }
        };
        check("raw-days", self.raw_days.into(), LEAST_RAW, LONGEST, " days");
        check("minute-days", self.minute_days.into(), LEAST_MINUTE, LONGEST, " days");
        check("quarter-days", self.quarter_days.into(), LEAST_MINUTE, LONGEST, " days");
        check("max-mib", self.max_mib, 16, 1 << 20, " MiB");
        check("max-series", self.max_series.into(), 1, 1_000_000, "");
        check("open-mib", self.open_mib.into(), 1, 1024, " MiB");
        check("sync-seconds", self.sync_seconds.into(), 1, 3600, " seconds");
        found
    }
}

/// Rows a minute are made of samples half a day old; a day more lets a host be off in between.
const LEAST_RAW: u64 = 2;
/// Rows a quarter of an hour are made of those a minute when a week is over.
const LEAST_MINUTE: u64 = 15;
const LONGEST: u64 = 3660;
