//! Keeps services up: restarts, dependencies, probes and crash loops as a pure state machine.
//!
//! ```
//! use wardkit_supervise::{Action, Config, Host, Input, Now, Process, ServiceSpec, Supervisor};
//!
//! let db = ServiceSpec::new("db", ["/usr/bin/db"]);
//! let mut bot = ServiceSpec::new("bot", ["/usr/bin/bot"]);
//! bot.depends = vec!["db".to_owned()];
//! let now = Now::default();
//! let config = Config::new([bot, db]);
//! let mut supervisor = Supervisor::new(config, Vec::new(), now, Host::new("boot 1", 7));
//!
//! // What happened goes in, what is to be done comes out. Your driver does it: here everything starts.
//! let (mut inputs, mut started) = (vec![Input::Tick], Vec::new());
//! while let Some(input) = inputs.pop() {
//!     for action in supervisor.step(now, input) {
//!         if let Action::Spawn { service, generation } = action {
//!             started.push(service.to_string());
//!             let process = Process::new(4711, "what tells it from every other process");
//!             inputs.push(Input::Spawned { service, generation, process });
//!         }
//!     }
//! }
//! assert_eq!(started, ["db", "bot"]);
//! assert_eq!(supervisor.status()[0].state.as_str(), "running");
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Supervisor`], [`Host`], [`Now`] | all services as one state machine; where and when it runs |
//! | [`ServiceSpec`], [`Config`], [`GroupConfig`] | what is declared of services; `violations` says what is wrong |
//! | [`Graph`] | who needs whom, and the waves in which services start |
//! | [`Input`], [`Command`], [`Notice`], [`Ending`] | what happened |
//! | [`Action`] | what is to be done |
//! | [`State`], [`ServiceStatus`], [`Explanation`] | how a service is; why, what comes next, when it gives up |
//! | [`Exit`], [`Reason`], [`Ended`] | how and why runs ended |
//! | [`Record`] | what is kept, so that neither a kill of the program nor a reboot forgets it |
//! | [`Cron`] | when a task runs |
//! | `tasks::Tasks` | futures of this program as services |
//! | [`jobs::Jobs`] | a journal of work that is finished once, whatever dies meanwhile |
//!
//! # Runs
//!
//! Each start of a service is a run with a number, its generation. A run is over when its main process has ended *and*
//! nothing of what it started is left; only then comes the next one. What is said of any other run than the present one
//! is ignored. The record with the number is to be on disk before the start is done: [`Action::Keep`] comes first.
//!
//! # From ends to restarts
//!
//! - Each end has a [`Reason`]. Those that somebody wanted lead to a start as soon as there may be one, and count for
//!   nothing. The others are failures: [`RestartPolicy`] or a [`RecoveryConfig`] for that reason decides.
//! - Waits grow from none up to a minute ([`BackoffConfig`]) and begin anew after a stable run. More restarts than
//!   [`IntensityConfig`] allows are a crash loop: told once, down for a while, then one start to see.
//! - A service that fails while something that it needs is not ready is not to blame: it waits, and nothing is counted.
//! - `depends` waits for readiness, `binds_to` also goes down with the other, `after` only orders, `wants` only starts
//!   along. Stops go the other way round.
//!
//! # Events
//!
//! `supervise.started`, `ready`, `not_ready`, `adopted`, `stale`, `exited`, `held`, `failed`, `crash_loop`, `recovered`,
//! `probe_failed`, `resource_exceeded`, `not_enforced`, `not_measured`, `leak`, `recovery`, `recovery_failed`,
//! `unkillable` and `reload_refused`; the subject and
//! the label `service` are the service's name.
//!
//! # Features
//!
//! - `serde`: configuration, records and reports as data. `schema`: JSON Schema of the configuration.
//! - `tokio`: `tasks`, which drives futures of this program.
//! - `probe`: what a probe asks as a target of `wardkit-probe`.
//!
//! # What it does not do
//!
//! No system call: whoever drives it starts, signals, finds and measures processes, runs probes, and keeps records.
#![forbid(unsafe_code)]

mod config;
mod cron;
mod exit;
mod graph;
#[cfg(feature = "import")]
pub mod import;
mod io;
pub mod jobs;
mod record;
mod spec;
mod state;
mod supervisor;
#[cfg(feature = "tokio")]
pub mod tasks;
mod violation;
#[cfg(feature = "serde")]
mod wire;

pub use config::{Config, GroupConfig, Strategy};
pub use cron::{Cron, NotCron};
pub use exit::{Ended, Ending, Exit, Reason, ReasonKind, Tree};
pub use graph::Graph;
pub use io::{
    Action, Command, Input, Notice, Now, ProbeResult, Process, SpawnError, SpawnErrorClass, Topic,
};
pub use record::{Desired, Maintenance, Record, RecordPhase, Rest};
pub use spec::{
    Amount, BackoffConfig, IntensityConfig, Kind, LeakConfig, Limits, LogSync, LogsConfig, Measure,
    NotAStep, NotASync, NotAWindow, NotAnAmount, ProbeAction, ProbeConfig, ProbeKind, ProbePhase,
    Probes, RecoveryConfig, ResourceRule, RestartPolicy, Sandbox, ServiceSpec, Step, Window,
};
pub use state::{Explanation, ServiceStatus, State, Wait, WaitFor};
pub use supervisor::{Host, Supervisor};
pub use violation::Violation;
