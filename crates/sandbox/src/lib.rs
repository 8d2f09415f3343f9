//! Programs that cannot touch the host.
//!
//! A [`Policy`] says what a program may do and how much of the host it may use; by default that is nothing but to
//! compute, for 30 seconds, with 50 MB and a tenth of a processor. A [`Sandbox`] enforces a policy or refuses to run
//! the program; it never runs it with less than the policy demands. Each run ends with a [`Report`] that names what
//! enforced each guarantee.
//!
//! ```
//! use wardkit_sandbox::{Policy, Size};
//!
//! let mut policy = Policy::default();
//! policy.limits.memory = "20MB".parse()?;
//! assert_eq!(policy.limits.memory, Size(20_000_000));
//! assert!(policy.grants.is_empty()); // no files, no network, no environment
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | type | what it is |
//! |---|---|
//! | [`Policy`], [`Limits`], [`Grants`] | what a program may do, and how much of the host it may use |
//! | [`Guarantee`], [`Strength`] | what is promised, and how well it is kept |
//! | [`Native`] | the sandbox for machine code |
//! | [`Sandbox`], [`Prepared`] | something that runs programs under a policy; a program that is ready to be run |
//! | [`Attendant`] | what looks after a program that lives long |
//! | [`Outcome`], [`Ended`], [`Usage`] | what a run gave, how it ended, what it used |
//! | [`Report`], [`HostCaps`] | what enforced each guarantee; what this host can enforce |
//!
//! # Features
//!
//! `native` (default): [`Native`], for Linux. `selftest`: the escape corpus, [`selftest`](https://docs.rs/wardkit-sandbox). `serde`: policies and reports as data. `file`: policies from TOML. `schema`: their JSON Schema.

#![deny(unsafe_code)]

mod amount;
mod attendant;
#[cfg(feature = "serde")]
mod data;
mod error;
mod guarantee;
#[cfg(feature = "native")]
mod native;
mod outcome;
mod policy;
mod report;
mod sandbox;
#[cfg(feature = "selftest")]
pub mod selftest;
mod span;
mod streams;

pub use amount::{NotAShare, NotASize, Share, Size};
pub use attendant::Attendant;
pub use error::SandboxError;
pub use guarantee::{Guarantee, Strength};
#[cfg(feature = "native")]
pub use native::{Layer, Native};
pub use outcome::{Denied, Ended, Outcome, Usage};
pub use policy::{Bind, Grants, Limits, Policy};
pub use report::{Enforcement, HostCaps, Report};
pub use sandbox::{Capabilities, Prepared, Refused, Sandbox};
pub use span::{NotASpan, Span};
pub use streams::{Input, Sink};
