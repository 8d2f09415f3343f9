//! One audit of a bot's code, configuration and host.
//!
//! An [`Audit`] asks its engines; each [`Engine`] looks for what its [`Check`]s describe, and the [`Report`] has the
//! [`Finding`]s with everything that a person needs to act on them. Renderers are pure functions of the report. Two audits
//! of the same content give the same bytes.
//!
//! ```
//! use wardkit_audit::{Audit, Facts, HostEngine, Profile, render};
//! use wardkit_core::SystemClock;
//!
//! // Facts are collected once, by whoever may; here those of a host of which nothing is known.
//! let engine = HostEngine::new(Facts::default());
//! let clock = SystemClock;
//! let report = Audit::new(&clock).with_engine(engine).with_profile(Profile::Host).without_tree()?;
//! // What could not be looked at has not passed.
//! assert!(!report.is_complete());
//! println!("{}", render::text(&report));
//! # Ok::<(), wardkit_audit::Error>(())
//! ```
//!
//! # Main types
//!
//! | item | what it is |
//! |---|---|
//! | [`Audit`], [`Settings`], [`Changes`] | what is looked at, what a project says of it, and what is told |
//! | [`Cache`] | what was said of files before |
//! | [`Engine`], [`SourceFile`], [`Fact`], [`Project`], [`Sink`] | what looks, and what it is given |
//! | [`Check`], [`Finding`], [`Location`] | what is looked for, and what was found |
//! | [`Report`], [`Verdict`], [`Baseline`] | all of it, whether that is well, and what was there before |
//! | [`render`] | texts, JSON, Markdown, SARIF, `JUnit`, HTML, annotations |
//! | [`Document`], [`Compliance`], [`oscal`] | for one reader each: what to do, and evidence for controls |
//! | [`ImportEngine`] | what other tools found, from their SARIF |
//! | [`debian_order`] | which of two versions of a package of Debian is later |
//! | [`Facts`], [`HostEngine`] | a host, and the checks over it |
//!
//! # Features
//!
//! - `host` (default): facts of a host and the checks over them.
//! - `schema`: the JSON Schema of the report.
//!
//! # What it does not do
//!
//! It runs nothing of what it audits, opens no connection, and follows no link out of the tree.

#![deny(unsafe_code)]

mod audit;
mod baseline;
mod cache;
mod changes;
mod check;
mod compliance;
mod day;
mod debian;
mod document;
mod engine;
mod error;
mod fact;
mod files;
mod finding;
mod fingerprint;
mod grade;
#[cfg(feature = "host")]
mod host;
mod import;
pub mod render;
mod report;
mod settings;
mod suppress;
mod walk;

pub use audit::Audit;
pub use baseline::{Baseline, BaselineDiff};
pub use cache::Cache;
pub use changes::Changes;
pub use check::{Check, EngineKind, Profile};
pub use compliance::{Compliance, Control, Framework, oscal};
pub use day::Day;
pub use debian::debian_order;
pub use document::{Document, Section};
pub use engine::{Budget, Engine, Project, Sink, SourceFile};
pub use error::Error;
pub use fact::Fact;
pub use finding::{Finding, Location, Step};
pub use grade::{Effort, Kind, Severity, Status};
#[cfg(feature = "host")]
pub use host::{Collector, Facts, HostEngine};
pub use import::ImportEngine;
pub use report::{
    Gaps, Note, NoteKind, Outcome, Report, Suppressed, SuppressedBy, Totals, Verdict,
};
pub use settings::{Allow, HostSettings, Settings};
