//! The command that asks agentd and audits bots.

mod cli;
mod commands;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    commands::run(&cli).unwrap_or_else(|report| {
        // Nobody can be told that standard error is gone.
        let _ = std::io::stderr().write_all(report.render(cli.common.format).as_bytes());
        ExitCode::from(report.exit_code())
    })
}
