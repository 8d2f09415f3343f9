//! How one sees that a service has started, that it is ready, that it lives.

use std::path::PathBuf;
use std::time::Duration;

/// The probes of a service.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Probes {
    /// Says that it has started; the other probes wait for it.
    pub startup: Option<ProbeConfig>,
    /// Says that it is ready; those that depend on it wait for that.
    pub readiness: Option<ProbeConfig>,
    /// Says that it lives; without that it is started again.
    pub liveness: Option<ProbeConfig>,
}

impl Probes {
    /// Returns the probe of a phase.
    #[must_use]
    pub const fn of(&self, phase: ProbePhase) -> Option<&ProbeConfig> {
        match phase {
            ProbePhase::Startup => self.startup.as_ref(),
            ProbePhase::Readiness => self.readiness.as_ref(),
            ProbePhase::Liveness => self.liveness.as_ref(),
        }
    }
}

/// What a probe is for.
///
/// Exhaustive on purpose: whoever shows probes must show all three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum ProbePhase {
    /// Has it started?
    Startup,
    /// Is it ready?
    Readiness,
    /// Does it live?
    Liveness,
}

impl ProbePhase {
    /// All phases, in their order.
    pub const ALL: [Self; 3] = [Self::Startup, Self::Readiness, Self::Liveness];

    /// Returns the phase as one word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Readiness => "readiness",
            Self::Liveness => "liveness",
        }
    }
}

/// One probe: what is asked, how often, and what is made of the answers. It asks exactly one thing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProbeConfig {
    /// A program and its arguments, which passes with exit code 0; killed with all that it has started when late.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Vec::is_empty"))]
    pub exec: Vec<String>,
    /// A URL that passes with one of the codes in `status`.
    pub http: Option<String>,
    /// Host and port that take a connection.
    pub tcp: Option<String>,
    /// A unix socket that takes a connection.
    pub unix: Option<PathBuf>,
    /// Whether the service says it by itself: `READY=1` for startup and readiness, `WATCHDOG=1` for liveness.
    pub notify: bool,
    /// A line of the service's output, as a regular expression. For liveness one must come within each period.
    pub log: Option<String>,
    /// A file that was written no longer than `max_age` ago.
    pub file: Option<PathBuf>,
    /// Where the bot answers a ping: host and port, or the path of a unix socket. It is sent `send`, which is `ping`
    /// and a line end, and must answer with `expect`, which is `pong`.
    pub ping: Option<String>,
    /// What is sent once connected, for `tcp`, `unix` and `ping`.
    pub send: Option<String>,
    /// What the answer must have, for `tcp`, `unix`, `ping` and `http`.
    pub expect: Option<String>,
    /// The status codes that pass, for `http`.
    pub status: Vec<u16>,
    /// How old the file may be, for `file`.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub max_age: Duration,
    /// How much time lies between the starts of two runs.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub period: Duration,
    /// By how much a run is put off at most, by chance, so that probes do not all run together.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub jitter: Duration,
    /// How long a run may take before it counts as failed.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub timeout: Duration,
    /// How long after the start, or after the startup probe has passed, the first run begins.
    #[cfg_attr(feature = "serde", serde(with = "wardkit_retry::duration"))]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub initial_delay: Duration,
    /// How many runs in a row must fail.
    pub failures: u32,
    /// How many runs in a row must pass.
    pub successes: u32,
    /// What a failure of startup or liveness leads to: `restart` or `alert`.
    pub action: ProbeAction,
}

impl Default for ProbeConfig {
    fn default() -> Self {
        Self {
            exec: Vec::new(),
            http: None,
            tcp: None,
            unix: None,
            notify: false,
            log: None,
            file: None,
            ping: None,
            send: None,
            expect: None,
            status: vec![200],
            max_age: Duration::from_mins(1),
            period: Duration::from_secs(10),
            jitter: Duration::ZERO,
            timeout: Duration::from_secs(1),
            initial_delay: Duration::ZERO,
            failures: 3,
            successes: 1,
            action: ProbeAction::Restart,
        }
    }
}

