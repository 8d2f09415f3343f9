//! What each command does.

mod alerts;
mod backup;
mod chart;
mod check;
mod cleanup;
mod csv;
mod deps;
mod detect;
mod forecast;
mod harden;
mod integrity;
mod lines;
mod mask;
mod metrics;
mod plugin;
mod progress;
mod rules;
mod sandbox;
mod services;
mod status;
mod table;
mod trail;
mod validate;

use std::io::Write as _;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;
use wardkit_api::{CONTROL_SOCKET, ControlClient};
use wardkit_cli::{Common, Kind, Report};

use crate::cli::{Cli, Command};

/// Runs the command.
pub(crate) fn run(cli: &Cli) -> Result<ExitCode, Report> {
    match &cli.command {
        Command::Status => status::status(&cli.common),
        Command::Check(wanted) => check::check(wanted),
        Command::Report(wanted) => check::report(wanted),
        Command::Host(wanted) => check::host(wanted),
        Command::Probe(wanted) => check::probe(wanted),
        Command::Explain(wanted) => check::explain(&cli.common, wanted),
        Command::Db(db) => deps::run(&cli.common, db),
        Command::Sbom(wanted) => deps::sbom(wanted),
        Command::Integrity(integrity) => integrity::run(&cli.common, integrity),
        Command::Backup(backup) => backup::run(&cli.common, backup),
        Command::Trail(trail) => trail::run(&cli.common, trail),
        Command::Validate(validate) => validate::run(&cli.common, validate),
        Command::Mask(mask) => mask::run(&cli.common, mask),
        Command::Alerts(alerts) => alerts::run(&cli.common, alerts),
        Command::Services(services) => services::run(&cli.common, services),
        Command::Metrics(metrics) => metrics::run(&cli.common, metrics),
        Command::Bottleneck => metrics::bottleneck(&cli.common),
        Command::Detect(detect) => detect::run(&cli.common, detect),
        Command::Forecast(forecast) => forecast::run(&cli.common, forecast),
        Command::Cleanup(cleanup) => cleanup::run(&cli.common, cleanup),
        Command::Harden(harden) => harden::run(&cli.common, harden),
        Command::Rules(rules) => rules::run(&cli.common, rules),
        Command::Sandbox(sandbox) => sandbox::run(&cli.common, sandbox),
        Command::Plugin(plugin) => plugin::run(&cli.common, plugin),
        Command::Completions { shell } => completions(*shell),
    }
}

/// `auditctl completions`.
fn completions(shell: Shell) -> Result<ExitCode, Report> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "auditctl", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// Asks the daemon that holds the data directory.
fn ask<T>(
    common: &Common,
    question: impl AsyncFnOnce(ControlClient) -> Result<T, wardkit_api::Error>,
) -> Result<T, Report> {
    let data_dir = common.data_dir(|name| std::env::var_os(name))?;
    let client = ControlClient::new(data_dir.join(CONTROL_SOCKET));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(could_not_run)?;
    runtime.block_on(question(client)).map_err(|error| {
        let hint = error.hint();
        could_not_run(error).with_hints(hint)
    })
}

/// Returns where keys, trail and baselines are kept.
fn custody(common: &Common) -> Result<wardkit_custody::Custody, Report> {
    let data_dir = common.data_dir(|name| std::env::var_os(name))?;
    Ok(wardkit_custody::Custody::new(data_dir, &wardkit_cli::host_name()))
}

fn print(text: &str) -> Result<(), Report> {
    wardkit_cli::answer(std::io::stdout().lock(), text)
}

/// Returns the report of a command that could not run.
fn could_not_run(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Report {
    Report::new(Kind::CouldNotRun, error)
}

/// Says something that is not the answer: it goes to standard error.
fn note(text: &str) {
    // Nobody can be told that standard error is gone.
    let _ = writeln!(std::io::stderr(), "note: {}", wardkit_cli::escaped(text));
}

/// Returns who runs the command, for the trail: the user, and whom they were before `sudo`.
fn actor() -> String {
    let uid = rustix::process::getuid().as_raw();
    let before = std::env::var("SUDO_UID").ok().and_then(|uid| uid.parse::<u32>().ok());
    before.map_or_else(|| format!("uid {uid}"), |sudo| format!("uid {uid}, from uid {sudo}"))
}
