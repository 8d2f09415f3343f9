use wardkit_sandbox::Ended;

/// Why a call ended before its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    /// A fault of the module.
    #[error("{0}")]
    Trap(String),
    #[error("the deadline has passed")]
    Timeout,
    #[error("the time of the processor is used up")]
    CpuBudget,
    #[error("there is no more memory")]
    OutOfMemory,
    #[error("the output is too long")]
    OutputLimit,
}

impl Stop {
    pub(crate) fn trap(reason: impl Into<String>) -> Self {
        Self::Trap(reason.into())
    }
}

impl From<Stop> for Ended {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Trap(reason) => Self::Trapped(reason),
            Stop::Timeout => Self::Timeout,
            Stop::CpuBudget => Self::CpuBudget,
            Stop::OutOfMemory => Self::OutOfMemory,
            Stop::OutputLimit => Self::OutputLimit,
        }
    }
}

impl wasmi::errors::HostError for Stop {}
