//! `agentd run`: from the command line to a daemon that runs, and to its end.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Mutex;
use wardkit_api::services::Fate;
use wardkit_auditlog::Entry;
use wardkit_cli::{Format, Kind, Report};

use crate::app::{App, Fixed};
use crate::cli::Cli;
use crate::config::{self, BadConfig, Config, Profile, ReloadConfig};
use crate::data_dir::{self, DataDir};
use crate::log::Logging;
use crate::reload::{self, Loaded};
use crate::services::reload::Hangup;
use crate::services::{self, thrift, watchdog};

/// Runs the daemon until it is told to stop.
pub(crate) fn run(cli: &Cli) -> Result<ExitCode, Report> {
    // Only this decides how many threads there are; what else is wrong with the file is found later.
    let text = cli.config.as_deref().and_then(|file| config::read(file).ok());
    let runtime = match text.as_deref().map_or(Profile::Full, config::profile) {
        Profile::Full => Builder::new_multi_thread().enable_all().build(),
        Profile::Supervise => Builder::new_current_thread().enable_all().build(),
    };
    let runtime = runtime.map_err(|error| Report::new(Kind::Io, error))?;
    let outcome = runtime.block_on(serve(cli));
    // A task that ignores its stop must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    outcome
}

async fn serve(cli: &Cli) -> Result<ExitCode, Report> {
    // First of all, so that a signal that comes early finds a handler: SIGHUP must never end the daemon.
    let mut signals = Signals::install().map_err(|error| Report::new(Kind::Io, error))?;
    let fixed = Fixed { config_file: cli.config.as_deref().map(absolute), listen: cli.listen };
    let loaded = reload::load(&fixed, &ReloadConfig::default().retry)
        .map_err(|bad| bad_config(bad, &fixed))?;
    let path = cli.data_dir()?;
    let data_dir = DataDir::open(&path).map_err(|error| no_data_dir(error, &path))?;
    let logging = Logging::install(&loaded.config.log);
    // Before anything else is built: what cannot be put on record does not happen.
    let recorder = crate::trail::open(data_dir.path())?;
    recorder.record(config_accepted(&loaded.config, &fixed));
    remark_services(&loaded, &fixed);
    raise_descriptor_limit();
    let profile = loaded.config.profile;
    let app = App::build(loaded, fixed, data_dir, recorder, logging, signals.hangup.clone())
        .await
        .map_err(cannot_listen)?;
    app.parts.settled(START_LIMIT).await;
    if let Err(report) = crate::print(&greeting(&app, cli.common.format)) {
        tracing::warn!(error = %report.error, "cannot print the greeting");
    }
    app.started();
    watchdog::notify_ready();

    let Some((name, fate)) = told_to_end(&app, &mut signals, profile).await else {
        services::trail::finish(&app).await;
        return Err(Report::new(Kind::Internal, "the thread of the services broke"));
    };
    app.stopping(name);
    watchdog::notify_stopping();
    tokio::select! {
        () = app.supervision.shut_down(fate) => {}
        name = signals.stop() => {
            tracing::warn!(signal = name, "told to stop again: services are killed");
            app.supervision.cut_off().await;
        }
    }
    let drain = app.listening().drain;
    tokio::select! {
        // A second longer than a part's own limit, so that the part's is the one that counts.
        all = app.parts.ended(drain + Duration::from_secs(1)) => {
            if !all {
                tracing::warn!("some parts did not end in time and are cut off");
            }
        }
        name = signals.stop() => tracing::warn!(signal = name, "told to stop again: parts are cut off"),
    }
    services::trail::finish(&app).await;
    Ok(ExitCode::SUCCESS)
}

/// Waits until somebody has the daemon end; `None` when it must end although nobody wants it.
async fn told_to_end(
    app: &App,
    signals: &mut Signals,
    profile: Profile,
) -> Option<(&'static str, Fate)> {
    tokio::select! {
        name = signals.stop() => Some((name, Fate::Stop)),
        fate = app.supervision.asked_to_end() => Some(("command", fate)),
        () = app.supervision.broken() => None,
        never = thrift::run(), if profile == Profile::Supervise => match never {},
    }
}

