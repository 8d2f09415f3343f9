//! The public API.

mod flow;
mod rules;
mod twins;
