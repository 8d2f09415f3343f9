//! What the crate promises, by its public API, on each engine that was built in.

mod calls;
mod capabilities;
mod hostile;
mod refused;
mod support;
