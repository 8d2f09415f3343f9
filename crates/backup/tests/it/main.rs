//! The public interface, as a program uses it.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod chunker;
mod source_files;
mod stores;
