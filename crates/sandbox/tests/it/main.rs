//! What the crate promises, by its public API.

mod policy;
