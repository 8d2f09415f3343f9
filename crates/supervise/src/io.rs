//! What happens and what is to be done.

use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Clock, Event, Timestamp};

use crate::{Config, Ending, Measure, ProbePhase, Record, Step};

/// A point in time on both clocks.
///
/// Exhaustive on purpose: there is no third clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// When it is, for people.
    pub wall: Timestamp,
    /// How long the host has been up, for everything that is measured. Records carry it over a restart of the
    /// program, so it must not begin with the program.
    pub boot: Duration,
}

impl Now {
    /// Reads a clock whose uptime is that of the host, or one whose records are not kept.
    #[must_use]
    pub fn of(clock: &(impl Clock + ?Sized)) -> Self {
        Self { wall: clock.now(), boot: clock.uptime() }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// Time has passed.
    Tick,
    /// Somebody wants something of a service.
    Command {
        /// The service.
        service: String,
        /// What.
        command: Command,
        /// Who: `operator ann`.
        by: String,
    },
    /// Everything is to stop, and to be started again when the program is.
    Shutdown,
    /// There is a new configuration.
    Reload(Box<Config>),
    /// What was to be started runs.
    Spawned {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
        /// Its process.
        process: Process,
    },
    /// What was to be started does not run, and nothing of it does.
    SpawnFailed {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
        /// Why.
        error: SpawnError,
    },
    /// What was looked for is there.
    Found {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
        /// Its process.
        process: Process,
    },
    /// What was looked for is not there. How it ended is not known; where it is, [`Input::Exited`] says so instead.
    Missing {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
        /// What was found instead, such as a PID file that names another process.
        stale: Option<String>,
    },
    /// What was looked for was never started: that is certain. It is started as if it had never been decided.
    NeverStarted {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
    },
    /// The main process of a run has ended.
    Exited {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
        /// How.
        ending: Ending,
    },
    /// Nothing of a run is left, after [`Action::KillTree`].
    TreeGone {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
    },
    /// A run of a probe has ended.
    Probed {
        /// The service.
        service: Arc<str>,
        /// Which run of the service.
        generation: u64,
        /// Which run of the probe.
        run: u64,
        /// What it found.
        result: ProbeResult,
    },
    /// A service has said something of itself.
    Notified {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
        /// What.
        notice: Notice,
    },
    /// A line of the output has matched the pattern of a probe.
    LogMatched {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
        /// The probe.
        phase: ProbePhase,
    },
    /// It was measured what a service uses.
    Measured {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
        /// What was measured.
        measure: Measure,
        /// How much.
        value: f64,
    },
    /// Whoever drives a service remarks something that its operator is to know. It takes the place of what was remarked
    /// of the topic before; nothing takes it back.
    Remarked {
        /// The service.
        service: Arc<str>,
        /// Of what.
        topic: Topic,
        /// What, a sentence each.
        text: Vec<String>,
    },
    /// A run is to end and to be followed by another, because that was planned.
    Planned {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
        /// Why.
        why: String,
    },
    /// A step of a recovery is over, after [`Action::Recover`].
    Recovered {
        /// The service.
        service: Arc<str>,
        /// Which step.
        step: Step,
        /// What went wrong; `None` when nothing did.
        error: Option<String>,
    },
}

/// What is remarked of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Topic {
    /// Limits that the host does not enforce: `supervise.not_enforced`.
    Limits,
    /// Rules for which the host measures nothing, or something else: `supervise.not_measured`.
    Rules,
    /// Memory that is lost, and the restart that is planned for it: `supervise.leak`.
    Leak,
}

impl Topic {
    /// Returns the kind of its event.
    pub(crate) const fn event(self) -> &'static str {
        match self {
            Self::Limits => "supervise.not_enforced",
            Self::Rules => "supervise.not_measured",
            Self::Leak => "supervise.leak",
        }
    }
}

