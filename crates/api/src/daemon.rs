//! What the listener and the control socket ask of the program they belong to.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;

use serde::{Deserialize, Serialize};
use wardkit_core::{Event, Health, Labels, Timestamp};

use crate::alerts::{AckStep, AckView, Call, Refused};
use crate::plugins::{EndpointCall, PluginLine, PluginRefused};
use crate::services;
use crate::{Answer, Question, QuestionRefused, WriteRefused};

/// A boxed future, so that a trait with asynchronous methods can be a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The program behind the listener and the control socket.
///
/// Its methods are called from the tasks that serve connections, several at a time, as often as clients ask. Those
/// that are not asynchronous must not block. A panic costs the client a 500 and nobody else anything.
pub trait Daemon: Send + Sync + 'static {
    /// Returns the health of every part by name, for `/readyz`.
    fn health(&self) -> Vec<(String, Health)>;

    /// Returns what the status page and `GET /v1/status` of the control socket show.
    fn status(&self) -> Status;

    /// Appends the program's metrics in the Prometheus text format, each line ended. The listener's own metrics
    /// come before them.
    fn write_metrics(&self, out: &mut String);

    /// Appends the program's metrics as OpenMetrics, up to and with the last `# EOF`, and returns whether it did. A program that knows only the other format is asked for that.
    fn write_open_metrics(&self, out: &mut String) -> bool {
        let _ = out;
        false
    }

    /// Reads the configuration again and rebuilds the parts that it changes; only the control socket calls it.
    ///
    /// Dropped when its deadline passes. An error means that the old configuration is still in force.
    fn reload(&self) -> BoxFuture<'_, Result<Reloaded, ReloadRefused>>;

    /// Takes in metrics that a program brought: Prometheus text exposition, as it came. All of it or nothing.
    ///
    /// Called only for those who may write. Dropped when its deadline passes.
    fn ingest(&self, body: Vec<u8>) -> BoxFuture<'_, Result<(), IngestRefused>> {
        let _ = body;
        Box::pin(async { Err(IngestRefused::Unavailable("metrics are not taken in".to_owned())) })
    }

    /// Answers a question about metrics. Dropped when its deadline passes.
    fn answer(&self, question: Question) -> BoxFuture<'_, Result<Answer, QuestionRefused>> {
        let _ = question;
        Box::pin(async {
            Err(QuestionRefused::Unavailable("questions are not answered".to_owned()))
        })
    }

    /// Answers what is asked about alerts, and takes in what is brought: [`Call`] says with which document. An empty
    /// answer says that it was done.
    ///
    /// What writes comes only from those who may; `by` is known on the control socket. Dropped when its deadline
    /// passes: what was taken in by then may be kept or not, and is brought again.
    fn alerts(&self, by: Option<Caller>, call: Call) -> BoxFuture<'_, Result<Answer, Refused>> {
        let _ = (by, call);
        Box::pin(async { Err(Refused::Unavailable("there is no alerting here".to_owned())) })
    }

    /// Says what the link with this token is about, and does what it is for when told to. The token alone proves that
    /// whoever has it may.
    fn acknowledge(&self, token: String, step: AckStep) -> BoxFuture<'_, Result<AckView, Refused>> {
        let _ = (token, step);
        Box::pin(async { Err(Refused::NotFound("there is no such link".to_owned())) })
    }

    /// Does what somebody wants of the services that the program keeps up, or answers what is asked of them:
    /// [`services::Command`] says with which document. `by` is who asks on the control socket.
    ///
    /// Dropped when its deadline passes: what may take longer is answered as pending before.
    fn services(
        &self,
        by: Option<Caller>,
        command: services::Command,
    ) -> BoxFuture<'_, Result<Answer, services::Refused>> {
        let _ = (by, command);
        Box::pin(async {
            Err(services::Refused::Unavailable("there are no services here".to_owned()))
        })
    }

    /// Calls a plugin with JSON, and answers with the JSON that it gave. The id is as it was asked for: letters, digits,
    /// `-`, `_` and `.`. `by` is who asks on the control socket; on the listener, whoever may write.
    ///
    /// Dropped when its deadline passes: the plugin ends by its own.
    fn call_plugin(
        &self,
        by: Option<Caller>,
        id: String,
        input: Vec<u8>,
    ) -> BoxFuture<'_, Result<Answer, PluginRefused>> {
        let _ = (by, id, input);
        Box::pin(async { Err(PluginRefused::NotFound("there are no plugins here".to_owned())) })
    }

    /// Whether a plugin's own address is answered also on the listener to those who may not write. Called for each such
    /// request, from a task: it looks and does not wait.
    fn opens_endpoint(&self, id: &str, path: &str) -> bool {
        let _ = (id, path);
        false
    }

    /// Calls a plugin as its own address says, and answers with the JSON that it gave. `by` is who asks on the control
    /// socket.
    ///
    /// Dropped when its deadline passes: the plugin ends by its own.
    fn call_endpoint(
        &self,
        by: Option<Caller>,
        call: EndpointCall,
    ) -> BoxFuture<'_, Result<Answer, PluginRefused>> {
        let _ = (by, call);
        Box::pin(async { Err(PluginRefused::NotFound("there are no plugins here".to_owned())) })
    }

    /// Begins to end the program, after the answer; only the control socket calls it.
    fn stop(&self, fate: services::Fate) -> BoxFuture<'_, Result<(), services::Refused>> {
        let _ = fate;
        Box::pin(async {
            Err(services::Refused::Unavailable("it is ended by a signal".to_owned()))
        })
    }

    /// Learns that the listener did not let a request write, as often as that happens: for an audit trail, which
    /// must not grow with every try.
    fn write_refused(&self, why: WriteRefused) {
        let _ = why;
    }

    /// Learns that somebody asked on the control socket, before the answer: for an audit trail.
    fn asked(&self, by: Caller, what: Asked) {
        let _ = (by, what);
    }
}

