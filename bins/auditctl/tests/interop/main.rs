//! Tests with compilers of other languages.
//!
//! `cargo xtask ci` installs them below `target/tmp/peers` and runs this.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod plugin;
