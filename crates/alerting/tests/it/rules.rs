//! Rules.

mod defaults;
mod downtime;
mod events;
mod states;
