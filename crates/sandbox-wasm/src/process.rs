//! Engines in processes of their own, each for one call, held by the kernel as any native program is.

mod inside;
mod keeper;
mod messages;
mod parts;
mod remote;

use std::ffi::OsString;
use std::path::PathBuf;

#[cfg(feature = "runtime")]
pub use keeper::Confined;
pub(crate) use keeper::Keeper;
pub(crate) use remote::Remote;

pub use inside::worker;

/// A program that calls [`worker`] and nothing else when it is started with these arguments: most often the program that
/// this is, with a word that it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// The program, which is shown to itself at its own path and must be one that other users may run.
    pub program: PathBuf,
    /// What tells it to be a worker.
    pub arguments: Vec<OsString>,
}

impl Worker {
    /// This program, with arguments.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        Self { program: program.into(), arguments: arguments.iter().map(OsString::from).collect() }
    }
}
