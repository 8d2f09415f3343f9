use std::io;
use std::path::PathBuf;

use wardkit_core::Transient;
use wardkit_sandbox::SandboxError;

use crate::Finding;

/// What could not be done with a plugin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The manifest is not one.
    #[error("{file}: {}{reason}", at(key))]
    Manifest {
        /// The file, as it was named by whoever read it.
        file: String,
        /// The key, as `permissions.http[0].host`; empty when it is the whole.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The package is not one.
    #[error("the package is refused: {reason}")]
    Package {
        /// What is wrong with it.
        reason: String,
    },
    /// A key or a signature is not one.
    #[error("the {what} is refused: {reason}")]
    Key {
        /// Which of them.
        what: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The signature does not prove what it should.
    #[error("the signature is refused: {reason}")]
    Signature {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The validator found something that nothing can be run with.
    #[error("the plugin is refused: {}", told(findings))]
    Refused {
        /// Everything that it found, the grave ones first.
        findings: Vec<Finding>,
    },
    /// A schema cannot be used.
    #[error("the {what} schema is refused: {reason}")]
    Schema {
        /// `input` or `output`.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// What went in or came out is not what its schema says.
    #[error("the {what} is not what its schema says: {reason}")]
    Data {
        /// `input` or `output`.
        what: &'static str,
        /// What is wrong with it; nothing of its values.
        reason: String,
    },
    /// A change of the registry makes no sense in the state that a plugin is in.
    #[error("{id} cannot be {wanted}: {reason}")]
    State {
        /// The plugin.
        id: String,
        /// What was asked for.
        wanted: &'static str,
        /// Why not.
        reason: String,
    },
    /// The registry cannot be read or written.
    #[error("the registry of plugins cannot be used: {reason}")]
    Store {
        /// Why.
        reason: String,
        /// Whether another try may help.
        transient: bool,
    },
    /// As often as it may, it was called already.
    #[error("{id} was called as often as it may in a minute")]
    Quota {
        /// The plugin.
        id: String,
    },
    /// The sandbox did not run it.
    #[error("{id} was not run")]
    Sandbox {
        /// The plugin.
        id: String,
        /// Why.
        source: SandboxError,
    },
    /// A file of a home of plugins cannot be used.
    #[error("cannot {what} {}", path.display())]
    File {
        /// What was being done.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Compressing or decompressing failed.
    #[error("cannot {what}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl Transient for Error {
    /// A full sandbox, a used up quota and a busy registry pass; everything else stays as it is.
    fn is_transient(&self) -> bool {
        match self {
            Self::Store { transient, .. } => *transient,
            Self::Quota { .. } => true,
            Self::Sandbox { source, .. } => matches!(source, SandboxError::Busy { .. }),
            _ => false,
        }
    }
}

fn at(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{key}: ") }
}

fn told(findings: &[Finding]) -> String {
    let grave = findings.iter().filter(|finding| finding.is_error());
    let list: Vec<String> =
        grave.map(|found| format!("{} {}: {}", found.rule.id(), found.at, found.message)).collect();
    list.join("; ")
}
