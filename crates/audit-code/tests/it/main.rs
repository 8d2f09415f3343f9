//! The public API.

mod rules;
