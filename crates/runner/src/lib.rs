//! Runs services: the decisions of [`wardkit_supervise`] on real processes, held by a guardian.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use wardkit_core::SystemClock;
//! use wardkit_runner::{MemoryStore, NoOutlet, Options, Services, Then};
//! use wardkit_supervise::{Config, ServiceSpec};
//!
//! // The program `bots --guardian` does nothing but `wardkit_runner::guardian()`.
//! let options = Options::new("/var/lib/bots", "bots", ["/usr/bin/bots", "--guardian"]);
//! let config = Config::new([ServiceSpec::new("bot", ["/usr/bin/bot"])]);
//! let store = Box::new(MemoryStore::new());
//! let services =
//!     Services::start(config, options, store, Arc::new(NoOutlet), Arc::new(SystemClock))?;
//! println!("{}", services.explain("bot")?);
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! services.restart_service("bot", "operator ann").await?;
//! services.shutdown(Then::LeaveRunning).await;
//! # Ok::<(), wardkit_runner::Refused>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Services`], [`Options`] | all services; where they are kept and what they inherit |
//! | [`Explained`], [`ServiceMetrics`] | what a service is and why; its numbers |
//! | [`Store`], [`MemoryStore`] | where records are kept |
//! | [`Outlet`], [`NoOutlet`] | where it goes what happens; who helps to recover |
//! | [`Refused`], [`Error`] | why something was not done; why nothing was |
//!
//! # How it works
//!
//! One thread named `services` has a runtime of its own. There the pure supervisor is told what has happened and says
//! what is to be done; records are kept first, then starts, signals and kills go to the guardian, which holds the
//! processes. What probes, measures, listens or watches sends what it finds into the same queue. Another thread named
//! `logs` reads what services write.
//!
//! # Events
//!
//! Besides those of the supervisor: `supervise.guardian_lost`, `guardian_failed`, `adoption_failed`, `store_failed`,
//! `store_recovered`, `misconfigured`, `signal_failed` and `stop_command_failed`; of services in a sandbox `sandboxed`,
//! `sandbox_denied` and `sandbox_refused`.
//!
//! # Features
//!
//! `systemd`: units of systemd as watched services, over D-Bus. `sandbox`: services in the native sandbox of
//! `wardkit-sandbox`, each held by a process that calls `hold`.
//!
//! # What it does not do
//!
//! It sends nobody a message, and keeps nothing on disk but logs: both are the caller's.
#![forbid(unsafe_code)]

mod capture;
mod cgroups;
mod confine;
mod driver;
mod ended;
mod error;
mod explained;
mod leak;
mod notify;
mod oom;
mod options;
mod outlet;
mod part;
mod pressure;
mod probing;
mod resources;
mod restore;
mod sampling;
#[cfg(feature = "sandbox")]
mod sandboxed;
mod services;
mod start;
mod stop_command;
mod store;
#[cfg(feature = "systemd")]
mod units;
mod watched;

pub use error::{Error, Refused};
pub use explained::{EventNote, Explained, LogMetrics, ServiceMetrics};
pub use options::{Options, UseCgroups};
pub use outlet::{BoxFuture, NoOutlet, Outlet};
#[cfg(feature = "sandbox")]
pub use sandboxed::{Held, hold};
pub use services::{Services, Then};
pub use store::{Change, MemoryStore, Store, StoreError};

/// Is the guardian: holds services until it is told to end. The program that [`Options::guardian`] names calls it before
/// it does anything else; its standard input is the guardian's socket.
///
/// # Errors
///
/// When the kernel refuses what a guardian needs.
pub fn guardian() -> Result<(), Error> {
    let listener = std::io::stdin();
    wardkit_guardian::run(std::os::fd::AsFd::as_fd(&listener)).map_err(Error::Guardian)
}
