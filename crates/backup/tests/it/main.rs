//! The public interface, as a program uses it.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod chunker;
#[cfg(feature = "dr")]
mod dr;
mod format;
mod format_props;
mod index;
mod keys;
mod locks;
mod policy;
mod repository;
mod select;
mod source_files;
mod stores;
mod support;
