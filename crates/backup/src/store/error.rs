use wardkit_core::Transient;

use super::Key;

/// Why a store did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such object.
    #[error("there is no `{key}`")]
    NotFound {
        /// The object.
        key: Key,
    },
    /// The object is shorter than what was asked for.
    #[error("`{key}` has {size} bytes, and is to have at least {wanted}")]
    TooShort {
        /// The object.
        key: Key,
        /// How long it is.
        size: u64,
        /// How long it has to be.
        wanted: u64,
    },
    /// The store does not do this for anybody who holds it.
    #[error("the store does not allow to {what}")]
    NotAllowed {
        /// What.
        what: &'static str,
    },
    /// Reading or writing failed.
    #[error("cannot {what} `{place}`")]
    Io {
        /// What was tried: `read`, `write`.
        what: &'static str,
        /// Where: a path or an address without any secret.
        place: String,
        /// The reason.
        source: std::io::Error,
    },
}

impl StoreError {
    /// Whether the object is not there, as opposed to: it cannot be read.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

impl Transient for StoreError {
    fn is_transient(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.is_transient())
    }
}
