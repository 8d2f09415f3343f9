//! The public API of `wardkit-integrity`, as its users see it.

mod baseline;
mod diff;
mod guard;
mod monitor;
mod policy;
mod scan;
mod scan_limits;
mod scan_races;
mod watch;
