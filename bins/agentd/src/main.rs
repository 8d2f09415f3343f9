//! The daemon that hardens, watches and recovers bots.

mod alerting;
mod app;
mod audit;
mod backup;
mod cli;
mod clock_watch;
mod commands;
mod config;
mod data_dir;
mod events;
mod file_pattern;
mod integrity;
mod log;
mod parts;
mod plugins;
mod refusals;
mod regular_file;
mod reload;
mod run;
mod services;
mod supervision;
mod telemetry;
mod trail;
mod unit;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use wardkit_cli::Report;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    // Before anything is made: what holds the services stays as small as a process can be.
    if let Some(ended) = supervision::other_self(std::env::args_os()) {
        return ended;
    }
    let cli = Cli::parse();
    let outcome = match &cli.command {
        None | Some(Command::Run) => run::run(&cli),
        Some(Command::CheckConfig) => commands::check_config(&cli),
        Some(Command::Config { what }) => commands::config(&cli, what),
        Some(Command::Reload) => commands::reload(&cli),
        Some(Command::Stop { leave_running }) => commands::stop(&cli, *leave_running),
        Some(Command::Status) => commands::status(&cli),
    };
    outcome.unwrap_or_else(|report| {
        // Nobody can be told that standard error is gone.
        let _ = std::io::stderr().write_all(report.render(cli.common.format).as_bytes());
        ExitCode::from(report.exit_code())
    })
}

/// Prints an answer to standard output.
fn print(text: &str) -> Result<(), Report> {
    wardkit_cli::answer(std::io::stdout().lock(), text)
}
