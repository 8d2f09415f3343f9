//! The public API.

mod fixes;
mod flow;
mod hostile;
mod rules;
mod twins;
