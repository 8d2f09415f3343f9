//! The command line of `auditctl cleanup`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Cleanup {
    #[command(subcommand)]
    pub command: CleanupCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CleanupCommand {
    /// Lists what a run would remove now, and removes nothing
    #[command(after_help = AFTER_HELP)]
    Plan {
        /// agentd's configuration, or a file with its section `[cleanup]`
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Removes it, once
    #[command(after_help = AFTER_HELP)]
    Run {
        /// agentd's configuration, or a file with its section `[cleanup]`
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

const AFTER_HELP: &str = "\
`plan` makes the checks that `run` makes: what is in use, locked, swapped or of others is listed with
what keeps it. The data directory of agentd is never entered.

Exit codes:
  0  done
  2  the rules are wrong, or there are none
  3  a directory was refused, or the run ended early; the next one goes on

Examples:
  auditctl cleanup plan --config /etc/agentd.toml
  auditctl cleanup run --config /etc/agentd.toml --format json";
