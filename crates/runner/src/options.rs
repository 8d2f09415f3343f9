use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use wardkit_probe::{HttpGet, NoHttp};

/// Where services are kept, how guardian and master are started, and what services inherit.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// The folder of everything that is kept of services: sockets, FIFOs, logs. It is made if it is not there, and is
    /// for this user alone.
    pub directory: PathBuf,
    /// The program that calls [`wardkit_guardian::run`] with its standard input, with its arguments.
    pub guardian: Vec<OsString>,
    /// The program that calls `wardkit_runner::hold` for a service in a sandbox, with the arguments before those of the
    /// service's program; nothing where no service can be sandboxed.
    pub holder: Vec<OsString>,
    /// How this very program is started again when it dies; nothing when it is not to be.
    pub master: Vec<OsString>,
    /// The whole environment of this program when it is started again. Services never see it.
    pub master_environment: Vec<(OsString, OsString)>,
    /// The environment that services inherit: secrets are no longer in it.
    pub environment: Vec<(OsString, OsString)>,
    /// The name of this installation, which marks its processes and must stay the same over restarts: letters, digits,
    /// dots, underscores, at-signs and hyphens.
    pub instance: String,
    /// The parts of the program that recoveries may use: `alerting`, `backup`, `sandbox`.
    pub parts: BTreeSet<&'static str>,
    /// Decides what is left to chance: the jitter of waits and probes.
    pub seed: u64,
    /// Whether services get groups of their own, by which they are held to limits and ended whole.
    pub cgroups: UseCgroups,
    /// Where systemd is asked about units: the address of a bus, or `peer:` and the path of a socket of its own.
    #[cfg(feature = "systemd")]
    pub systemd: String,
    /// Who asks the pages of probes.
    pub http: Arc<dyn HttpGet>,
}

impl Options {
    /// Creates options of an installation that is not started again when it dies, whose services inherit nothing.
    #[must_use]
    pub fn new<A: Into<OsString>>(
        directory: impl Into<PathBuf>,
        instance: impl Into<String>,
        guardian: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            directory: directory.into(),
            guardian: guardian.into_iter().map(Into::into).collect(),
            holder: Vec::new(),
            master: Vec::new(),
            master_environment: Vec::new(),
            environment: Vec::new(),
            instance: instance.into(),
            parts: BTreeSet::new(),
            seed: 0,
            cgroups: UseCgroups::default(),
            #[cfg(feature = "systemd")]
            systemd: "unix:path=/run/dbus/system_bus_socket".to_owned(),
            http: Arc::new(NoHttp),
        }
    }
}

/// Whether services get cgroups of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UseCgroups {
    /// Where this program may make them.
    #[default]
    WhereAllowed,
    /// Nowhere: what belongs to a service is told by sessions, parents and a variable, and limits hold by process.
    Never,
}

/// Environments are left out: the master's has secrets.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("directory", &self.directory)
            .field("guardian", &self.guardian)
            .field("holder", &self.holder)
            .field("master", &self.master)
            .field("instance", &self.instance)
            .field("parts", &self.parts)
            .field("seed", &self.seed)
            .field("cgroups", &self.cgroups)
            .finish_non_exhaustive()
    }
}
