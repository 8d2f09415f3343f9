//! The public API.

mod fixes;
mod flow;
mod hostile;
mod rules;
mod script_twins;
mod twins;
