//! Together with the programs of others: restic and what serves its repositories.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

mod format;