/// Says which services cannot run as they are configured; the others do.
fn remark_services(loaded: &Loaded, fixed: &Fixed) {
    let file = fixed.config_file.clone().unwrap_or_default();
    for line in (BadConfig { file, problems: loaded.services.all() }).lines() {
        tracing::warn!(reason = line, "a service cannot run as it is configured");
    }
}

/// Returns what the audit trail says of the configuration that the daemon starts with.
fn config_accepted(config: &Config, fixed: &Fixed) -> Entry {
    let file = fixed.config_file.as_ref().map(|file| file.display().to_string());
    let mut entry = Entry::new("config.accepted", file.unwrap_or_default());
    entry.new = Some(config.digest().into());
    entry
}

/// Returns the path as it is from everywhere; the file need not exist.
pub(crate) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The signals that the daemon answers.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// Remembers a SIGHUP that comes while nobody waits for it.
    hangup: Hangup,
}

impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: Arc::new(Mutex::new(signal(SignalKind::hangup())?)),
        })
    }

    /// Waits until the daemon is told to stop.
    async fn stop(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Says what runs, where its data is, and where to look.
fn greeting(app: &App, format: Format) -> String {
    use wardkit_api::Daemon as _;
    let status = app.status();
    let address = app.listening().address;
    if format == Format::Json {
        return format!(
            "{}\n",
            serde_json::json!({
                "version": status.version,
                "pid": status.pid,
                "listen": address,
                "url": address.map(|address| format!("http://{address}/")),
                "data_dir": status.data_dir,
                "config_file": status.config_file,
            })
        );
    }
    let config =
        status.config_file.as_deref().unwrap_or("embedded defaults (see: agentd config default)");
    let look = address.map_or_else(String::new, |address| {
        format!("look    http://{address}/  (also /healthz, /readyz, /metrics)\n")
    });
    let parts: Vec<_> = status.parts.iter().map(|part| part.name.as_str()).collect();
    format!(
        "agentd {} runs with pid {}: {}\n\
         config  {config}\n\
         data    {}\n\
         {look}\
         ask     agentd status, auditctl status; stop it with Ctrl-C or SIGTERM\n",
        status.version,
        status.pid,
        parts.join(", "),
        status.data_dir,
    )
}

/// A listener needs a descriptor a connection; what the system allows is taken.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}

/// Reports a configuration that is not accepted.
pub(crate) fn bad_config(bad: BadConfig, fixed: &Fixed) -> Report {
    let report = Report::new(Kind::Config, bad);
    match &fixed.config_file {
        Some(file) => report.with_hint(format!(
            "after a correction: agentd check-config --config {}; all keys: agentd config default",
            file.display()
        )),
        None => report,
    }
}

fn no_data_dir(error: data_dir::Error, path: &Path) -> Report {
    let path = path.display();
    let (kind, hint) = match &error {
        data_dir::Error::Locked { .. } => (
            Kind::Locked,
            format!("look at it: agentd status --data-dir {path}; or choose another --data-dir"),
        ),
        data_dir::Error::WritableByOthers { .. } => {
            (Kind::Config, format!("make it private: chmod go-w {path}"))
        }
        data_dir::Error::ForeignOwner { .. } => (
            Kind::Config,
            format!("run agentd as the owner of {path}, or choose another --data-dir"),
        ),
        data_dir::Error::ForeignFormat { .. } | data_dir::Error::NewerFormat { .. } => (
            Kind::Config,
            "choose another --data-dir, or run the agentd that wrote this one".to_owned(),
        ),
        data_dir::Error::Io { .. } => (
            Kind::Io,
            "make room there or give agentd the right to write, or choose another --data-dir"
                .to_owned(),
        ),
    };
    Report::new(kind, error).with_hint(hint)
}

fn cannot_listen(error: wardkit_api::Error) -> Report {
    let kind = match error {
        wardkit_api::Error::Socket { .. } => Kind::Io,
        wardkit_api::Error::Token { .. } => Kind::Config,
        _ => Kind::Unavailable,
    };
    let hint = error.hint();
    Report::new(kind, error).with_hints(hint)
}

/// A part that is not up by then is reported by the health, not waited for.
const START_LIMIT: Duration = Duration::from_secs(5);
