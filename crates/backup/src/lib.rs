//! Backups in restic's open repository format: deduplicated, encrypted, verified, and restored by either.
//!
//! ```
//! use std::sync::Arc;
//! use wardkit_backup::engine::{BackupOptions, InitOptions, Password, Repository, Silent, Writer};
//! use wardkit_backup::source::{Files, FilesOptions};
//! use wardkit_backup::store::Memory;
//!
//! # let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("orders.csv"), "1;tea")?;
//! let password = Password::new("correct horse battery staple");
//! let store = Arc::new(Memory::default());
//! let repository = Repository::<Writer>::init(store, &password, InitOptions::default())?;
//! let mut source = Files::new([folder.path()], FilesOptions::default())?;
//! let report = repository.backup(&mut source, &BackupOptions::default(), &Silent)?;
//! assert!(report.outcome.is_complete(), "what could not be read is in the report, not in an error");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layers
//!
//! | module | what it is |
//! |---|---|
//! | [`format`](mod@format) | the bytes of a repository, without any input or output |
//! | [`chunker`] | where files are cut |
//! | [`store`] | where objects lie |
//! | [`source`] | what is backed up |
//! | [`engine`] | backup, restore, check, forget |
//! | `dr` (feature) | proof that backups can be restored |
//!
//! # Features
//!
//! `rest` and `s3`: stores on servers; `tls`: the same over https; `sqlite`: databases that are in use; `dr`: drills,
//! their signed reports and rolling verification.
//!
//! # What it does not do
//!
//! No schedule and no thread that outlives a call: who embeds it decides when. It keeps nothing beside the repository; who
//! remembers which snapshots were there sees when one is gone.

#![forbid(unsafe_code)]

pub mod chunker;
#[cfg(feature = "dr")]
pub mod dr;
pub mod engine;
pub mod format;
pub mod source;
pub mod store;
