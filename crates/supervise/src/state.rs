//! How a service is, for whoever asks.

use std::fmt;
use std::time::Duration;

use wardkit_core::Timestamp;

use crate::{Ended, Maintenance};

/// How a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "state", rename_all = "snake_case"))]
pub enum State {
    /// It does not run, and is not to.
    Stopped,
    /// It has done its work.
    Finished,
    /// It is to run, and waits for others.
    Held {
        /// For whom and for what.
        by: Vec<Wait>,
    },
    /// It was started and is not ready for the first time.
    Starting,
    /// It runs.
    Running {
        /// Whether it is ready.
        ready: bool,
    },
    /// It waits before it is started again.
    Backoff {
        /// Until when.
        until: Timestamp,
    },
    /// It was started again too often, and stays down for a while.
    CrashLoop {
        /// When it is tried once more.
        until: Timestamp,
    },
    /// It was asked to end, or what is left of it is being killed.
    Stopping,
    /// It does not start again by itself.
    Failed {
        /// Why.
        why: String,
    },
    /// It does not run and is left alone.
    Maintenance,
    /// A recovery is under way.
    Recovering {
        /// What is being done.
        step: String,
    },
    /// It was killed and is still there.
    Unkillable,
}

impl State {
    /// Returns the state as one word: `running`, `crash_loop`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Finished => "finished",
            Self::Held { .. } => "held",
            Self::Starting => "starting",
            Self::Running { .. } => "running",
            Self::Backoff { .. } => "backoff",
            Self::CrashLoop { .. } => "crash_loop",
            Self::Stopping => "stopping",
            Self::Failed { .. } => "failed",
            Self::Maintenance => "maintenance",
            Self::Recovering { .. } => "recovering",
            Self::Unkillable => "unkillable",
        }
    }
}

/// What a service waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Wait {
    /// For whom.
    pub on: String,
    /// For what.
    pub until: WaitFor,
    /// How the other one is, as one word.
    pub is: &'static str,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "waits for {}: {}, which is {}", self.on, self.until.as_str(), self.is)
    }
}

/// What a service waits for of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum WaitFor {
    /// That it is ready.
    Readiness,
    /// That it has ended.
    End,
    /// That it exists: there is no such service.
    Existence,
}

impl WaitFor {
    /// Returns it as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Readiness => "readiness",
            Self::End => "end",
            Self::Existence => "existence",
        }
    }
}

/// What is known of a service.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ServiceStatus {
    /// Its name.
    pub name: String,
    /// How it is.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub state: State,
    /// Since when it is so.
    pub since: Timestamp,
    /// Its process, if it runs as one.
    pub pid: Option<u32>,
    /// Its last run, from 1.
    pub generation: u64,
    /// How often it was started again.
    pub restarts: u64,
    /// What it says of itself.
    pub says: Option<String>,
}

/// What a service is, why, and what comes next.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Explanation {
    /// What is known of it.
    pub status: ServiceStatus,
    /// Why it is as it is, in sentences.
    pub why: Vec<String>,
    /// What comes next and when, in sentences.
    pub next: Vec<String>,
    /// When it counts as a crash loop if it goes on like this.
    pub gives_up_at: Option<Timestamp>,
    /// Those that wait for it.
    pub needed_by: Vec<String>,
    /// Who leaves it alone, and why.
    pub maintenance: Option<Maintenance>,
    /// Its last runs, oldest first.
    pub exits: Vec<Ended>,
    /// How long its present run has been going.
    pub uptime: Option<Duration>,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is {} since {}",
            self.status.name,
            self.status.state.as_str(),
            self.status.since
        )?;
        for line in self.why.iter().chain(&self.next) {
            write!(f, "\n  {line}")?;
        }
        for exit in self.exits.iter().rev() {
            write!(f, "\n  run {} ended {}: {}", exit.generation, exit.at, exit.reason)?;
        }
        Ok(())
    }
}
