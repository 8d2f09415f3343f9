//! Health checks with deadlines, hysteresis, dependencies and history.
#![forbid(unsafe_code)]

mod ask;
mod check;
mod checks;
mod config;
#[cfg(feature = "serde")]
mod duration;
mod error;
mod graph;
mod history;
mod http;
mod latency;
mod outcome;
mod prober;
mod status;
mod target;
mod thresholds;

pub use ask::ask;
pub use checks::{Action, CheckId, Checks, Input, Moment};
pub use config::{CheckConfig, Config, Violation};
pub use error::Error;
pub use history::Record;
pub use http::{BoxFuture, HttpAnswer, HttpFailure, HttpGet, HttpQuestion, NoHttp};
pub use latency::Latency;
pub use outcome::{Outcome, State};
pub use prober::Prober;
pub use status::CheckStatus;
#[cfg(feature = "postgres")]
pub use target::PostgresTarget;
#[cfg(feature = "sqlite")]
pub use target::SqliteTarget;
pub use target::{ExecTarget, FileTarget, HttpTarget, RedisTarget, Target, TcpTarget, UnixTarget};