/// Who asks on the control socket. The kernel says so, and it cannot be lied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Caller {
    /// The user.
    pub uid: u32,
    /// The process, where the kernel knows it.
    pub pid: Option<i32>,
}

impl Caller {
    pub(crate) const fn new(uid: u32, pid: Option<i32>) -> Self {
        Self { uid, pid }
    }
}

/// What somebody asked for on the control socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Asked {
    /// One of its commands, by the path of its route.
    For(&'static str),
    /// Anything: this user may not.
    Refused,
}

/// What runs, since when, how well, and what happened lately.
///
/// Exhaustive on purpose: a program that shows its status must decide what each field says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The program's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// When the process started.
    pub started_at: Timestamp,
    /// How long it has run, whatever was done to the host's clock meanwhile.
    pub uptime_seconds: u64,
    /// The data directory.
    pub data_dir: String,
    /// Size and root of the audit trail, if there is one: `12 base64`.
    #[serde(default)]
    pub trail: Option<String>,
    /// The configuration file; none when the defaults are in force.
    pub config_file: Option<String>,
    /// The address that the listener is bound to, if it runs.
    pub listen: Option<SocketAddr>,
    /// The merged health of all parts.
    pub health: Health,
    /// Every part, in the order in which they were started.
    pub parts: Vec<PartStatus>,
    /// Incidents that are not over, those that nobody takes care of first.
    #[serde(default)]
    pub incidents: Vec<OpenIncident>,
    /// The services that the program keeps up, in the order of the configuration.
    #[serde(default)]
    pub services: Vec<ServiceLine>,
    /// The plugins that the program runs, by id.
    #[serde(default)]
    pub plugins: Vec<PluginLine>,
    /// The latest events, newest first.
    pub events: Vec<Event>,
}

/// The state of one part of the program.
///
/// Exhaustive for the same reason as [`Status`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartStatus {
    /// The part's name, as in the configuration.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// How often it was restarted after a failure.
    pub restarts: u64,
    /// Since when it is as it is.
    pub since: Timestamp,
}

/// A service that the program keeps up.
///
/// Exhaustive for the same reason as [`Status`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLine {
    /// Its name.
    pub name: String,
    /// How it is, as one word: `running`, `crash_loop`.
    pub state: String,
    /// Whether somebody should look.
    pub is_amiss: bool,
    /// Its process, if it runs.
    pub pid: Option<u32>,
    /// Since when it is so.
    pub since: Timestamp,
    /// How often it was started again.
    pub restarts: u64,
}

/// Alerts that last and belong together.
///
/// Exhaustive for the same reason as [`Status`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIncident {
    /// Its name.
    pub id: String,
    /// How it is: `triggered`, `acked`, `snoozed` or `reopened`.
    pub state: String,
    /// What its alerts have in common.
    pub labels: Labels,
    /// How many alerts there are.
    pub alerts: usize,
    /// Since when it lasts.
    pub since: Timestamp,
    /// Who takes care; empty when nobody does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

/// The outcome of a reload that took place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// The names of the parts that were rebuilt; empty when the file says what already holds.
    pub changed: Vec<String>,
}

/// The outcome of a reload that did not take place: the old configuration is still in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadRefused {
    /// What is wrong with the new configuration, one finding each, with file, line and key.
    pub errors: Vec<String>,
}

impl fmt::Display for ReloadRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.errors.join("\n"))
    }
}

impl std::error::Error for ReloadRefused {}

/// Why metrics that a program brought were not taken in.
///
/// Exhaustive on purpose: each is another status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IngestRefused {
    /// They are not what they should be: each finding with its line.
    Malformed(Vec<String>),
    /// Not now, whatever they are.
    Unavailable(String),
}
