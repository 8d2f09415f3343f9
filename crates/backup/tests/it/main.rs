//! The public interface, as a program uses it.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod backup;
mod check;
mod chunker;
mod clock;
mod copy;
mod crafted;
mod crash;
#[cfg(feature = "dr")]
mod dr;
mod format;
mod format_props;
mod index;
mod keys;
mod locks;
mod ordinary;
mod policy;
mod prune;
mod repair;
mod repository;
mod restore;
mod select;
mod source_chain;
mod source_command;
mod source_files;
mod source_props;
#[cfg(feature = "sqlite")]
mod source_sqlite;
mod store_mirror;
#[cfg(feature = "s3")]
mod store_s3;
mod stores;
mod support;
