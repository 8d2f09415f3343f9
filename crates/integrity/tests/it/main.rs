//! The public API of `wardkit-integrity`, as its users see it.

mod diff;
mod policy;
mod watch;
