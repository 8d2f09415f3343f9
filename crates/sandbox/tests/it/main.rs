//! What the crate promises, by its public API.

#[cfg(feature = "file")]
mod file;
mod policy;
