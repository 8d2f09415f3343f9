//! Audits sources of bots: rules over syntax trees, where data flows within a file, and what files say together.
//!
//! ```
//! use wardkit_audit::{Audit, render};
//! use wardkit_audit_code::CodeEngine;
//! use wardkit_core::SystemClock;
//!
//! # let folder = tempfile::tempdir()?;
//! # let bot = folder.path();
//! std::fs::write(bot.join("bot.py"), "requests.get(url, verify=False)\n")?;
//!
//! let clock = SystemClock;
//! let report = Audit::new(&clock).with_engine(CodeEngine::new()?).of_tree(bot)?;
//! assert_eq!(report.findings[0].id, "tls-verify-off");
//! print!("{}", render::text(&report));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | item | what it is |
//! |---|---|
//! | [`CodeEngine`] | judges Python, JavaScript, TypeScript and Rust |
//! | [`Rules`], [`Listed`], [`RuleError`] | rules as data: those that are built in, and one's own |
//! | [`Fixes`], [`Fix`] | what can be put right without a change of what the code does |
//!
//! # What it does not do
//!
//! It runs and imports nothing of what it judges, and follows data within one file only.

#![deny(unsafe_code)]

mod bot;
mod engine;
mod error;
mod fix;
mod flow;
mod found;
mod handlers;
mod project;
mod rules;
mod source;
mod testcode;
mod visit;

pub use engine::CodeEngine;
pub use error::RuleError;
pub use fix::{Fix, Fixes};
pub use rules::{Listed, Rules};
