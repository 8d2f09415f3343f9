//! A tiny process that holds services, so that neither its own end nor its master's ends them.
//!
//! A supervisor that starts services itself loses them when it dies: their exits go to nobody, their pipes break, and its
//! successor starts them a second time. Here a master decides, and a guardian of two megabytes holds: it starts the
//! services, keeps their pidfds, their FIFOs and how they ended, and starts its master again. The master holds the same
//! pidfds, so when the guardian dies it starts another that adopts the services.
//!
//! ```no_run
//! use wardkit_guardian::{Client, Event, Options, Spawn, Stop};
//!
//! // The program that is started as guardian does this and nothing else, before it makes a thread:
//! // wardkit_guardian::run(std::io::stdin().as_fd())
//!
//! let mut options = Options::default();
//! options.socket = "/run/bot/guardian.sock".into();
//! options.guardian = vec!["/usr/bin/bot".into(), "--guardian".into()];
//! options.master.instance = "bot".into();
//! options.master.command = vec!["/usr/bin/bot".into(), "run".into()];
//!
//! let mut guardian = Client::start(&options)?; // attaches, or starts one
//! let held = guardian.spawn(&Spawn::new("worker", 1, ["sleep", "60"]))?;
//! println!("{}", held.record.identity);
//! guardian.stop(&Stop::new("worker", 1))?;
//! # Ok::<(), wardkit_guardian::Error>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`run`] | the guardian's whole life |
//! | [`Client`], [`Options`], [`Master`] | the master's side; how guardian and master are started |
//! | [`Spawn`], [`Sink`], [`Held`], [`Record`] | a service to start; where its output goes; what is held; what a caller keeps of it |
//! | [`Stop`], [`Event`], [`Ended`] | how to stop; what the guardian tells; how a service ended |
//!
//! # What it does not do
//!
//! It decides nothing: when to restart, in which order, and what is healthy is the master's. It writes no file but the
//! FIFOs; a [`Record`] that is to survive the end of both is kept by the caller. It has no network, no runtime and no
//! thread.
//!
//! # Features
//!
//! `serde`: records as data. `tokio`: events as something to await.

#![forbid(unsafe_code)]

mod client;
mod guardian;
mod protocol;
mod service;
mod socket;

#[cfg(feature = "tokio")]
pub use client::AsyncClient;
pub use client::{Client, Error, Event, Held, Options, Then};
pub use guardian::run;
pub use service::{Ended, Master, Record, Sink, Spawn, Stop};

/// The environment variable that marks the processes of a service: `INSTANCE/SERVICE/GENERATION`.
///
/// After the end of both master and guardian, [`wardkit_process::search_marked`] finds by it what runs, also what was
/// started in the moment before, so that nothing is started twice.
pub const MARKER: &str = "WARDKIT_SERVICE";

/// Returns the value of [`MARKER`] in the processes of one start of one service, over all guardians.
#[must_use]
pub fn marker(instance: &str, service: &str, generation: u64) -> String {
    format!("{instance}/{service}/{generation}")
}
