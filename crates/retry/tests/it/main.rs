//! Tests of the public interface.

mod policy;
#[cfg(feature = "schema")]
mod schema;
#[cfg(feature = "serde")]
mod wire;
