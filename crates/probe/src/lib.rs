//! Health checks with deadlines, hysteresis, dependencies and history.
//!
//! ```
//! use std::sync::Arc;
//! use wardkit_core::{Health, SystemClock};
//! use wardkit_probe::{CheckConfig, Config, ExecTarget, NoHttp, Prober, TcpTarget};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let address = listener.local_addr()?.to_string();
//! let mut config = Config::default();
//! config.checks.push(CheckConfig::new("chat", TcpTarget::new(address)));
//! let mut space = CheckConfig::new("space", ExecTarget::new(["/bin/sh", "-c", "exit 0"]));
//! space.depends_on = vec!["chat".to_owned()];
//! space.critical = false;
//! config.checks.push(space);
//!
//! let prober = Prober::new(config, Arc::new(NoHttp), Arc::new(SystemClock), 7)?;
//! # let (told, mut telling) = tokio::sync::mpsc::channel(16);
//! # let stop = async {
//! #     telling.recv().await;
//! #     telling.recv().await;
//! # };
//! # let publish = |event: wardkit_core::Event| drop(told.try_send(event.subject));
//! // Runs until `stop` is done, and hands every change to `publish`.
//! prober.run(publish, stop).await;
//! assert_eq!(Health::merge(prober.health()), Health::Up);
//! # Ok(())
//! # }
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Prober`] | runs checks on tokio and tells what changes |
//! | [`Config`], [`CheckConfig`], [`Target`] | the checks; when each runs and what is made of it; what it asks |
//! | [`Checks`], [`Input`], [`Action`], [`Moment`] | the same without IO: a state machine for tests, replay and drivers of your own |
//! | [`State`], [`Outcome`] | what a check says; what one run found |
//! | [`CheckStatus`], [`Record`], [`Latency`] | what is known of a check; one run; how long runs took |
//! | [`HttpGet`] | the HTTP client, which you bring |
//! | [`ask`] | one question, once |
//!
//! # From runs to states
//!
//! - `fall` failures in a row take a check down, `rise` passes bring it up again; the first pass is believed at once.
//!   A run that is slower than `slow-after`, or a program with one of the `degraded-codes`, degrades by the same rule.
//! - A check that depends on one that is down is blocked: neither asked nor blamed. Before a check with dependencies
//!   goes down, those that have not been asked since its first failure are asked, so that one event names the cause.
//! - `flap-changes` changes within `flap-within` are told as one: the check flaps, until it has settled.
//! - What is critical takes the whole down ([`Prober::health`]), all else degrades it.
//!
//! Events are `probe.check.passed`, `failed`, `degraded`, `recovered`, `blocked`, `flapping` and `settled`; the subject
//! is the check's name. While hardly a file can be opened, checks wait, which says nothing of what they check:
//! `probe.checks.waiting` and `probe.checks.resumed` tell of it.
//!
//! # What a run may cost
//!
//! Every run has a deadline. At it, or when the [`Prober`] is stopped, a program is killed with its process group, a
//! query of SQLite is interrupted, a connection is closed. A look at a file that never comes back keeps one thread, and
//! the check fails until it does. What is read of an answer is bounded, and so is what is kept: of each check `history`
//! runs with reasons of at most 256 bytes.
//!
//! # Features
//!
//! - `serde`: [`Config`] as configuration, [`CheckStatus`] as JSON. `schema`: JSON Schema of the configuration.
//! - `postgres`: `PostgresTarget`. `sqlite`: `SqliteTarget`, with SQLite compiled in.
//!
//! # What it does not do
//!
//! No TLS to databases, no restarts of what is down: it tells. Programs run with the daemon's own rights; one that
//! leaves its process group on purpose is not killed.
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
mod room;
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
