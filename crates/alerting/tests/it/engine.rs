//! The engine under a clock that the test moves.

mod ends;
mod escalation;
mod faults;
mod groups;
mod incidents;
mod model;
mod mutes;
mod props;
pub(crate) mod support;
