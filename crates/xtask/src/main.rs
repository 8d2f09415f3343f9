//! The workspace's own commands: `cargo xtask --help` lists them.
//!
//! Every command is a row of named steps. A step runs programs directly, never through a shell; the first one
//! that fails ends the run.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line program speaks there"
)]

use std::process::ExitCode;

mod bench;
mod check;
mod ci;
mod cli;
mod docs;
mod error;
mod exec;
mod leftovers;
mod report;
mod tidy;
mod workspace;

use cli::Command;
use error::Error;
use workspace::Workspace;

type Result<T> = std::result::Result<T, Error>;

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("error: {error}\n\n{}", cli::HELP);
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            report::print_error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    if matches!(command, Command::Help) {
        print!("{}", cli::HELP);
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = Workspace::load(&workspace::root()?)?;
    match command {
        Command::Help => {}
        Command::Check { package } => return check::run(&workspace, package.as_deref()),
        Command::Ci(options) => return ci::run(&workspace, options),
        Command::Bench { package, save } => bench::run(&workspace, package.as_deref(), save)?,
        Command::Docs { check: true } => docs::check(&workspace)?,
        Command::Docs { check: false } => docs::write(&workspace)?,
        Command::Tidy => tidy::run(&workspace.root)?,
    }
    Ok(ExitCode::SUCCESS)
}
