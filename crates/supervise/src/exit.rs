//! How a service ended, and why.

use std::fmt;

use wardkit_core::Timestamp;

use crate::ProbePhase;
use crate::spec::Bytes;

/// How a process, or a future of this program, ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Exit {
    /// With an exit code.
    Code(i32),
    /// By a signal.
    Signal {
        /// Its number.
        signal: i32,
        /// Whether a core was dumped.
        core: bool,
    },
    /// A future ended with an error or in a panic.
    Error(String),
    /// Nobody knows: it was not our child, and the system keeps nothing of it.
    Unknown,
}

/// How a process ended and what is known besides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ending {
    /// How it ended.
    pub exit: Exit,
    /// Whether the system killed it because memory ran out.
    pub out_of_memory: bool,
    /// The memory that it might use, in bytes.
    pub memory_limit: Option<u64>,
    /// The most memory that it used, in bytes.
    pub memory_peak: Option<u64>,
    /// Whether it is certain that nothing of what it started still runs. Otherwise all of that is killed first.
    pub tree: Tree,
}

impl Ending {
    /// Creates an ending of which nothing else is known.
    #[must_use]
    pub const fn new(exit: Exit) -> Self {
        Self {
            exit,
            out_of_memory: false,
            memory_limit: None,
            memory_peak: None,
            tree: Tree::Unknown,
        }
    }
}

/// What is left of all that a service has started.
///
/// Exhaustive on purpose: it is there, or it is certain that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tree {
    /// Nothing: that is certain.
    Gone,
    /// Perhaps something.
    Unknown,
}

/// Why a service ended or could not start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Reason {
    /// It ended by itself with an exit code.
    Code(i32),
    /// A signal ended it that was not ours.
    Signal {
        /// Its number.
        signal: i32,
        /// Whether a core was dumped.
        core: bool,
    },
    /// The system killed it because memory ran out.
    Oom {
        /// The memory that it might use, in bytes.
        limit: Option<u64>,
        /// The most memory that it used, in bytes.
        peak: Option<u64>,
    },
    /// It did not say in time that it lives.
    Watchdog,
    /// A probe failed.
    Probe {
        /// Which one.
        phase: ProbePhase,
        /// What it found.
        found: String,
    },
    /// It was not ready in time.
    StartTimeout,
    /// Somebody wanted it.
    Operator {
        /// Who.
        by: String,
    },
    /// Something that it is bound to went down, or is being stopped.
    Dependency {
        /// What.
        on: String,
    },
    /// Another one of its group failed.
    Group {
        /// Which one.
        member: String,
    },
    /// It cannot run beside another, which was started.
    Conflict {
        /// Which one.
        with: String,
    },
    /// It used too much for too long.
    ResourceRule {
        /// What and how much.
        rule: String,
    },
    /// It was planned, as before its memory runs out.
    Planned {
        /// Why.
        why: String,
    },
    /// It could not be started.
    SpawnError {
        /// Why.
        error: String,
    },
    /// It said that its configuration is wrong.
    ConfigError {
        /// The exit code by which it said so.
        code: i32,
    },
    /// Its declaration was changed or taken away.
    Reload,
    /// All services are being stopped.
    Shutdown,
    /// The host was started anew.
    Reboot,
    /// A future ended with an error or in a panic.
    Error(String),
    /// Nobody knows.
    Unknown,
}

