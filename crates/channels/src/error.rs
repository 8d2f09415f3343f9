//! Why there was no answer.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use wardkit_core::Transient;
use wardkit_validation::UrlError;

use crate::Violation;

/// Why there was no answer. It names the host and never shows path, query, headers or bodies: any may be a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration cannot be used.
    #[error("{}", listed(.violations))]
    Config {
        /// Everything that is wrong with it.
        violations: Vec<Violation>,
    },
    /// A URL, or what its host leads to, was refused.
    #[error("the URL of the request is refused")]
    Url(#[source] wardkit_validation::Error),
    /// A header was refused.
    #[error("header `{name}` is refused")]
    Header {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: wardkit_validation::Error,
    },
    /// The certificates of the authorities cannot be read.
    #[error("cannot read the authorities in {}", .path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no authority to trust.
    #[error(
        "the system has no certificates of authorities: install ca-certificates or set `ca-file`"
    )]
    NoAuthorities,
    /// The host could not be reached.
    #[error("cannot connect to {host}")]
    Connect {
        /// Host and port.
        host: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The host could not prove that it is the one.
    #[error("no TLS with {host}")]
    Tls {
        /// Host and port.
        host: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It took too long.
    #[error("{host} took longer than {limit:?} for the {phase}")]
    Timeout {
        /// Host and port.
        host: String,
        /// What took too long.
        phase: Phase,
        /// How long it may take.
        limit: Duration,
    },
    /// The connection broke before the answer was whole.
    #[error("the connection to {host} broke before the answer was whole")]
    Interrupted {
        /// Host and port.
        host: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer is no HTTP, or its head is larger than allowed.
    #[error("{host} answers something that is no HTTP, or too much of it")]
    Malformed {
        /// Host and port.
        host: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The body of the answer is larger than allowed.
    #[error("the body of the answer of {host} is larger than {limit} bytes")]
    BodyTooLarge {
        /// Host and port.
        host: String,
        /// The most bytes.
        limit: usize,
    },
    /// It was tried again, and did not work.
    #[error("gave up after {attempts} attempts")]
    GaveUp {
        /// How many there were.
        attempts: u32,
        /// What came of the last.
        #[source]
        last: Box<Self>,
    },
}

/// What took too long.
///
/// Exhaustive on purpose: these are all that an exchange has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Resolving the name, connecting, and TLS.
    Connect,
    /// Sending the request, until the head of the answer is there.
    Head,
    /// The body of the answer.
    Body,
    /// All of it.
    Whole,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Connect => "connection",
            Self::Head => "head of the answer",
            Self::Body => "body of the answer",
            Self::Whole => "whole answer",
        })
    }
}

impl Error {
    /// Returns whether the request provably never reached anybody.
    #[must_use]
    pub fn is_unsent(&self) -> bool {
        match self {
            Self::Timeout { phase, .. } => *phase == Phase::Connect,
            Self::GaveUp { last, .. } => last.is_unsent(),
            Self::Interrupted { .. } | Self::Malformed { .. } | Self::BodyTooLarge { .. } => false,
            _ => true,
        }
    }

    pub(crate) fn url(error: UrlError) -> Self {
        Self::Url(error.into())
    }
}

impl Transient for Error {
    fn is_transient(&self) -> bool {
        match self {
            Self::Url(wardkit_validation::Error::Url(source)) => source.is_transient(),
            // A certificate that is refused stays refused; a handshake that broke off may not.
            Self::Connect { source, .. } | Self::Tls { source, .. } => source.is_transient(),
            Self::Timeout { .. } | Self::Interrupted { .. } => true,
            Self::GaveUp { last, .. } => last.is_transient(),
            _ => false,
        }
    }
}

fn listed(violations: &[Violation]) -> String {
    let found: Vec<String> = violations.iter().map(ToString::to_string).collect();
    found.join("; ")
}
