//! Why a command could not go on.

use std::path::PathBuf;

/// Everything that ends a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Usage(String),
    #[error("cannot start {program}")]
    Start { program: String, source: std::io::Error },
    #[error("`{command}` ended with {status}")]
    Program { command: String, status: std::process::ExitStatus },
    #[error("cannot use {path}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{what} is not what was expected")]
    Json { what: String, source: serde_json::Error },
    #[error("{path} is not valid TOML")]
    Toml { path: PathBuf, source: toml::de::Error },
    #[error("{0}")]
    Found(String),
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    pub(crate) fn found(what: impl Into<String>) -> Self {
        Self::Found(what.into())
    }
}
