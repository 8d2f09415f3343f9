//! Metrics that an operator declares: from lines of logs, from JSON that services tell, and worked out from others.
//!
//! A bot that can count sends its own totals (see [`ingest`](crate::ingest)). For one that cannot, its log lines are
//! counted and its numbers are read from JSON; what is derived from any of them is declared as an aggregate.
//!
//! The declarations are checked here; reading the files and asking the services is the caller's.
//!
//! ```
//! use wardkit_metrics::business::{DeclaredKind, LogMetricConfig, LogMetrics, Unit};
//! use wardkit_metrics::{Collector, Registry, Samples};
//!
//! let mut took = LogMetricConfig::default();
//! took.file = "/var/log/bot.log".into();
//! took.pattern = r"answered (?<handler>\w+) in (?<value>\d+) ms".to_owned();
//! took.name = "bot_request_duration_seconds".to_owned();
//! took.kind = DeclaredKind::Histogram;
//! took.labels = vec!["handler".to_owned()];
//! took.unit = Unit::Milliseconds;
//!
//! let registry = Registry::new("agentd")?;
//! let mut metrics = LogMetrics::new(&[took], &registry)?;
//! // A line matched: `answered start in 17 ms`.
//! metrics.observe(0, |group| match group {
//!     "handler" => Some("start"),
//!     "value" => Some("17"),
//!     _ => None,
//! });
//! let mut samples = Samples::new();
//! metrics.collect(&mut samples)?;
//! assert_eq!(samples.families().next().map(|family| family.name()), Some("bot_request_duration_seconds"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aggregate;
mod config;
#[cfg(feature = "json")]
mod http;
mod log;
mod number;
mod violations;

pub use aggregate::Aggregates;
pub use config::{
    AggregateConfig, AggregateOp, BusinessConfig, DeclaredKind, HttpMetricConfig, LogMetricConfig,
    Unit,
};
#[cfg(feature = "json")]
pub use http::{HttpMetrics, HttpProblem, HttpSource};
pub use log::LogMetrics;

/// Counts what there is no room for, by metric, in the registry of the program.
fn overflow(
    registry: &crate::Registry,
) -> Result<crate::Labelled<crate::Counter, 1>, crate::Error> {
    registry.counter(
        "business_overflow_total",
        "Values of declared metrics without room among their series.",
        ["metric"],
    )
}
