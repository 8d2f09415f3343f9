//! The adapters, and the compatible module, against the original crate.

mod adapters;
mod same_program;
