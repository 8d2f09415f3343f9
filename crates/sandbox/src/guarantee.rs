use std::fmt;

/// What a sandbox promises about a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Guarantee {
    /// It sees no file but those that were granted.
    Files,
    /// It reaches no address and no socket but through what was granted.
    Network,
    /// It sees and signals no process but its own.
    Processes,
    /// It gains no privilege.
    Privileges,
    /// It makes no system call but those that it needs.
    SystemCalls,
    /// What it tried and was denied is told.
    Telemetry,
    /// It uses no more memory.
    Memory,
    /// It uses no more of the processor.
    Cpu,
    /// It runs no longer, and nothing of it is left behind.
    Deadline,
    /// It is handed no more, and gives no more.
    Output,
}

impl Guarantee {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Files,
        Self::Network,
        Self::Processes,
        Self::Privileges,
        Self::SystemCalls,
        Self::Telemetry,
        Self::Memory,
        Self::Cpu,
        Self::Deadline,
        Self::Output,
    ];

    /// Returns its name, as in policies and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Network => "network",
            Self::Processes => "processes",
            Self::Privileges => "privileges",
            Self::SystemCalls => "system-calls",
            Self::Telemetry => "telemetry",
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Deadline => "deadline",
            Self::Output => "output",
        }
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How well a guarantee is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Strength {
    /// Not at all.
    Absent,
    /// By something near it: an address space for memory, a processor's time in all for a share of it.
    Approximate,
    /// Exactly, by the kernel or the engine.
    Enforced,
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "absent",
            Self::Approximate => "approximate",
            Self::Enforced => "enforced",
        })
    }
}
