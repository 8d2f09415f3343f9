//! Why a baseline is not used.

/// Why a baseline is not used, or not written. There is no falling back to an older generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// Its end is not there.
    #[error("it is cut short")]
    Torn,
    /// It is not what was signed.
    #[error("it is not what was signed")]
    Altered,
    /// No known key signed it.
    #[error("no known key signed it")]
    ForeignKey,
    /// It is no baseline, or no note of one.
    #[error("it is malformed: {0}")]
    Malformed(&'static str),
    /// A later version of this library wrote it.
    #[error("its format is version {0}, which is not known here")]
    Version(u16),
    /// A later generation was accepted before.
    #[error("generation {found} is older than {seen}, which was accepted before")]
    Older {
        /// The newest generation that is there.
        found: u64,
        /// The generation that was accepted.
        seen: u64,
    },
    /// It is another one than the one that was accepted before.
    #[error("generation {generation} is another than the one that was accepted before")]
    Forked {
        /// The generation.
        generation: u64,
    },
    /// There is a later generation than the one that this one was to follow.
    #[error("generation {found} came in between")]
    Superseded {
        /// The newest generation that is there.
        found: u64,
    },
    /// There is a baseline already.
    #[error("there is a baseline already")]
    Exists,
    /// Another process writes a generation.
    #[error("another process is writing it")]
    Busy,
    /// It is a symbolic link, a directory or something else that is no regular file.
    #[error("it is no regular file")]
    NotRegular,
    /// It has more bytes than a baseline may have.
    #[error("it is larger than 4 GiB")]
    TooLarge,
    /// The entries do not come in the order of snapshots, or a path comes twice.
    #[error("its entries are not in order")]
    Unsorted,
}
