//! Dependencies of a bot: what lockfiles, manifests and installed packages say, against what is known of them.
//!
//! [`Import`] makes an index of OSV's exports or of `RustSec`'s repository once; [`DepsEngine`] judges a tree with it,
//! without a network.
//!
//! ```
//! use wardkit_audit::Audit;
//! use wardkit_audit_deps::{Database, DepsEngine, Import};
//! use wardkit_core::{Clock as _, SystemClock};
//!
//! # let folder = tempfile::tempdir()?;
//! # let advisory = folder.path().join("X-1.json");
//! # std::fs::write(&advisory, r#"{"id":"X-1","modified":"2026-11-20T00:00:00Z","affected":[{"package":{"ecosystem":"PyPI",
//! # "name":"jinja2"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.1.4"}]}]}]}"#)?;
//! # let tree = folder.path().join("bot");
//! # std::fs::create_dir(&tree)?;
//! # std::fs::write(tree.join("requirements.txt"), "Jinja2==3.1.2\n")?;
//! let index = folder.path().join("osv.index");
//! Import::new().from(&advisory)?.write(&index)?;
//!
//! let clock = SystemClock;
//! let engine = DepsEngine::new(clock.now()).with_database(Database::open(&index)?);
//! let report = Audit::new(&clock).with_engine(engine).of_tree(&tree)?;
//! let found = report.findings.iter().find(|one| one.id == "dep-vuln").ok_or("nothing was found")?;
//! assert_eq!(found.recommendation, "Raise jinja2 to 3.1.4.");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | item | what it is |
//! |---|---|
//! | [`DepsEngine`], [`Newest`], [`Vex`] | the engine, and what it may be told besides |
//! | [`Database`], [`Import`], [`Advisory`] | the index of advisories, how it is made, and what is in it |
//! | [`lock`], [`Inventory`], [`Package`], [`Wish`] | files of package managers, and what they say |
//! | [`Bill`] | bills of materials: `CycloneDX` and SPDX |
//!
//! # Features
//!
//! `interop` is for this crate's own tests.
//!
//! # What it does not do
//!
//! It asks no registry and downloads nothing. Ranges of commits are not evaluated: what they mean in versions, OSV lists
//! besides. Ubuntu's and Alpine's packages are not read.

#![deny(unsafe_code)]

mod advisory;
mod bill;
mod checks;
mod database;
mod engine;
mod error;
mod judge;
pub mod lock;
mod package;
mod purl;
mod text;
mod version;
mod vex;

pub use advisory::{Advisory, AdvisoryKind};
pub use bill::{Bill, BillForm};
pub use database::{About, Coverage, Database, Import, Imported};
pub use engine::DepsEngine;
pub use error::Error;
pub use judge::Newest;
pub use package::{Ecosystem, Inventory, Package, Remark, RemarkKind, Source, Wish};
pub use vex::Vex;
