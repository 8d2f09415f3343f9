use std::io;
use std::path::PathBuf;

/// Why advisories could not be read, or an index not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or a folder could not be read or written.
    #[error("{path} cannot be {action}")]
    File {
        /// The place.
        path: PathBuf,
        /// What was to be done.
        action: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// An archive that is broken, or was made to do harm.
    #[error("{path} is refused: {reason}")]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing of what was given is an advisory.
    #[error("{path} has no advisory of OSV or RustSec")]
    Empty {
        /// The place.
        path: PathBuf,
    },
    /// An advisory that is none.
    #[error("{path}: {entry} is no advisory: {reason}")]
    Advisory {
        /// The archive or folder.
        path: PathBuf,
        /// Where in it.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that is no index, or is not what it was when it was written.
    #[error("{path} is no index of advisories: {reason}")]
    Index {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An index that another version wrote.
    #[error("{path} has version {version}, and {known} is the one known here")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
        /// The version that can be read.
        known: u32,
    },
    /// A day that is none.
    #[error("{text:?} is no day: write it as 2026-11-22")]
    Day {
        /// What was given.
        text: String,
    },
    /// A document that is not in the form that it should have.
    #[error("no {what}: {reason}")]
    Document {
        /// What it should be.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}