/// What somebody wants of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Have it run, with all that it needs. It is started at once, whatever it waits for in time.
    Start,
    /// Have it not run, nor those that depend on it.
    Stop,
    /// Stop it, and start it again.
    Restart,
    /// Leave it alone, whatever it does, until the maintenance ends.
    BeginMaintenance {
        /// Why.
        comment: String,
    },
    /// Look after it again.
    EndMaintenance,
}

/// The main process of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Process {
    /// Its id; `None` for a future of this program.
    pub pid: Option<u32>,
    /// What tells it from every other process there ever was, in the driver's own words.
    pub identity: String,
}

impl Process {
    /// Creates a process.
    #[must_use]
    pub fn new(pid: impl Into<Option<u32>>, identity: impl Into<String>) -> Self {
        Self { pid: pid.into(), identity: identity.into() }
    }
}

/// Why something could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpawnError {
    /// What trying again may do.
    pub class: SpawnErrorClass,
    /// What went wrong, with the path.
    pub reason: String,
}

impl SpawnError {
    /// Creates an error.
    #[must_use]
    pub fn new(class: SpawnErrorClass, reason: impl Into<String>) -> Self {
        Self { class, reason: reason.into() }
    }
}

/// What trying again may do.
///
/// Exhaustive on purpose: whoever starts processes must decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpawnErrorClass {
    /// It may help: `EAGAIN`, `ENOMEM`, `EMFILE`, `ETXTBSY`.
    Transient,
    /// It helps while the program is being replaced: `ENOENT`, `ENOEXEC`, `EACCES` of the program itself. Of a service
    /// that has never run it is a mistake in the configuration.
    Program,
    /// It does not help: an unknown user, a directory that is not there.
    Configuration,
}

/// What a run of a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbeResult {
    /// It is as it should be.
    Passed,
    /// It is not.
    Failed(String),
}

/// What a service says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// It is ready.
    Ready,
    /// It lives.
    Watchdog,
    /// It does not live, by its own word.
    WatchdogFailed,
    /// It is stopping by itself.
    Stopping,
    /// How it is, for people.
    Status(String),
    /// It needs so much more time to start or to stop.
    ExtendTimeout(Duration),
    /// Another process is its main one now.
    MainProcess(Process),
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Keep this of a service, over whatever is kept of it. It must be on disk before anything after it is done.
    Keep(Box<Record>),
    /// Keep nothing of a service any more.
    Forget(Arc<str>),
    /// Look for a run: that of the record after a restart of the program, or any process that fits the declaration of a
    /// watched service that is about to start. Answered by [`Input::Found`], [`Input::Missing`], [`Input::NeverStarted`] or
    /// [`Input::Exited`].
    Find {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
        /// The process that is in the record; `None` where there is none: nobody knows whether the start was done.
        process: Option<Process>,
    },
    /// Start a service as [`Supervisor::spec`](crate::Supervisor::spec) says. The same generation is never started
    /// twice, however often this is asked. Answered by [`Input::Spawned`] or [`Input::SpawnFailed`].
    Spawn {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
    },
    /// Ask a service to end, by its stop command or its stop signal. Answered by [`Input::Exited`].
    Stop {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
    },
    /// Kill all that is left of a run. Answered by [`Input::TreeGone`], and by [`Input::Exited`] before it if the main
    /// process was still there.
    KillTree {
        /// The service.
        service: Arc<str>,
        /// Which run of it.
        generation: u64,
    },
    /// Run a probe. Answered by [`Input::Probed`].
    Probe {
        /// The service.
        service: Arc<str>,
        /// Which run of the service.
        generation: u64,
        /// Which probe.
        phase: ProbePhase,
        /// Which run of the probe.
        run: u64,
    },
    /// Kill a run of a probe with all that it has started. Needs no answer.
    CancelProbe {
        /// The service.
        service: Arc<str>,
        /// Which run of the probe.
        run: u64,
    },
    /// Do a step of a recovery that another part of the program does. Answered by [`Input::Recovered`].
    Recover {
        /// The service.
        service: Arc<str>,
        /// What.
        step: Step,
    },
    /// Tell what happened.
    Publish(Event),
}
