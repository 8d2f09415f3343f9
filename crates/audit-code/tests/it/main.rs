//! The public API.

mod bot_money;
mod bots;
mod fixes;
mod flow;
mod flow_checks;
mod hostile;
mod project;
mod rules;
mod script_twins;
mod twins;
