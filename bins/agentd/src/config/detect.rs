//! `[detect]`: what is unusual, and what will be short.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wardkit_metrics::history::Selector;

/// What agentd watches for the unusual, and how far it looks ahead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct DetectConfig {
    /// Whether anything is watched for the unusual.
    pub enabled: bool,
    /// The series that are watched, as `name{label="value"}`; counters by how fast they grow.
    pub series: Vec<String>,
    /// The most series that are watched; each takes 9 KiB at most.
    pub max_series: usize,
    /// How often each is judged, by its mean since the last time.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub every: Duration,
    /// The score, from 0 to 1, from which on a value is told as unusual.
    pub threshold: f64,
    /// For how long nothing more is told of a series after it was told as unusual.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub quiet: Duration,
    /// What ends within this time is told: a disk that gets full, memory that leaks away.
    #[serde(with = "wardkit_retry::duration")]
    #[schemars(with = "String")]
    pub warn_before: Duration,
}

impl Default for DetectConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            series: SERIES.map(str::to_owned).to_vec(),
            max_series: 64,
            every: Duration::from_mins(1),
            threshold: THRESHOLD,
            quiet: Duration::from_hours(1),
            warn_before: Duration::from_hours(72),
        }
    }
}

impl DetectConfig {
    /// Returns every rule that a value breaks: `(key, reason)`.
    pub(crate) fn violations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut refuse = |key: &str, reason: String| found.push((format!("detect.{key}"), reason));
        for (index, series) in self.series.iter().enumerate() {
            if let Err(error) = series.parse::<Selector>() {
                refuse(&format!("series[{index}]"), error.to_string());
            }
        }
        if !(1..=MOST_SERIES).contains(&self.max_series) {
            refuse("max-series", format!("must be from 1 to {MOST_SERIES}"));
        }
        if !(self.threshold > 0.0 && self.threshold <= 1.0) {
            refuse("threshold", "must be above 0 and at most 1".to_owned());
        }
        if !(Duration::from_secs(1)..=Duration::from_hours(1)).contains(&self.every) {
            refuse("every", "must be between 1s and 1h".to_owned());
        }
        found
    }
}

/// Above what the detector takes for worth a look: an event goes to people, and this makes a tenth of the false ones. The
/// score itself is a metric of its own.
const THRESHOLD: f64 = 0.6;
/// What tells first that a host is in trouble.
const SERIES: [&str; 9] = [
    "node_load1",
    "node_memory_MemAvailable_bytes",
    "node_filefd_allocated",
    "node_pressure_cpu_waiting_seconds_total",
    "node_pressure_io_waiting_seconds_total",
    "node_pressure_memory_waiting_seconds_total",
    "node_disk_io_time_seconds_total",
    "node_network_receive_bytes_total{device!=\"lo\"}",
    "node_network_transmit_bytes_total{device!=\"lo\"}",
];
/// 16 MiB of detectors.
const MOST_SERIES: usize = 1000;
