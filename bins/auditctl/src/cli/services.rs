//! The command line of `auditctl services`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct Services {
    #[command(subcommand)]
    pub command: ServicesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ServicesCommand {
    /// Lists the services and how they are
    List {
        /// Ends with 1 when one is not as it should be
        #[arg(long)]
        fail: bool,
    },
    /// Has services run, with all that they need; returns when they are ready
    Start {
        /// Which ones
        #[arg(required = true)]
        name: Vec<String>,
    },
    /// Has services not run, nor those that need them; returns when nothing of them is left
    Stop {
        /// Which ones
        #[arg(required = true)]
        name: Vec<String>,
    },
    /// Stops services and starts them again; returns when they are ready
    Restart {
        /// Which ones
        #[arg(required = true)]
        name: Vec<String>,
    },
    /// Shows what a service wrote
    #[command(after_help = LOGS_HELP)]
    Logs {
        /// Which one
        name: String,
        /// How many of the last lines
        #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 50)]
        lines: usize,
        /// Goes on with what comes, until it is interrupted
        #[arg(short, long)]
        follow: bool,
    },
    /// Says why a service is as it is, what comes next and when, and what it wrote last
    Explain {
        /// Which one
        name: String,
    },
    /// Shows which services need which
    Graph {
        /// As text, for Graphviz, or as data; `--format json` is the same as the last
        #[arg(long = "as", value_name = "FORM", default_value = "text")]
        form: GraphForm,
    },
    /// Leaves a service alone, whatever it does, until that is over
    #[command(group(ArgGroup::new("either").args(["comment", "over"])))]
    Maintenance {
        /// Which one
        name: String,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "")]
        comment: String,
        /// Looks after it again
        #[arg(long)]
        over: bool,
    },
    /// Prints what another supervisor's file declares, as configuration of agentd; needs no daemon
    #[command(after_help = IMPORT_HELP)]
    Import {
        /// The file
        file: PathBuf,
        /// Whose it is; without it, its content says so
        #[arg(long, value_name = "PROGRAM")]
        from: Option<ImportFormat>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphForm {
    Text,
    Dot,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    Supervisord,
    Monit,
    Systemd,
    Procfile,
    Compose,
    Pm2,
}

const LOGS_HELP: &str = "\
Lines are printed as they were written, those of files that were put aside first. Works without a daemon, too.

Example:
  auditctl services logs bot -n 200 -f";

const IMPORT_HELP: &str = "\
Prints `[[service]]` tables on standard output. What has no counterpart is a comment above the service, never left out
in silence. A file that lacks what a service needs is refused with the key.

Examples:
  auditctl services import /etc/supervisor/conf.d/bot.conf >> /etc/wardkit/agentd.toml
  auditctl services import ecosystem.config.js --from pm2";
