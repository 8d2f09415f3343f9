use std::io;
use std::path::PathBuf;

/// Why a drill could not be held, or its report not be made or believed. What a drill finds is in its report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DrillError {
    /// The place to restore into cannot be used.
    #[error("cannot use `{}` for a drill", .path.display())]
    Scratch {
        /// The place.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The report cannot be signed, or its signature is not one of the keys'.
    #[error("the report's signature")]
    Signature(#[from] wardkit_tlog::Error),
    /// The text that was signed is no report.
    #[error("the text that was signed is no report of a drill")]
    NoReport(#[from] serde_json::Error),
}
