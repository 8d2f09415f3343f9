//! How much programs may send.

use std::time::Duration;

use crate::Violation;

/// What programs may send, and how long it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct IngestConfig {
    /// The largest body, in bytes.
    pub max_body: usize,
    /// The longest line, in bytes.
    pub max_line: usize,
    /// The longest label value, in bytes.
    pub max_label_value: usize,
    /// The most labels of a series.
    pub max_labels: usize,
    /// The most families, in one body and altogether.
    pub max_families: usize,
    /// The most series of one family; the surplus is counted.
    pub max_series_per_family: usize,
    /// The most series altogether; the surplus is counted.
    pub max_series: usize,
    /// How long a series is kept after the last push that has it.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub expire_after: Duration,
}

impl Default for IngestConfig {
    fn default() -> Self {
        Self {
            max_body: 16 << 20,
            max_line: 16 << 10,
            max_label_value: 1024,
            max_labels: 32,
            max_families: 2000,
            max_series_per_family: 20_000,
            max_series: 100_000,
            expire_after: Duration::from_mins(5),
        }
    }
}

impl IngestConfig {
    /// Returns everything that is wrong with the configuration.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for (key, value, least, most) in [
            ("max-body", self.max_body, 1, MOST_BODY),
            ("max-line", self.max_line, 64, 1 << 20),
            ("max-label-value", self.max_label_value, 1, 1 << 16),
            ("max-labels", self.max_labels, 1, MOST_LABELS),
            ("max-families", self.max_families, 1, 100_000),
            ("max-series-per-family", self.max_series_per_family, 1, MOST_SERIES_OF_FAMILY),
            ("max-series", self.max_series, 1, 1_000_000),
        ] {
            if !(least..=most).contains(&value) {
                found.push(Violation::new(
                    key,
                    format!("{value} is not between {least} and {most}"),
                ));
            }
        }
        if !(Duration::from_secs(1)..=Duration::from_hours(24)).contains(&self.expire_after) {
            found.push(Violation::new("expire-after", "must be between 1s and 1d"));
        }
        found
    }
}

/// A body is in memory while it is read.
const MOST_BODY: usize = 256 << 20;
/// Labels of a sample are compared with one another while they are sorted.
const MOST_LABELS: usize = 256;
/// What dashboards and scrapers can bear of one name.
const MOST_SERIES_OF_FAMILY: usize = 20_000;
