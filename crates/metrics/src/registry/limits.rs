//! How much a registry holds.

use crate::Violation;

/// How much a registry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Limits {
    /// How many series a metric may have. Further ones are counted together in a series with the label
    /// `overflow="true"`, and each time in `metrics_overflow_total`.
    pub max_series: usize,
    /// How many bytes a label's value may have. What has a longer one goes where the surplus series go.
    pub max_label_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_series: 20_000, max_label_bytes: 256 }
    }
}

impl Limits {
    /// Returns what is wrong with the limits; nothing, where they can be used.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let limits = [
            ("max-series", self.max_series, MOST_SERIES),
            ("max-label-bytes", self.max_label_bytes, MOST_LABEL_BYTES),
        ];
        limits
            .into_iter()
            .filter(|(_, value, most)| !(1..=*most).contains(value))
            .map(|(key, value, most)| {
                Violation::new(key, format!("{value} is not between 1 and {most}"))
            })
            .collect()
    }
}

/// A series takes some hundred bytes, and OpenTelemetry's SDK keeps room for all of an instrument's from the start.
const MOST_SERIES: usize = 200_000;

/// Longer texts are messages, not labels.
const MOST_LABEL_BYTES: usize = 4096;
