use std::io;
use std::path::PathBuf;

use wardkit_supervise::Violation;

use crate::StoreError;

/// Why services could not be taken up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another instance holds the folder.
    #[error("the services in {path} are held by process {pid}", path = path.display(), pid = pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string()))]
    Held {
        /// The folder.
        path: PathBuf,
        /// The other instance, as far as it is known.
        pid: Option<u32>,
    },
    /// A file or folder could not be made ready.
    #[error("{path}", path = path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The records could not be read: nothing is started that may run already.
    #[error("what is kept of services cannot be read")]
    Store(#[source] StoreError),
    /// There is no guardian, and none could be started.
    #[error("the guardian of services")]
    Guardian(#[source] wardkit_guardian::Error),
    /// The system refused something else that the services need.
    #[error("the system refused what services need")]
    System(#[source] io::Error),
}

impl Error {
    /// Tells whether the same attempt may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Held { .. } => true,
            Self::Store(error) => error.is_transient,
            Self::Guardian(error) => error.is_transient(),
            Self::File { .. } | Self::System(_) => false,
        }
    }
}

/// Why something was not done that somebody wanted of a service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is no such service.
    #[error("there is no service {name:?}")]
    Unknown {
        /// The name that was given.
        name: String,
        /// All names that there are.
        known: Vec<String>,
    },
    /// It does not run, and not because it was to be stopped.
    #[error("{name} is {state}: {why}")]
    NotRunning {
        /// The service.
        name: String,
        /// How it is, as one word: `failed`, `crash_loop`, `held`.
        state: &'static str,
        /// Why.
        why: String,
    },
    /// It was killed and is still there: the kernel has not let go of it.
    #[error("{name} was killed and is still there")]
    Unkillable {
        /// The service.
        name: String,
    },
    /// It was done, but could not be kept: after a restart it may be as before.
    #[error("it was done and could not be kept: {why}")]
    NotKept {
        /// Why.
        why: String,
    },
    /// Something is wrong with the configuration: the old one stays.
    #[error("the configuration is refused: {}", violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Configuration {
        /// What is wrong.
        violations: Vec<Violation>,
    },
    /// Something else was wanted of it meanwhile.
    #[error("something else was wanted of {name} meanwhile")]
    Overtaken {
        /// The service.
        name: String,
    },
    /// The services are being stopped or left.
    #[error("the services are no longer looked after")]
    ShutDown,
}
