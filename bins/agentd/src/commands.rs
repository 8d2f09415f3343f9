//! The commands beside `run`.

use std::io::Write as _;
use std::process::ExitCode;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, pidfd_open};
use serde_json::json;
use wardkit_api::services::Fate;
use wardkit_api::{CONTROL_SOCKET, ControlClient, Error, Status};
use wardkit_cli::{Format, Kind, Report};

use crate::app::Fixed;
use crate::cli::{Cli, What};
use crate::config::{self, BadConfig, Config, ReloadConfig};
use crate::{print, reload, run, unit};

/// `agentd check-config`: names every item at fault.
pub(crate) fn check_config(cli: &Cli) -> Result<ExitCode, Report> {
    let Some(file) = &cli.config else {
        return Err(Report::new(Kind::CouldNotRun, "no configuration file is named")
            .with_hint("name one: agentd check-config --config FILE"));
    };
    let fixed = Fixed { config_file: Some(file.clone()), listen: cli.listen };
    let loaded = reload::load(&fixed, &ReloadConfig::default().retry).and_then(|loaded| {
        let problems = loaded.services.all();
        let bad = BadConfig { file: file.clone(), problems };
        if bad.problems.is_empty() { Ok(loaded) } else { Err(bad) }
    });
    match (loaded, cli.common.format) {
        (Ok(loaded), Format::Text) => {
            for section in loaded.config.unused_sections() {
                note(&format!(
                    "[{section}] is not used: the profile builds what keeps services up"
                ));
            }
            for warning in loaded.alerting.all_warnings() {
                note(&warning);
            }
            print(&format!("{}: acceptable\n", file.display()))?;
        }
        (Ok(_), Format::Json) => print(&format!("{}\n", json!({"file": file, "problems": []})))?,
        (Err(bad), Format::Text) => return Err(run::bad_config(bad, &Fixed::default())),
        (Err(bad), Format::Json) => {
            print(&format!("{}\n", json!({"file": bad.file, "problems": bad.problems})))?;
            return Ok(ExitCode::from(Kind::Config.exit_code()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what is no answer: it goes to standard error.
fn note(text: &str) {
    // Nobody can be told that standard error is gone.
    let _ = writeln!(std::io::stderr(), "note: {}", wardkit_cli::escaped(text));
}

/// `agentd config default|schema|systemd-unit`.
pub(crate) fn config(cli: &Cli, what: &What) -> Result<ExitCode, Report> {
    let internal =
        |error: Box<dyn std::error::Error + Send + Sync>| Report::new(Kind::Internal, error);
    let text = match (what, cli.common.format) {
        (What::Default, Format::Text) => {
            config::default_text().map_err(|error| internal(error.into()))?
        }
        (What::Default, Format::Json) => pretty(&json!(Config::default())),
        (What::SystemdUnit { user }, _) => unit::of(cli, user.as_deref())?,
        (What::Schema, _) => pretty(&config::schema()),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// `agentd reload`.
pub(crate) fn reload(cli: &Cli) -> Result<ExitCode, Report> {
    let reloaded = ask(cli, async |client| client.reload().await)?;
    print(&match cli.common.format {
        Format::Json => pretty(&json!(reloaded)),
        Format::Text if reloaded.changed.is_empty() => "nothing changed\n".to_owned(),
        Format::Text => format!("changed: {}\n", reloaded.changed.join(", ")),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// `agentd stop`.
pub(crate) fn stop(cli: &Cli, leave_running: bool) -> Result<ExitCode, Report> {
    let fate = if leave_running { Fate::LeaveRunning } else { Fate::Stop };
    let status: Status = ask(cli, async |client| client.status().await)?;
    let pid = status.pid;
    // Held from before the daemon is told, so that no other process with its number is waited for.
    let daemon = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    let daemon = daemon.map(|pid| pidfd_open(pid, PidfdFlags::empty())).transpose();
    let daemon = daemon.map_err(|error| Report::new(Kind::CouldNotRun, error))?;
    ask(cli, async |client| client.stop(fate).await)?;
    if let Some(daemon) = &daemon {
        let mut waiting = [PollFd::new(daemon, PollFlags::IN)];
        while let Err(Errno::INTR) = poll(&mut waiting, None) {}
    }
    print(&match (cli.common.format, leave_running) {
        (Format::Json, _) => format!("{}\n", json!({"pid": pid, "leave_running": leave_running})),
        (Format::Text, false) => format!("agentd with pid {pid} has ended\n"),
        (Format::Text, true) => {
            format!("agentd with pid {pid} has ended; its services run on\n")
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// `agentd status`.
pub(crate) fn status(cli: &Cli) -> Result<ExitCode, Report> {
    let status: Status = ask(cli, async |client| client.status().await)?;
    print(&match cli.common.format {
        Format::Text => status.to_string(),
        Format::Json => pretty(&json!(status)),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Asks the daemon that holds the data directory.
fn ask<T>(
    cli: &Cli,
    question: impl AsyncFnOnce(ControlClient) -> Result<T, Error>,
) -> Result<T, Report> {
    let client = ControlClient::new(cli.data_dir()?.join(CONTROL_SOCKET));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Report::new(Kind::CouldNotRun, error))?;
    runtime.block_on(question(client)).map_err(|error| {
        let hint = error.hint();
        Report::new(Kind::CouldNotRun, error).with_hints(hint)
    })
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
