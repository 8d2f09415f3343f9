use super::StoreError;

/// Why something could not be done with a job.
#[derive(Debug)]
#[non_exhaustive]
pub enum JobError {
    /// There are as many jobs as there may be.
    Full {
        /// How many.
        most: usize,
    },
    /// The key is empty or longer than 256 bytes, or the payload is longer than it may be.
    TooLarge,
    /// The attempt took too long, and counts as failed.
    LeaseLost,
    /// There is no such dead letter.
    Unknown {
        /// Its number.
        id: u64,
    },
    /// The store did not do its part.
    Store(StoreError),
}

impl JobError {
    /// Returns whether the same may succeed later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Full { .. } => true,
            Self::Store(error) => error.is_transient,
            _ => false,
        }
    }
}

impl std::fmt::Display for JobError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full { most } => write!(f, "there are {most} jobs, as many as there may be"),
            Self::TooLarge => {
                f.write_str("the key or the payload of the job is too long, or the key is empty")
            }
            Self::LeaseLost => f.write_str("the attempt took longer than its lease"),
            Self::Unknown { id } => write!(f, "there is no dead letter {id}"),
            Self::Store(_) => f.write_str("the journal of jobs"),
        }
    }
}

impl std::error::Error for JobError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
