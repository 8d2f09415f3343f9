//! Anomalies, forecasts, leaks and bottlenecks from plain numbers, in bounded memory.
//!
//! Everything here is a pure function, or a state that takes one sample at a time: no clock, no files, no network, no
//! model to train. The same numbers give the same answers, on every machine and in every replay.
//!
//! ```
//! use wardkit_core::Timestamp;
//! use wardkit_detect::forecast::{Limit, forecast};
//!
//! // A week of a disk that holds 100 GB and grows by 0.2 an hour.
//! let hour = |hour: u32| Timestamp::from_unix_seconds(i64::from(hour) * 3600);
//! let disk: Vec<_> = (0..168).map(|at| (hour(at), 60.0 + 0.2 * f64::from(at))).collect();
//! assert_eq!(forecast(&disk, Limit::Above(100.0)).to_string(), "in 33 h, 80 %: 33-33 h");
//! ```
//!
//! # Main types
//!
//! | type | what it answers |
//! |---|---|
//! | [`anomaly::Detector`] | is this sample strange, and why |
//! | [`forecast::forecast`], [`forecast::Forecast`], [`forecast::Limit`] | when does it end, with an 80 % interval, or why nobody can tell |
//! | [`capacity::assess`], [`capacity::Capacity`] | how much room is there, and for how long |
//! | [`leak::LeakWatch`], [`leak::Verdict`] | does a process lose memory |
//! | [`bottleneck::judge`], [`bottleneck::Usage`], [`bottleneck::Report`] | which resource is short, and who uses it most |
//! | [`profile::Profiles`], [`profile::Deviation`] | does this actor usually do that |
//! | [`correlate::companions`], [`correlate::Companion`] | which other series moved with it |
//!
//! # Features
//!
//! - `serde`: scores, verdicts and reports as data; a `LeakWatch` can be kept, a `Detector` learns anew.
//!
//! # What it does not do
//!
//! It measures nothing and keeps no history: `wardkit-metrics` does. It raises no alert. A forecast carries on what was
//! seen; that somebody will copy a disk tomorrow, no history knows.

pub mod anomaly;
pub mod bottleneck;
pub mod capacity;
pub mod correlate;
pub mod forecast;
pub mod leak;
pub mod profile;
mod stats;
