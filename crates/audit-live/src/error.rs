use std::io;

/// Why a host was not asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What was given is no address of a web server.
    #[error("{text:?} is no URL of a web server: {reason}")]
    Url {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The name has no address.
    #[error("{host} has no address")]
    Unresolved {
        /// The host.
        host: String,
        /// What the resolver said.
        #[source]
        source: io::Error,
    },
    /// The host is another one, and nobody said that it is theirs.
    #[error("{host} is not this host")]
    NotOwned {
        /// The host.
        host: String,
    },
    /// There was no answer to the first request, so nothing is known.
    #[error("{url} does not answer: {reason}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What happened instead.
        reason: String,
    },
    /// The program has no runtime for connections.
    #[error("no connections can be made")]
    Runtime(#[source] io::Error),
}
