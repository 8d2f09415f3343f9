//! What programs tell about themselves: bodies in Prometheus's text format, read strictly and kept within bounds.
//!
//! A bot sends its own totals: the values are absolute, each push sets them, and a counter that starts over with the
//! bot starts over here. A body is taken whole or not at all; what is sound but too much, or named like a metric of
//! the program's own, is left out and counted. Series that no push mentions for [`IngestConfig::expire_after`] are
//! forgotten.
//!
//! ```
//! use std::sync::Arc;
//! use wardkit_core::SystemClock;
//! use wardkit_metrics::ingest::{IngestConfig, Ingested};
//! use wardkit_metrics::{Collector, Samples};
//!
//! let mut bots = Ingested::new(IngestConfig::default(), "agentd_", Arc::new(SystemClock));
//! let taken = bots.push(b"# TYPE bot_requests_total counter\nbot_requests_total{handler=\"start\"} 7\n")?;
//! assert_eq!(taken.samples, 1);
//!
//! let mut samples = Samples::new();
//! bots.collect(&mut samples)?;
//! let first = samples.families().next().and_then(|family| family.samples().next());
//! assert_eq!(first.map(|sample| sample.value), Some(7.0));
//!
//! let refused = bots.push(b"bot_up 1\nbot_errors_total many\n").unwrap_err();
//! assert_eq!(refused.to_string(), "line 2: the value is no number");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body;
mod config;
mod error;
mod line;
mod parse;
mod store;
mod whole;

pub use body::{Pushed, PushedFamily};
pub use config::IngestConfig;
pub use error::{IngestError, Reason};
pub(crate) use line::number;
pub use parse::parse;
pub use store::{Accepted, Ingested};
