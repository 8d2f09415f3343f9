//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use wardkit_cli::{Common, Report};

/// Hardens, watches and recovers bots and the host they run on
///
/// Without a command and without a configuration it starts with its defaults and says where to look.
#[derive(Debug, Parser)]
#[command(name = "agentd", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub common: Common,

    /// The configuration file, in TOML; without it the defaults are in force
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,

    /// The address of the HTTP listener, in place of the configured one; port 0 takes a free port
    #[arg(long, value_name = "ADDR", global = true)]
    pub listen: Option<SocketAddr>,

    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts the daemon in the foreground; the same as no command
    Run,
    /// Checks a configuration file and names every item at fault
    CheckConfig,
    /// Prints what can be configured
    Config {
        #[command(subcommand)]
        what: What,
    },
    /// Makes the running daemon read its configuration again, and waits for the outcome
    Reload,
    /// Ends the running daemon after its services, and waits until it is gone
    Stop {
        /// Leaves the services running; the next daemon with this data directory takes them over
        #[arg(long)]
        leave_running: bool,
    },
    /// Shows what the running daemon does and how well
    Status,
}

#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// Prints every key with its default and its meaning, as a file to start from
    Default,
    /// Prints the JSON Schema of the configuration
    Schema,
    /// Prints a systemd unit for agentd as it is configured
    #[command(after_help = UNIT_HELP)]
    SystemdUnit {
        /// The user that agentd runs as; root without it
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
}

impl Cli {
    /// Returns the data directory: the one given, else the default one.
    pub(crate) fn data_dir(&self) -> Result<PathBuf, Report> {
        self.common.data_dir(|name| std::env::var_os(name))
    }
}

const UNIT_HELP: &str = "\
The unit has the path of this program, of --config and of --data-dir. With services in the
configuration it lets agentd give them what they need and outlive the kill of any of its processes;
without, it takes from agentd everything that it does not need. Print it anew when that changes.

Example:
  agentd config systemd-unit --config /etc/wardkit/agentd.toml --data-dir /var/lib/wardkit \\
    > /etc/systemd/system/agentd.service && systemctl daemon-reload";

const AFTER_HELP: &str = "\
Exit codes:
   0  told to stop, or done
   2  the command could not run
  69  the address is taken
  74  the disk refuses
  75  another instance holds the data directory
  78  the configuration is not acceptable

Signals:
  HUP        reads the configuration again
  TERM, INT  stop the services and the daemon; a second one stops it at once";
