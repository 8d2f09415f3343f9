//! The command line.

use clap::{Parser, Subcommand};
use clap_complete::Shell;
use wardkit_cli::Common;

/// Asks the running agentd, from the machine that it runs on
#[derive(Debug, Parser)]
#[command(name = "auditctl", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub common: Common,

    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows what the running daemon does and how well
    Status,
    /// Prints the completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

const AFTER_HELP: &str = "\
Exit codes:
  0  clean
  1  findings: for `status`, a part that does not do its work
  2  could not run
  3  ran, but incomplete";
