//! What the crate promises, by its public API.

#[cfg(feature = "file")]
mod file;
#[cfg(feature = "native")]
mod hold;
#[cfg(feature = "native")]
mod native;
#[cfg(feature = "native")]
mod native_limits;
mod policy;
#[cfg(feature = "native")]
mod refusals;
