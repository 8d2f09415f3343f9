//! Together with the programs of others: restic, what serves its repositories, and a server that answers as S3 does.
//!
//! `cargo xtask ci` installs them and runs this; by hand, with the packages below `target/tmp/peers/python`:
//! `cargo test -p wardkit-backup --test interop --features interop`.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod backup;
mod engine;
mod format;
mod property;
mod restore;
mod sharing;
mod source;
mod stores;
