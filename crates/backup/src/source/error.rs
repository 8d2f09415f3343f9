//! What keeps a source from being backed up, whole or in part.

use std::io;
use std::path::PathBuf;

use wardkit_core::Transient;

/// Something of a source that is not in the snapshot as it should be. The rest is.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} `{}`", path.display())]
#[non_exhaustive]
pub struct Failure {
    /// Its absolute path.
    pub path: PathBuf,
    /// What was tried: `open`, `read`, `list`.
    pub what: &'static str,
    /// The reason.
    pub source: io::Error,
}

impl Failure {
    /// Something that could not be done with a path.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, what: &'static str, source: io::Error) -> Self {
        Self { path: path.into(), what, source }
    }

    /// A file that changed each time that it was read. It is in the snapshot, as the last read found it.
    #[must_use]
    pub fn changed(path: impl Into<PathBuf>) -> Self {
        let reason = io::Error::other("it changed each time that it was read");
        Self::new(path, "read a single state of", reason)
    }
}

/// Why a source is not backed up at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// None of the paths is there.
    #[error("nothing to back up: none of the {} paths can be read", .failures.len())]
    Nothing {
        /// Why, for each.
        failures: Vec<Failure>,
    },
    /// A path that is not absolute, or has `.` or `..` in it.
    #[error("`{}` is not an absolute path", .path.display())]
    NotAbsolute {
        /// The path.
        path: PathBuf,
    },
}

impl Transient for SourceError {
    fn is_transient(&self) -> bool {
        false
    }
}
