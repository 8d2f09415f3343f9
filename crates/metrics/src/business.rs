//! Metrics that an operator declares: from lines of logs, from JSON that services tell, and worked out from others.
//!
//! A bot that can count sends its own totals (see [`ingest`](crate::ingest)). For one that cannot, its log lines are
//! counted and its numbers are read from JSON; what is derived from any of them is declared as an aggregate.
//!
//! The declarations are checked types; reading the files and asking the services is the caller's.

mod config;

pub use config::{
    AggregateConfig, AggregateOp, BusinessConfig, DeclaredKind, HttpMetricConfig, LogMetricConfig,
    Unit,
};
