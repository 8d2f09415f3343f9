//! Does a process lose memory: the floor under its hourly minima, which collectors, caches and daily load do not lift.
//!
//! ```
//! use wardkit_core::Timestamp;
//! use wardkit_detect::leak::{LeakWatch, Verdict};
//!
//! let mut watch = LeakWatch::new();
//! for minute in 0..72 * 60 {
//!     let leaked = f64::from(minute) / 60.0 * 0.5e6; // half a megabyte an hour
//!     watch.push(Timestamp::from_unix_seconds(i64::from(minute) * 60), 200e6 + leaked);
//! }
//! let Verdict::Leaking(leak) = watch.verdict() else { panic!("it leaks") };
//! assert_eq!(leak.to_string(), "grows 0.5 MB an hour, 30 MB in 60 h, and gives nothing back");
//! ```

mod rule;

use std::collections::VecDeque;
use std::fmt;

use wardkit_core::Timestamp;

/// Watches the resident memory of one process: a minimum for each of the last seven days' hours.
///
/// Begin anew, or call [`LeakWatch::restarted`], when the process does. Samples may come at any interval up to an hour.
/// Anonymous memory (`RssAnon` in `/proc/PID/status`) is the better number where it is known: files that are mapped
/// come and go, and grow with the data, without a leak.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeakWatch {
    /// Since 1970, of the hour that is open; `None` before the first sample.
    hour: Option<i64>,
    /// The smallest value of the open hour, in bytes.
    open: Option<f64>,
    /// The smallest values of the hours before, `None` where nothing was seen.
    floors: VecDeque<Option<f64>>,
    /// Hours of warm-up that are still to come.
    warming: u32,
}

/// What is known about a process's memory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Verdict {
    /// It was watched for too short a time, or with too many gaps; so many hours are missing at least.
    Learning {
        /// Hours still to watch.
        hours: usize,
    },
    /// Nothing tells of a leak.
    Clean,
    /// It grows and gives nothing back.
    Leaking(Leak),
}

/// How a process leaks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub struct Leak {
    /// Bytes an hour.
    pub per_hour: f64,
    /// The hours it was judged on.
    pub hours: usize,
    /// Bytes in these hours.
    pub grown: f64,
}

impl Default for LeakWatch {
    fn default() -> Self {
        Self::new()
    }
}

impl LeakWatch {
    /// Creates a watch over a process that began just now.
    #[must_use]
    pub fn new() -> Self {
        Self { hour: None, open: None, floors: VecDeque::new(), warming: WARM_UP }
    }

    /// Takes a sample of the resident memory, in bytes.
    ///
    /// What is no amount, and what comes from before the open hour (the clock was set back), is passed over.
    pub fn push(&mut self, at: Timestamp, bytes: f64) {
        if !bytes.is_finite() || bytes < 0.0 {
            return;
        }
        let hour = at.as_unix_seconds().div_euclid(3600);
        let before = *self.hour.get_or_insert(hour);
        if hour < before {
            return;
        }
        if hour > before {
            self.close(hour.abs_diff(before));
            self.hour = Some(hour);
        }
        self.open = Some(self.open.map_or(bytes, |open| open.min(bytes)));
    }

    /// Forgets what was seen: the process is another.
    pub fn restarted(&mut self) {
        *self = Self::new();
    }

    /// Judges the hours that are complete, at most the last seven days. The open hour counts when it is the last that
    /// is missing.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let open = (self.warming == 0).then_some(self.open);
        let floors: Vec<Option<f64>> = self.floors.iter().copied().chain(open).collect();
        let missing =
            usize::try_from(self.warming).unwrap_or(0) + NEEDED.saturating_sub(floors.len());
        if missing > 0 {
            return Verdict::Learning { hours: missing };
        }
        rule::judge(&floors)
    }

    /// Returns the bytes that it holds, at most.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.floors.capacity() * size_of::<Option<f64>>()
    }

    /// Closes the open hour, and those after it of which nothing was seen.
    fn close(&mut self, hours: u64) {
        let seen = self.open.take();
        // A clock that jumps a year ahead costs no more than the hours that are kept.
        let hours = usize::try_from(hours).unwrap_or(usize::MAX).min(KEPT);
        for index in 0..hours {
            if self.warming > 0 {
                self.warming -= 1;
                continue;
            }
            while self.floors.len() >= KEPT {
                self.floors.pop_front();
            }
            self.floors.push_back(seen.filter(|_| index == 0));
        }
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rate, grown) = (self.per_hour / 1e6, self.grown / 1e6);
        let hours = self.hours;
        write!(f, "grows {rate:.1} MB an hour, {grown:.0} MB in {hours} h, and gives nothing back")
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Learning { hours } => write!(f, "too early to tell; {hours} h are missing"),
            Self::Clean => f.write_str("no leak"),
            Self::Leaking(leak) => leak.fmt(f),
        }
    }
}

/// Hours at the start that are not judged: caches fill, pools grow.
const WARM_UP: u32 = 12;

/// Hours without which nothing is said: two and a half days, so that each time of day is seen twice and compared.
const NEEDED: usize = 60;

/// Hours that are kept: a week, the longest season that processes follow.
const KEPT: usize = 168;
