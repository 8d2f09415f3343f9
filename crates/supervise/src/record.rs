//! What is kept of a service, so that a restart of the program or of the host does not forget it.

use std::time::Duration;

use wardkit_core::Timestamp;

use crate::{Ended, Process};

/// What is kept of a service.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Record {
    /// Its name.
    pub service: String,
    /// The run of the host that all times since the boot belong to.
    pub boot_id: String,
    /// Whether it is to run.
    pub desired: Desired,
    /// Its last run, from 1; 0 when it never ran.
    pub generation: u64,
    /// How far that run is.
    pub phase: RecordPhase,
    /// The process of that run, if it is known.
    pub process: Option<Process>,
    /// When that run began, since the boot.
    pub started: Duration,
    /// Whether that run was ready once.
    pub ready: bool,
    /// Why it does not run although it is to.
    pub rest: Rest,
    /// How many runs in a row failed.
    pub failures: u32,
    /// When it was started again, since the boot, as far as that counts.
    pub restarted: Vec<Duration>,
    /// Whether it is in a crash loop, or was and has not been stable since.
    pub looping: bool,
    /// How often it was started again.
    pub restarts: u64,
    /// Who leaves it alone since when, and why.
    pub maintenance: Option<Maintenance>,
    /// Its last runs, oldest first.
    pub history: Vec<Ended>,
}

impl Record {
    /// Creates what is kept of a service that is to run and never did.
    #[must_use]
    pub fn new(service: impl Into<String>, boot_id: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            boot_id: boot_id.into(),
            desired: Desired::Up,
            generation: 0,
            phase: RecordPhase::Over,
            process: None,
            started: Duration::ZERO,
            ready: false,
            rest: Rest::None,
            failures: 0,
            restarted: Vec::new(),
            looping: false,
            restarts: 0,
            maintenance: None,
            history: Vec::new(),
        }
    }
}

/// Whether a service is to run.
///
/// Exhaustive on purpose: there is nothing in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Desired {
    /// It is to run.
    Up,
    /// It is not to run.
    Down,
}

/// How far a run is.
///
/// Exhaustive on purpose: whoever reads a record must know what may still run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum RecordPhase {
    /// Nothing of it is left.
    Over,
    /// It was started, or was to be.
    Live,
    /// Its main process has ended; something that it started may be left.
    Clearing,
}

/// Why a service does not run although it is to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Rest {
    /// There is no reason.
    #[default]
    None,
    /// It waits before it is started again.
    Backoff {
        /// Until when, since the boot.
        until: Duration,
    },
    /// It was started again too often.
    CrashLoop {
        /// When it is tried once more, since the boot.
        until: Duration,
    },
    /// It does not start again by itself.
    Failed {
        /// Why.
        why: String,
    },
    /// It has done its work.
    Finished,
}

/// A time in which a service is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Maintenance {
    /// Who wants it.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub comment: String,
}
