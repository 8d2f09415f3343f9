//! The parts of the daemon: each file constructs one, starts it in the supervised set, and translates.

pub(crate) mod control;
pub(crate) mod http;
pub(crate) mod integrity;
pub(crate) mod reload;
pub(crate) mod trail;
pub(crate) mod watchdog;
