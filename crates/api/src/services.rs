//! Services that the program keeps up: what the control socket takes about them.

use serde::{Deserialize, Serialize};

/// What somebody wants of services, or wants to know of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[non_exhaustive]
pub enum Command {
    /// Lists the services: answered with a list of objects that have `name`, `state` and `pid`.
    List {},
    /// Tells who needs whom: answered with `services`, `edges` and `waves`.
    Graph {},
    /// Says why a service is as it is, and what comes next.
    Explain {
        /// Which one.
        name: String,
    },
    /// Says where the output of a service is: answered with a [`Log`].
    Log {
        /// Which one.
        name: String,
    },
    /// Has a service run, with all that it needs: answered with an [`Outcome`].
    Start {
        /// Which one.
        name: String,
        /// Who wants it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Has a service not run, nor those that need it: answered with an [`Outcome`] once all of it is gone.
    Stop {
        /// Which one.
        name: String,
        /// Who wants it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Stops a service and starts it again: answered with an [`Outcome`].
    Restart {
        /// Which one.
        name: String,
        /// Who wants it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Leaves a service alone, whatever it does: answered with an [`Outcome`].
    Maintenance {
        /// Which one.
        name: String,
        /// Why.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        comment: String,
        /// Who wants it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Looks after a service again: answered with an [`Outcome`].
    EndMaintenance {
        /// Which one.
        name: String,
        /// Who wants it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Waits on for what was not done in time: answered with an [`Outcome`].
    Wait {
        /// What [`Outcome::ticket`] was.
        ticket: u64,
    },
}

impl Command {
    /// Returns whether it changes something.
    #[must_use]
    pub const fn writes(&self) -> bool {
        match self {
            Self::List {}
            | Self::Graph {}
            | Self::Explain { .. }
            | Self::Log { .. }
            | Self::Wait { .. } => false,
            Self::Start { .. }
            | Self::Stop { .. }
            | Self::Restart { .. }
            | Self::Maintenance { .. }
            | Self::EndMaintenance { .. } => true,
        }
    }

    /// Returns what it does as one word, and with which service.
    #[must_use]
    pub fn about(&self) -> (&'static str, &str) {
        match self {
            Self::List {} => ("list", ""),
            Self::Graph {} => ("graph", ""),
            Self::Wait { .. } => ("wait", ""),
            Self::Explain { name } => ("explain", name),
            Self::Log { name } => ("log", name),
            Self::Start { name, .. } => ("start", name),
            Self::Stop { name, .. } => ("stop", name),
            Self::Restart { name, .. } => ("restart", name),
            Self::Maintenance { name, .. } => ("maintenance", name),
            Self::EndMaintenance { name, .. } => ("end-maintenance", name),
        }
    }
}

/// What became of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// By which [`Command::Wait`] waits on, when it was not done before an answer was due; services may take longer to
    /// stop than a request may last. None when it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<u64>,
}

impl Outcome {
    /// Returns what says that it is done.
    #[must_use]
    pub const fn done() -> Self {
        Self { ticket: None }
    }

    /// Returns what says that it is not done yet.
    #[must_use]
    pub const fn pending(ticket: u64) -> Self {
        Self { ticket: Some(ticket) }
    }
}

/// Where the output of a service is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Log {
    /// The file that is written to.
    pub path: String,
}

impl Log {
    /// Creates it.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into() }
    }
}

/// Why a command about services is not done.
///
/// Exhaustive on purpose: each is another status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such service, and which may be meant.
    NotFound(String),
    /// It was tried and did not come to that, and why.
    Failed(String),
    /// Not now, whatever it is.
    Unavailable(String),
}

/// What becomes of the services when the program ends.
///
/// Exhaustive on purpose: they stop or they do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// They are stopped first, those that need others before these.
    Stop,
    /// They go on, and the next run of the program takes them over.
    LeaveRunning,
}
