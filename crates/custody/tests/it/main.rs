//! Tests of what is kept, as a program uses it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod keyring;
mod seen;
mod support;
mod trail;
