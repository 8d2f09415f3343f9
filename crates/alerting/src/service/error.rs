//! What can go wrong.

use crate::StoreError;

/// Something that the service could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The store keeps nothing at the moment. What was brought may be acted on, but does not survive a restart: bring
    /// it again.
    #[error("the store keeps nothing: {reason}")]
    Unavailable {
        /// What the store said.
        reason: String,
    },
    /// The store cannot be read.
    #[error("cannot read the store")]
    Read(#[source] StoreError),
    /// There is no such channel.
    #[error("there is no channel {0}")]
    NoChannel(String),
    /// The thread cannot be started.
    #[error("cannot start the thread of the service")]
    Thread(#[source] std::io::Error),
    /// The service does not run any more.
    #[error("the alerting service does not run")]
    Stopped,
}

impl ServiceError {
    /// Returns whether the same may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Read(_))
    }
}
