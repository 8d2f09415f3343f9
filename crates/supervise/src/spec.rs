//! What an operator declares of a service.

mod amount;
mod logs;
mod policy;
mod probes;
mod sandbox;
mod violations;
mod window;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use amount::Bytes;
pub use amount::{Amount, NotAnAmount};
pub use logs::{LogSync, LogsConfig, NotASync};
pub use policy::{
    BackoffConfig, IntensityConfig, LeakConfig, Limits, Measure, NotAStep, RecoveryConfig,
    ResourceRule, Step,
};
pub use probes::{ProbeAction, ProbeConfig, ProbeKind, ProbePhase, Probes};
pub use sandbox::Sandbox;
pub use window::{NotAWindow, Window};

/// A service: what runs, when it runs again, what it needs, and how one sees that it works.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServiceSpec {
    /// The name, by which other services, events and commands know it: letters, digits, `-`, `_`, `.` and `@`.
    pub name: String,
    /// What sort of service it is: `managed`, `watched` or `task`.
    pub kind: Kind,
    /// The program and its arguments, each as it is: there is no shell. Of a watched service, what starts it.
    pub command: Vec<String>,
    /// Variables for the program, besides those of agentd itself.
    pub env: BTreeMap<String, String>,
    /// The user that it runs as: a name or a number; unset for agentd's own.
    pub user: Option<String>,
    /// The group that it runs as; unset for the user's own.
    pub group: Option<String>,
    /// The directory that it runs in; unset for agentd's own.
    pub working_directory: Option<PathBuf>,
    /// The policy of the sandbox that it runs in: a file as `auditctl sandbox run --policy` takes, from the folder of the
    /// configuration, or `default` for no files, no network and 50 MB. Unset for no sandbox.
    pub sandbox: Option<Sandbox>,
    /// Whether it is started with agentd. What an operator starts or stops stays so, also over a reboot.
    pub autostart: bool,
    /// After which ends it is started again: `always`, `on-failure`, `on-abnormal`, `never` or `unless-stopped`.
    pub restart: RestartPolicy,
    /// The exit codes that are no failure.
    pub success_exit_codes: Vec<i32>,
    /// The exit codes after which a restart is of no use, because the configuration is wrong.
    pub config_error_exit_codes: Vec<i32>,
    /// The services without which it is not started: they are started before it and must be ready.
    pub depends: Vec<String>,
    /// The services that are started along with it; it does not wait for them.
    pub wants: Vec<String>,
    /// The services that must be ready before it, if they are to run at all.
    pub after: Vec<String>,
    /// As `depends`; and it is stopped when one of them goes down, until that is ready again.
    pub binds_to: Vec<String>,
    /// The services that cannot run at the same time: starting one stops the other.
    pub conflicts: Vec<String>,
    /// How one sees that it has started, that it is ready, that it lives.
    pub probes: Probes,
    /// How long it may take from its start until it is ready, if a probe of startup or readiness says when it is.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub start_timeout: Duration,
    /// The signal that asks it to end, such as `TERM` or `QUIT`.
    pub stop_signal: String,
    /// A program that asks it to end, instead of the signal.
    pub stop_command: Vec<String>,
    /// How long after it was asked to end it is killed, with all that it has started.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub stop_timeout: Duration,
    /// How much it may use; the system sees to it.
    pub limits: Limits,
    /// How much of what it writes is kept.
    pub logs: LogsConfig,
    /// How much it may use for how long before something is done.
    #[cfg_attr(feature = "serde", serde(rename = "rule"))]
    pub rules: Vec<ResourceRule>,
    /// What is done when it loses memory, which takes three days to tell; unset for nothing.
    pub leak: Option<LeakConfig>,
    /// How long to wait before it is started again.
    pub backoff: BackoffConfig,
    /// How often it may be started again before that counts as a crash loop.
    pub intensity: IntensityConfig,
    /// What is done instead of a restart when it ends for certain reasons.
    #[cfg_attr(feature = "serde", serde(rename = "recovery"))]
    pub recoveries: Vec<RecoveryConfig>,
    /// When a task runs, as a line of cron in UTC: `15 3 * * *`. Unset for a task that runs once, with agentd.
    pub schedule: Option<String>,
    /// Whether a task whose time came while agentd or the host was down, or that was cut off by that, runs once when
    /// agentd is there again.
    pub catch_up: bool,
    /// Where a watched service writes its process id.
    pub pid_file: Option<PathBuf>,
    /// What the command line of a watched service looks like, as a regular expression.
    #[cfg_attr(feature = "serde", serde(rename = "match"))]
    pub pattern: Option<String>,
    /// The cgroup of a watched service, below the mount point.
    pub cgroup: Option<PathBuf>,
    /// The systemd unit that a watched service is.
    pub unit: Option<String>,
    /// Whether a watched systemd unit is restarted from here even where it restarts by itself.
    pub take_over: bool,
}

impl Default for ServiceSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: Kind::Managed,
            command: Vec::new(),
            env: BTreeMap::new(),
            user: None,
            group: None,
            working_directory: None,
            sandbox: None,
            autostart: true,
            restart: RestartPolicy::Always,
            success_exit_codes: vec![0],
            config_error_exit_codes: vec![CONFIGURATION_ERROR],
            depends: Vec::new(),
            wants: Vec::new(),
            after: Vec::new(),
            binds_to: Vec::new(),
            conflicts: Vec::new(),
            probes: Probes::default(),
            start_timeout: Duration::from_secs(90),
            stop_signal: "TERM".to_owned(),
            stop_command: Vec::new(),
            stop_timeout: Duration::from_secs(10),
            limits: Limits::default(),
            logs: LogsConfig::default(),
            rules: Vec::new(),
            leak: None,
            backoff: BackoffConfig::default(),
            intensity: IntensityConfig::default(),
            recoveries: Vec::new(),
            schedule: None,
            catch_up: true,
            pid_file: None,
            pattern: None,
            cgroup: None,
            unit: None,
            take_over: false,
        }
    }
}

impl ServiceSpec {
    /// Creates a managed service that is always started again.
    #[must_use]
    pub fn new<A: Into<String>>(
        name: impl Into<String>,
        command: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            name: name.into(),
            command: command.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Creates a service that is a future of this very program.
    #[must_use]
    pub fn in_process(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: Kind::InProcess, ..Self::default() }
    }

    /// Returns whether something tells when it is ready.
    #[must_use]
    pub const fn tells_when_ready(&self) -> bool {
        self.probes.startup.is_some() || self.probes.readiness.is_some()
    }

    /// Returns those that it needs before it starts: `depends` and `binds_to`.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &String> {
        self.depends.iter().chain(&self.binds_to)
    }
}

/// What sort of service it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Kind {
    /// agentd starts it and is told when it ends.
    #[default]
    Managed,
    /// It is looked for, and started where it is not found.
    Watched,
    /// It runs to its end: once, or by a schedule.
    Task,
    /// It is a future of this very program.
    #[cfg_attr(feature = "serde", serde(skip))]
    InProcess,
}

/// After which ends a service is started again.
///
/// What an operator has stopped stays stopped with every policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RestartPolicy {
    /// After every end. Tasks that succeeded are at their end all the same.
    #[default]
    Always,
    /// After every end that is no success.
    OnFailure,
    /// After signals, out of memory, failed probes and missed deadlines; not after an exit code.
    OnAbnormal,
    /// After none.
    Never,
    /// The same as `always`.
    UnlessStopped,
}

/// `EX_CONFIG` of sysexits.h.
const CONFIGURATION_ERROR: i32 = 78;
