//! Profiles of AppArmor, SELinux, systemd and seccomp from what a program needs.
//!
//! [`Needs`] says which files a program reads, writes and runs, whom it talks to, and what it asks of the kernel. They
//! come from a [`manifest`], from a [`Trace`], from the [`Program`]'s own bytes or from its systemd [`Unit`]; each
//! renderer says the same in the language of one enforcer. What is not needed is denied.
//!
//! ```
//! use wardkit_harden::{Subject, apparmor, manifest};
//!
//! let needs = manifest("reads = [\"/srv/bot/\"]\nwrites = [\"/var/lib/bot/state.db\"]")?;
//! let bot = Subject::new("/srv/bot/bot")?;
//! let profile = apparmor(&bot, &needs);
//! assert!(profile.contains("\"/srv/bot/**\" r,"));
//! assert!(profile.contains("\"/var/lib/bot/state.db\" rwk,"));
//! # Ok::<(), wardkit_harden::Error>(())
//! ```
//!
//! # Main types
//!
//! | item | what it is |
//! |---|---|
//! | [`Needs`], [`Place`], [`Access`], [`Network`] | what a program needs |
//! | [`Capability`], [`Family`], [`SystemCall`] | names that the kernel knows |
//! | [`manifest`], [`Trace`], [`Program`], [`Unit`] | where needs come from |
//! | [`Subject`], [`apparmor`], [`selinux`], [`seccomp`], [`Unit::hardened`], [`policy`] | what is made of them |
//! | [`exposure()`], [`Exposure`] | how exposed a unit leaves the host |
//!
//! # Features
//!
//! `interop` is for this crate's own tests, which run the tools that load the profiles.
//!
//! # What it does not do
//!
//! It runs nothing and reads no file: bytes come in, texts go out.

#![deny(unsafe_code)]

mod apparmor;
mod elf;
mod error;
mod exposure;
mod kernel;
mod manifest;
mod needs;
mod place;
mod policy;
mod program;
mod seccomp;
mod selinux;
mod subject;
mod syscall;
mod systemd;
mod trace;

pub use apparmor::apparmor;
pub use error::Error;
pub use exposure::{Exposure, Row, exposure};
pub use kernel::{Capability, Family};
pub use manifest::manifest;
pub use needs::{Needs, Network};
pub use place::{Access, Place};
pub use policy::policy;
pub use program::Program;
pub use seccomp::seccomp;
pub use selinux::{SeLinux, selinux};
pub use subject::Subject;
pub use syscall::SystemCall;
pub use systemd::{Hardened, Unit};
pub use trace::{Skipped, Trace};
