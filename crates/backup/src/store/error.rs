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
    /// Something else lies under the object's name.
    #[error("another object, or a damaged one, lies under the name `{key}`")]
    Different {
        /// The name.
        key: Key,
    },
    /// What was read is not what the name promises.
    #[error("the bytes of `{key}` do not have the hash that is its name")]
    Altered {
        /// The name.
        key: Key,
    },
    /// Nothing that could be opened lies there.
    #[error("there is no repository at `{place}`: it has no `config`")]
    NoRepository {
        /// Where: a path or an address without any secret.
        place: String,
    },
    /// What was to be created is there.
    #[error("there is a repository at `{place}` already")]
    RepositoryExists {
        /// Where: a path or an address without any secret.
        place: String,
    },
    /// A repository is created only where nothing else lies.
    #[error("`{place}` holds something else than a repository")]
    NotEmpty {
        /// The folder.
        place: String,
    },
    /// A server said no.
    #[error("cannot {what} `{place}`: the server answered {status} {reason}")]
    Refused {
        /// What was tried: `read`, `write`.
        what: &'static str,
        /// An address without any secret.
        place: String,
        /// The status of the answer, of HTTP.
        status: u16,
        /// The server's name for the reason, letters and digits only; empty where it gave none.
        reason: String,
    },
    /// A server's answer breaks the protocol.
    #[error("cannot {what} `{place}`: {problem}")]
    Malformed {
        /// What was tried: `read`, `list`.
        what: &'static str,
        /// An address without any secret.
        place: String,
        /// What is wrong with the answer.
        problem: &'static str,
    },
    /// Too few of several targets did it.
    #[error(
        "{done} of the targets could {what}, {needed} are needed; the first failure is of `{target}`"
    )]
    TooFew {
        /// What was tried: `write`, `list`.
        what: &'static str,
        /// How many did it.
        done: usize,
        /// How many have to.
        needed: usize,
        /// Who failed first.
        target: String,
        /// Its reason.
        source: Box<StoreError>,
    },
    /// What a store was to be made of cannot be right.
    #[error("{setting}: {problem}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        problem: &'static str,
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

    /// What makes an error of the system's, for `map_err`.
    pub(super) fn io(
        what: &'static str,
        place: impl std::fmt::Display,
    ) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { what, place: place.to_string(), source }
    }
}

impl Transient for StoreError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.is_transient(),
            Self::Refused { status, .. } => matches!(status, 408 | 429 | 500 | 502..=504),
            Self::TooFew { source, .. } => source.is_transient(),
            _ => false,
        }
    }
}
