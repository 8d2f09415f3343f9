//! Tests of the public interface.

mod compat_backoff;
mod policy;
#[cfg(feature = "schema")]
mod schema;
#[cfg(feature = "serde")]
mod wire;
