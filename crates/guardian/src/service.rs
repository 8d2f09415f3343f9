use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wardkit_process::{Account, Exit, Identity, Limit, Signal, Usage};

/// A service that is to run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Spawn {
    /// Its name.
    pub service: String,
    /// Which start of it this is: the same number twice starts one process.
    pub generation: u64,
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// The whole environment; the guardian adds [`MARKER`](crate::MARKER).
    pub environment: Vec<(OsString, OsString)>,
    /// Where it starts; where the guardian is when there is none.
    pub directory: Option<PathBuf>,
    /// As whom; as the guardian when there is none.
    pub account: Option<Account>,
    /// What it may use.
    pub limits: Vec<Limit>,
    /// Where its standard output goes.
    pub stdout: Sink,
    /// Where its standard error goes.
    pub stderr: Sink,
    /// The cgroup in which it gets one of its own.
    pub cgroup: Option<PathBuf>,
    /// Values of its own cgroup, such as `memory.max`.
    pub cgroup_values: Vec<(String, String)>,
    /// Groups of hierarchies of version 1 that it is born into besides; whoever made them removes them.
    pub cgroups_v1: Vec<PathBuf>,
    /// How much rather than others it is killed when memory runs out; as the guardian when there is none.
    pub oom_score_adj: Option<i16>,
}

/// Where a service's output goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Sink {
    /// Nowhere.
    #[default]
    Discard,
    /// Where the guardian's goes.
    Inherit,
    /// Into a FIFO, made where there is none. Guardian and service hold it open for reading, too, so that neither the
    /// end of its reader nor that of the service loses what is in it; when it is full, the service waits.
    Fifo(PathBuf),
}

/// What names a service's process over the end of guardian and master: what a caller keeps in its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Record {
    /// The service.
    pub service: String,
    /// Which start of it.
    pub generation: u64,
    /// The process.
    pub identity: Identity,
    /// Its own cgroup.
    pub cgroup: Option<PathBuf>,
    /// Where its standard output goes.
    pub stdout: Sink,
    /// Where its standard error goes.
    pub stderr: Sink,
}

impl Record {
    /// Returns a record of a process without cgroup and FIFOs.
    #[must_use]
    pub fn new(service: impl Into<String>, generation: u64, identity: Identity) -> Self {
        let (stdout, stderr) = (Sink::Discard, Sink::Discard);
        Self { service: service.into(), generation, identity, cgroup: None, stdout, stderr }
    }
}

/// How a service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Ended {
    /// Code or signal.
    pub exit: Exit,
    /// What it used; `None` when it was not the guardian's own child.
    pub usage: Option<Usage>,
    /// How many processes of its cgroup were ended for want of memory; `None` without the memory controller.
    pub oom_kills: Option<u64>,
}

/// How a service is to be stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stop {
    /// The service.
    pub service: String,
    /// Which start of it.
    pub generation: u64,
    /// What its first process is sent.
    pub signal: Signal,
    /// How long its tree may take; then it is killed whole.
    pub patience: Duration,
    /// How long the killed tree may take; what is left then is told.
    pub kill_patience: Duration,
}

/// What a guardian knows of its master.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Master {
    /// The name of this installation, which marks its processes and must stay the same over restarts.
    pub instance: String,
    /// How the master is started again when it dies; nothing when it is not to be.
    pub command: Vec<OsString>,
    /// Its environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Where it starts.
    pub directory: Option<PathBuf>,
}