impl Reason {
    /// Returns what sort of reason it is.
    #[must_use]
    pub const fn kind(&self) -> ReasonKind {
        match self {
            Self::Code(_) => ReasonKind::Code,
            Self::Signal { core: true, .. } => ReasonKind::Core,
            Self::Signal { core: false, .. } => ReasonKind::Signal,
            Self::Oom { .. } => ReasonKind::Oom,
            Self::Watchdog => ReasonKind::Watchdog,
            Self::Probe { .. } => ReasonKind::Probe,
            Self::StartTimeout => ReasonKind::StartTimeout,
            Self::Operator { .. } => ReasonKind::Operator,
            Self::Dependency { .. } => ReasonKind::Dependency,
            Self::Group { .. } => ReasonKind::Group,
            Self::Conflict { .. } => ReasonKind::Conflict,
            Self::ResourceRule { .. } => ReasonKind::ResourceRule,
            Self::Planned { .. } => ReasonKind::Planned,
            Self::SpawnError { .. } => ReasonKind::SpawnError,
            Self::ConfigError { .. } => ReasonKind::ConfigError,
            Self::Reload => ReasonKind::Reload,
            Self::Shutdown => ReasonKind::Shutdown,
            Self::Reboot => ReasonKind::Reboot,
            Self::Error(_) => ReasonKind::Error,
            Self::Unknown => ReasonKind::Unknown,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal { signal, core: false } => write!(f, "signal {signal}"),
            Self::Signal { signal, core: true } => write!(f, "signal {signal}, core dumped"),
            Self::Oom { limit, peak } => {
                f.write_str("killed for lack of memory (OOM)")?;
                if let Some(limit) = limit {
                    write!(f, ": limit {}", Bytes(*limit))?;
                }
                let before = if limit.is_some() { "," } else { ":" };
                peak.map_or(Ok(()), |peak| write!(f, "{before} peak {}", Bytes(peak)))
            }
            Self::Watchdog => f.write_str("watchdog: it did not say in time that it lives"),
            Self::Probe { phase, found } => write!(f, "{} probe: {found}", phase.as_str()),
            Self::StartTimeout => f.write_str("not ready in time"),
            Self::Operator { by } => write!(f, "stopped by {by}"),
            Self::Dependency { on } => write!(f, "{on} went down"),
            Self::Group { member } => write!(f, "{member} of its group failed"),
            Self::Conflict { with } => write!(f, "{with} was started"),
            Self::ResourceRule { rule } => f.write_str(rule),
            Self::Planned { why } => write!(f, "planned restart: {why}"),
            Self::SpawnError { error } => write!(f, "cannot be started: {error}"),
            Self::ConfigError { code } => write!(f, "configuration error, exit code {code}"),
            Self::Reload => f.write_str("its configuration was changed"),
            Self::Shutdown => f.write_str("shutdown"),
            Self::Reboot => f.write_str("the host was started anew"),
            Self::Error(error) => f.write_str(error),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// What sort of reason it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ReasonKind {
    /// An exit code.
    Code,
    /// A signal.
    Signal,
    /// A signal, with a core.
    Core,
    /// Out of memory.
    Oom,
    /// It did not say in time that it lives.
    Watchdog,
    /// A probe failed.
    Probe,
    /// It was not ready in time.
    StartTimeout,
    /// Somebody wanted it.
    Operator,
    /// Something that it needs went down.
    Dependency,
    /// Another one of its group failed.
    Group,
    /// It cannot run beside another.
    Conflict,
    /// It used too much for too long.
    ResourceRule,
    /// It was planned.
    Planned,
    /// It could not be started.
    SpawnError,
    /// It said that its configuration is wrong.
    ConfigError,
    /// It was started again too often.
    CrashLoop,
    /// Its declaration was changed or taken away.
    Reload,
    /// All services are being stopped.
    Shutdown,
    /// The host was started anew.
    Reboot,
    /// A future ended with an error or in a panic.
    Error,
    /// Nobody knows.
    Unknown,
}

impl ReasonKind {
    /// Returns whether a service that ends for it has failed; the others are wanted by somebody.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        !matches!(
            self,
            Self::Operator
                | Self::Dependency
                | Self::Group
                | Self::Conflict
                | Self::Planned
                | Self::Reload
                | Self::Shutdown
                | Self::Reboot
        )
    }

    /// Returns the kind as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Signal => "signal",
            Self::Core => "core",
            Self::Oom => "oom",
            Self::Watchdog => "watchdog",
            Self::Probe => "probe",
            Self::StartTimeout => "start_timeout",
            Self::Operator => "operator",
            Self::Dependency => "dependency",
            Self::Group => "group",
            Self::Conflict => "conflict",
            Self::ResourceRule => "resource_rule",
            Self::Planned => "planned",
            Self::SpawnError => "spawn_error",
            Self::ConfigError => "config_error",
            Self::CrashLoop => "crash_loop",
            Self::Reload => "reload",
            Self::Shutdown => "shutdown",
            Self::Reboot => "reboot",
            Self::Error => "error",
            Self::Unknown => "unknown",
        }
    }
}

/// One run of a service that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ended {
    /// Which one, from 1.
    pub generation: u64,
    /// When it ended.
    pub at: Timestamp,
    /// How long it ran.
    pub uptime: std::time::Duration,
    /// Why it ended.
    pub reason: Reason,
    /// How it ended, as far as that is known.
    pub exit: Option<Exit>,
    /// The most memory that it used, in bytes.
    pub memory_peak: Option<u64>,
}
