//! Linux processes that are never mistaken for others.
//!
//! A process number names a process only as long as it lives; kept in a file it may lead to a stranger. Here a process
//! is held by a pidfd that was verified against an [`Identity`], and whatever is sent to it reaches it or nobody.
//!
//! ```
//! use wardkit_process::{Exit, Launch, Process, Signal, State};
//!
//! let started = Launch::new(["sleep", "60"]).start()?;
//! let kept = started.identity().clone(); // goes into a file or a database
//!
//! // Later, perhaps in another program: the same process, or an error.
//! let found = Process::open(&kept)?;
//! found.signal(Signal::TERM)?;
//!
//! started.wait(None)?;
//! let State::Ended { exit, .. } = started.state()? else { panic!("it has ended") };
//! assert_eq!(exit.to_string(), "SIGTERM");
//! assert!(Process::open(&kept).is_err());
//! # Ok::<(), wardkit_process::Error>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Process`], [`Identity`], [`State`], [`Exit`] | a process held by its pidfd; what makes it itself; how it ended |
//! | [`Launch`], [`Account`], [`Limit`], [`Output`] | a program to be started, as whom, with what |
//! | [`Tree`], [`Scan`], [`Ending`], [`Cgroup`] | a process and everything that it started, ended whole; one look for many trees; how far an end is |
//! | [`PidFile`] | our own PID file, locked for life |
//! | [`Watched`], [`search`], [`search_marked`] | processes that others started, found by their PID file or by how they show themselves |
//! | [`Procfs`] | what the kernel tells, each file read as bytes from outside |
//! | [`Signal`], [`Signals`] | signals by name; signals as something to read |
//!
//! # What the kernel must have
//!
//! Linux 5.4 for pidfds and waiting on them; 5.14 for `cgroup.kill`, below which a tree is stopped process by process;
//! 6.9 for an inode that makes an identity certain; 6.15 for the exit of a process that is no child, which is
//! [`Exit::Unknown`] below.
//!
//! # What it does not do
//!
//! It decides nothing: restarts, time limits and dependencies are a supervisor's. It has no runtime and no thread; a
//! [`Process`] is a descriptor that any event loop can wait for. It reads no environment.
//!
//! # Features
//!
//! `serde`: identities, exits and signals as data.

#![deny(unsafe_code)]

mod account;
mod cgroup;
mod ending;
mod error;
mod exit;
mod fifo;
mod identity;
mod inherited;
mod launch;
mod limit;
mod own_memory;
mod pid_file;
mod process;
mod procfs;
mod scan;
mod signal;
mod signals;
mod sys;
mod tree;
mod watched;

pub use account::Account;
pub use cgroup::Cgroup;
pub use ending::{Ending, Next};
pub use error::Error;
pub use exit::{Exit, State, Usage};
pub use fifo::open_fifo;
pub use identity::{Identity, Likeness, Program};
pub use inherited::Inherited;
pub use launch::{Launch, Output, Step};
pub use limit::{Limit, Resource, UnknownResource};
pub use own_memory::{give_back_program_pages, release_unused_memory};
pub use pid_file::PidFile;
pub use process::Process;
pub use procfs::{Procfs, Stat};
pub use scan::Scan;
pub use signal::{Signal, UnknownSignal};
pub use signals::{Signals, become_subreaper, ended_child};
pub use tree::{Outcome, Tree};
pub use watched::{Candidate, Stale, Watched, search, search_marked};
