//! What the crate promises, by its public API, on each engine that was built in.

#[cfg(feature = "compiler")]
mod cache;
mod calls;
mod capabilities;
mod hostile;
mod load;
mod process;
mod refused;
#[cfg(feature = "compiler")]
mod same;
mod support;
