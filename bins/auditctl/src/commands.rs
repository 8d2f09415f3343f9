//! What each command does.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;
use wardkit_api::{CONTROL_SOCKET, ControlClient};
use wardkit_cli::{Common, Format, Kind, Report};

use crate::cli::Cli;

/// `auditctl status`: ends with 1 when the daemon does not do its work.
pub(crate) fn status(common: &Common) -> Result<ExitCode, Report> {
    let data_dir = common.data_dir(|name| std::env::var_os(name))?;
    let client = ControlClient::new(data_dir.join(CONTROL_SOCKET));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Report::new(Kind::CouldNotRun, error))?;
    let status = runtime.block_on(client.status()).map_err(|error| {
        let hint = error.hint();
        Report::new(Kind::CouldNotRun, error).with_hints(hint)
    })?;
    print(&match common.format {
        Format::Text => status.to_string(),
        Format::Json => format!("{:#}\n", serde_json::json!(status)),
    })?;
    Ok(ExitCode::from(u8::from(!status.health.is_ready())))
}

/// `auditctl completions`.
pub(crate) fn completions(shell: Shell) -> Result<ExitCode, Report> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "auditctl", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

fn print(text: &str) -> Result<(), Report> {
    wardkit_cli::answer(std::io::stdout().lock(), text)
}
