//! Tests of the public interface.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod checkpoint;
mod epoch;
mod evidence;
mod key;
mod note;
mod oracle;
mod props;
mod support;
mod tree;
mod vectors;
