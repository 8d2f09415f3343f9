//! The commands beside `run`.

use std::process::ExitCode;

use serde_json::json;
use wardkit_api::{CONTROL_SOCKET, ControlClient, Error, Status};
use wardkit_cli::{Format, Kind, Report};

use crate::app::Fixed;
use crate::cli::{Cli, What};
use crate::config::{self, Config, ReloadConfig};
use crate::{print, reload, run};

/// `agentd check-config`: names every item at fault.
pub(crate) fn check_config(cli: &Cli) -> Result<ExitCode, Report> {
    let Some(file) = &cli.config else {
        return Err(Report::new(Kind::CouldNotRun, "no configuration file is named")
            .with_hint("name one: agentd check-config --config FILE"));
    };
    let fixed = Fixed { config_file: Some(file.clone()), listen: cli.listen };
    match (reload::load(&fixed, &ReloadConfig::default().retry), cli.common.format) {
        (Ok(_), Format::Text) => print(&format!("{}: acceptable\n", file.display()))?,
        (Ok(_), Format::Json) => print(&format!("{}\n", json!({"file": file, "problems": []})))?,
        (Err(bad), Format::Text) => return Err(run::bad_config(bad, &Fixed::default())),
        (Err(bad), Format::Json) => {
            print(&format!("{}\n", json!({"file": bad.file, "problems": bad.problems})))?;
            return Ok(ExitCode::from(Kind::Config.exit_code()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `agentd config default|schema`.
pub(crate) fn config(what: &What, format: Format) -> Result<ExitCode, Report> {
    let internal =
        |error: Box<dyn std::error::Error + Send + Sync>| Report::new(Kind::Internal, error);
    let text = match (what, format) {
        (What::Default, Format::Text) => {
            config::default_text().map_err(|error| internal(error.into()))?
        }
        (What::Default, Format::Json) => pretty(&json!(Config::default())),
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
