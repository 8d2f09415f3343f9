//! The audit's engine for a running bot: what its address tells and lets happen. For hosts of one's own.
//!
//! ```
//! use wardkit_audit_live::{Owner, Probe};
//! use std::sync::Arc;
//! use wardkit_core::SystemClock;
//!
//! // An address of nobody's: refused before anything is sent.
//! let probe = Probe::new("http://192.0.2.1/", Owner::Unknown)?;
//! let refused = probe.run(Arc::new(SystemClock)).unwrap_err();
//! assert_eq!(refused.to_string(), "192.0.2.1 is not this host");
//! # Ok::<(), wardkit_audit_live::Error>(())
//! ```
//!
//! # Main types
//!
//! | item | what it is |
//! |---|---|
//! | [`Probe`] | asks: a bounded number of requests, each with a deadline, none of which changes anything |
//! | [`Owner`] | who says that the host is theirs |
//! | [`Observed`] | what was answered |
//! | [`LiveEngine`] | judges it, for an [`Audit`](wardkit_audit::Audit) |
//!
//! # What it does not do
//!
//! It follows no redirect, guesses no password, sends no attack and looks at no other host. What it says is true for the
//! address that it asked from.
#![forbid(unsafe_code)]

mod catalogue;
mod certificate;
mod dial;
mod engine;
mod error;
mod hello;
mod http;
mod judge;
mod observe;
mod observed;
mod stores;
mod target;

pub use engine::LiveEngine;
pub use error::Error;
pub use observe::Probe;
pub use observed::Observed;
pub use target::Owner;
