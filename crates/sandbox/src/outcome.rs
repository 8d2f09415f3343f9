use std::time::Duration;

use crate::Report;

/// What one run of a program gave.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "how the run ended is in here"]
#[non_exhaustive]
pub struct Outcome {
    /// What it gave, up to the limit; also when it was ended.
    pub output: Vec<u8>,
    /// What it said beside that, up to the limit.
    pub errors: Vec<u8>,
    /// How it ended.
    pub ended: Ended,
    /// What it used.
    pub usage: Usage,
    /// What enforced each guarantee.
    pub report: Report,
}

impl Outcome {
    /// Takes what a run gave; nothing was said and nothing used.
    pub fn new(ended: Ended, output: Vec<u8>, report: Report) -> Self {
        Self { output, errors: Vec::new(), ended, usage: Usage::default(), report }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[non_exhaustive]
pub enum Ended {
    /// By itself, with this status.
    Exited(u8),
    /// By a fault of its own, which is named.
    Trapped(String),
    /// It was ended at its deadline.
    Timeout,
    /// It wanted more memory than it may have.
    OutOfMemory,
    /// It had used all the time of the processor that it may.
    CpuBudget,
    /// It gave more than it may.
    OutputLimit,
    /// By this signal, which was sent by none of the limits.
    Killed(i32),
}

/// What a run used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Usage {
    /// Time of processors.
    pub cpu: Duration,
    /// Time that it stood still because its share was used up.
    pub throttled: Duration,
    /// From its start to its end.
    pub wall: Duration,
    /// The most memory at one time, in bytes.
    pub peak_memory: u64,
    /// What it tried and was denied.
    pub denied: Vec<Denied>,
}

/// Something that a program tried and was denied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Denied {
    /// The system call or the capability: `socket`, `http`.
    pub name: String,
    /// How often.
    pub count: u64,
}

impl Denied {
    /// Takes what was denied, and how often.
    #[must_use]
    pub fn new(name: impl Into<String>, count: u64) -> Self {
        Self { name: name.into(), count }
    }
}