impl ProbeConfig {
    /// Creates a probe that runs a program.
    #[must_use]
    pub fn exec<A: Into<String>>(command: impl IntoIterator<Item = A>) -> Self {
        Self { exec: command.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Creates a probe that waits for what the service says by itself.
    #[must_use]
    pub fn notify() -> Self {
        Self { notify: true, ..Self::default() }
    }

    /// Returns what it asks, or `None` when it asks nothing or more than one thing.
    #[must_use]
    pub fn kind(&self) -> Option<ProbeKind> {
        let mut kinds = [
            (!self.exec.is_empty(), ProbeKind::Exec),
            (self.http.is_some(), ProbeKind::Http),
            (self.tcp.is_some(), ProbeKind::Tcp),
            (self.unix.is_some(), ProbeKind::Unix),
            (self.notify, ProbeKind::Notify),
            (self.log.is_some(), ProbeKind::Log),
            (self.file.is_some(), ProbeKind::File),
            (self.ping.is_some(), ProbeKind::Ping),
        ]
        .into_iter()
        .filter_map(|(is_set, kind)| is_set.then_some(kind));
        let first = kinds.next()?;
        kinds.next().is_none().then_some(first)
    }

    /// Returns what it asks in the terms of `wardkit-probe`; `None` for what is not asked but heard: `notify`, `log`.
    #[cfg(feature = "probe")]
    #[must_use]
    pub fn target(&self) -> Option<wardkit_probe::Target> {
        use wardkit_probe::{ExecTarget, FileTarget, HttpTarget, TcpTarget, UnixTarget};
        let tcp = |address: &str, send: Option<String>, expect: Option<String>| {
            let mut target = TcpTarget::new(address);
            (target.send, target.expect) = (send, expect);
            target.into()
        };
        let unix = |path: &str, send: Option<String>, expect: Option<String>| {
            let mut target = UnixTarget::new(path);
            (target.send, target.expect) = (send, expect);
            target.into()
        };
        let (send, expect) = (self.send.clone(), self.expect.clone());
        match self.kind()? {
            ProbeKind::Notify | ProbeKind::Log => None,
            ProbeKind::Exec => Some(ExecTarget::new(self.exec.iter().cloned()).into()),
            ProbeKind::Http => {
                let mut target = HttpTarget::new(self.http.clone()?);
                (target.status, target.contains) = (self.status.clone(), expect);
                Some(target.into())
            }
            ProbeKind::Tcp => Some(tcp(self.tcp.as_deref()?, send, expect)),
            ProbeKind::Unix => {
                let mut target = UnixTarget::new(self.unix.clone()?);
                (target.send, target.expect) = (send, expect);
                Some(target.into())
            }
            ProbeKind::File => {
                let mut target = FileTarget::new(self.file.clone()?);
                target.max_age = Some(self.max_age);
                Some(target.into())
            }
            ProbeKind::Ping => {
                let send = Some(send.unwrap_or_else(|| "ping\n".to_owned()));
                let expect = Some(expect.unwrap_or_else(|| "pong".to_owned()));
                let address = self.ping.as_deref()?;
                Some(if address.starts_with('/') {
                    unix(address, send, expect)
                } else {
                    tcp(address, send, expect)
                })
            }
        }
    }
}

/// What a probe asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProbeKind {
    /// A program.
    Exec,
    /// A page.
    Http,
    /// A port.
    Tcp,
    /// A unix socket.
    Unix,
    /// What the service says by itself, in the way of systemd.
    Notify,
    /// A line of the service's output.
    Log,
    /// A file that it keeps writing.
    File,
    /// An answer of the bot.
    Ping,
}

impl ProbeKind {
    /// Returns whether nobody asks: the answer comes by itself or does not come.
    #[must_use]
    pub const fn is_heard(self) -> bool {
        matches!(self, Self::Notify | Self::Log)
    }
}

/// What a probe's failure leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ProbeAction {
    /// The service is started again.
    #[default]
    Restart,
    /// It is told, and nothing else.
    Alert,
}
