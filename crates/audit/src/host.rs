//! A host: facts that are collected once, and checks that are pure functions of them.

mod checks;
mod collect;
mod facts;

pub use checks::HostEngine;
pub use collect::Collector;
pub use facts::Facts;
