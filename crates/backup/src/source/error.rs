//! What keeps a source from being backed up, whole or in part.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

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
    /// A program could not be started.
    #[error("cannot start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// The reason.
        source: io::Error,
    },
    /// A program ended without success. What it wrote is not backed up.
    #[error("`{program}` ended with {status}{}", Said(.said))]
    Unsuccessful {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last of what it wrote to its standard error.
        said: String,
    },
    /// A program did not end in time, and was killed.
    #[error("`{program}` did not end within {deadline:?}")]
    Deadline {
        /// The program.
        program: String,
        /// The time that it had.
        deadline: Duration,
    },
    /// What a program wrote was not read to its end.
    #[error("the output of `{program}` was not read to its end")]
    NotRead {
        /// The program.
        program: String,
    },
    /// A database could not be copied.
    #[cfg(feature = "sqlite")]
    #[error("cannot copy the database `{}`", .path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A database was busy for too long.
    #[cfg(feature = "sqlite")]
    #[error("the database `{}` could not be copied within {deadline:?}", .path.display())]
    Busy {
        /// The database.
        path: PathBuf,
        /// The time that there was.
        deadline: Duration,
    },
    /// The copy of a database is damaged, and so is the database.
    #[cfg(feature = "sqlite")]
    #[error("the database `{}` is damaged: {said}", .path.display())]
    DamagedDatabase {
        /// The database.
        path: PathBuf,
        /// What SQLite says of it.
        said: String,
    },
}

/// What a program said, if it said anything.
struct Said<'a>(&'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ": {}", self.0) }
    }
}

impl Transient for SourceError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Start { source, .. } => source.is_transient(),
            #[cfg(feature = "sqlite")]
            Self::Busy { .. } => true,
            _ => false,
        }
    }
}
