//! The audit's engine for secrets: tokens of bots first, then keys of models, clouds, forges and payment services,
//! private keys, passwords in addresses, and what stands beside names such as `api_key`.
//!
//! What secrets look like is the table of `wardkit-validation`, which masks logs too. Here each match is judged again:
//! structure first (Base64 of a bot's number, claims of a JSON web token, the armour of a key), then what stands around
//! it, entropy last. What is Base64 is decoded once and looked at again. Of a secret a report has the first four
//! characters at most, its length and a keyed hash.
//!
//! ```
//! use wardkit_audit::{Audit, render};
//! use wardkit_audit_secrets::SecretsEngine;
//! use wardkit_core::SystemClock;
//!
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("settings.yaml"), "database:\n  password: \"gq7Zp-41xWv\"\n")?;
//! let clock = SystemClock;
//! let report = Audit::new(&clock).with_engine(SecretsEngine::new()).of_tree(folder.path())?;
//! assert_eq!(report.findings[0].id, "secret-generic-password");
//! println!("{}", render::text(&report));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Main types
//!
//! | item | what it is |
//! |---|---|
//! | [`SecretsEngine`] | the engine, for an [`Audit`](wardkit_audit::Audit) |
//! | [`Rules`] | own rules, in the form of gitleaks' configuration |
//! | [`History`], [`OldFile`] | what files were before |
//!
//! # What it does not do
//!
//! It asks nobody whether a secret still works, and it reads no repository: who has one implements [`History`].

#![deny(unsafe_code)]

mod catalogue;
mod engine;
mod env;
mod error;
mod history;
mod judge;
mod literal;
mod place;
mod rules;
mod search;
mod shown;
mod structure;
mod value;

pub use engine::SecretsEngine;
pub use error::Error;
pub use history::{History, OldFile};
pub use rules::Rules;
