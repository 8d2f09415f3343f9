//! What an operator declares.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// What is measured beside what programs and the host tell by themselves.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", default, deny_unknown_fields)
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct BusinessConfig {
    /// Metrics from the lines of log files.
    pub log: Vec<LogMetricConfig>,
    /// Metrics from numbers in JSON that services tell over HTTP.
    pub http: Vec<HttpMetricConfig>,
    /// Metrics worked out from other metrics at each interval.
    pub aggregate: Vec<AggregateConfig>,
}

/// A metric from the lines of a log file.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", default, deny_unknown_fields)
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LogMetricConfig {
    /// The log file; it is followed through rotation.
    pub file: PathBuf,
    /// The regular expression that a line must match. Its named groups give the labels; the group `value` gives the
    /// number, and the group `unit` the unit that stands in the line.
    pub pattern: String,
    /// The metric's name.
    pub name: String,
    /// What it means, in one sentence.
    pub help: String,
    /// What it measures. A counter without the group `value` counts lines.
    pub kind: DeclaredKind,
    /// The groups that become labels.
    pub labels: Vec<String>,
    /// The unit of the group `value`; times become seconds and sizes bytes.
    pub unit: Unit,
    /// The upper bounds of a histogram's buckets, rising. While empty, those for times of answers: 5 ms to 10 s.
    pub buckets: Vec<f64>,
    /// The most series; the surplus is counted.
    pub max_series: usize,
}

/// A metric from a number in JSON that a service tells over HTTP.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", default, deny_unknown_fields)
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct HttpMetricConfig {
    /// The address that is asked. Metrics of one address share its answer.
    pub url: String,
    /// How often it is asked.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub interval: Duration,
    /// Where the number stands, as a JSON pointer: `/queue/depth`. One part may be `*`, which stands for every
    /// element of an array or object.
    pub pointer: String,
    /// The metric's name.
    pub name: String,
    /// What it means, in one sentence.
    pub help: String,
    /// What it measures: `gauge`, or `counter` for a total that the service keeps.
    pub kind: DeclaredKind,
    /// The label that tells which element a number is of; needed where the pointer has a `*`.
    pub each: String,
    /// Labels with fixed values.
    pub labels: BTreeMap<String, String>,
    /// The unit of the number; times become seconds and sizes bytes.
    pub unit: Unit,
}

/// A metric worked out from others.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case", default, deny_unknown_fields)
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AggregateConfig {
    /// The metric's name.
    pub name: String,
    /// What it means, in one sentence.
    pub help: String,
    /// How it is worked out.
    pub op: AggregateOp,
    /// The metric that it is worked out from.
    pub of: String,
    /// Only series with these labels count.
    #[cfg_attr(feature = "serde", serde(rename = "where"))]
    pub of_where: BTreeMap<String, String>,
    /// For `ratio`: the metric that `of` is divided by.
    pub over: String,
    /// For `ratio`: only series with these labels count below the line.
    pub over_where: BTreeMap<String, String>,
    /// The labels that are kept; series that differ only in others become one.
    pub by: Vec<String>,
    /// For `rate`, and for `ratio` of counters: the time over which their growth is compared.
    #[cfg_attr(feature = "serde", serde(with = "crate::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub window: Duration,
}

/// What a declared metric measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum DeclaredKind {
    /// Only grows.
    #[default]
    Counter,
    /// Goes up and down; the last value counts.
    Gauge,
    /// How often values fell into ranges.
    Histogram,
}

/// How a metric is worked out from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum AggregateOp {
    /// The sum.
    #[default]
    Sum,
    /// The mean.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// How many series there are.
    Count,
    /// The growth a second of counters over the window.
    Rate,
    /// The sum of `of` divided by that of `over`; of counters, their growth over the window.
    Ratio,
}

/// The unit in which a number is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Unit {
    /// As it stands.
    #[default]
    None,
    /// Nanoseconds.
    Nanoseconds,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Percent, which become a share of one.
    Percent,
    /// 1000 bytes.
    Kilobytes,
    /// 1000 kilobytes.
    Megabytes,
    /// 1000 megabytes.
    Gigabytes,
    /// 1024 bytes.
    Kibibytes,
    /// 1024 kibibytes.
    Mebibytes,
    /// 1024 mebibytes.
    Gibibytes,
}

impl Default for LogMetricConfig {
    fn default() -> Self {
        Self {
            file: PathBuf::new(),
            pattern: String::new(),
            name: String::new(),
            help: String::new(),
            kind: DeclaredKind::Counter,
            labels: Vec::new(),
            unit: Unit::None,
            buckets: Vec::new(),
            max_series: 1000,
        }
    }
}

impl Default for HttpMetricConfig {
    fn default() -> Self {
        Self {
            url: String::new(),
            interval: Duration::from_secs(30),
            pointer: String::new(),
            name: String::new(),
            help: String::new(),
            kind: DeclaredKind::Gauge,
            each: String::new(),
            labels: BTreeMap::new(),
            unit: Unit::None,
        }
    }
}

impl Default for AggregateConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            help: String::new(),
            op: AggregateOp::Sum,
            of: String::new(),
            of_where: BTreeMap::new(),
            over: String::new(),
            over_where: BTreeMap::new(),
            by: Vec::new(),
            window: Duration::from_mins(5),
        }
    }
}
