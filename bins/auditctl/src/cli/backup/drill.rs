//! The command line of `auditctl backup drill`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::Selection;

/// Where a snapshot is proven, and how.
#[derive(Debug, Args)]
pub(crate) struct DrillOptions {
    #[command(subcommand)]
    pub command: Option<DrillCommand>,

    /// Where to restore to, with room for all of it; a folder that was not there is removed again
    #[arg(long, value_name = "DIR", default_value = "/var/tmp/wardkit-drill")]
    pub scratch: PathBuf,
    #[command(flatten)]
    pub proof: Proof,
}

/// Where a snapshot belongs, and how it is proven.
#[derive(Debug, Args)]
pub(crate) struct RecoverOptions {
    /// The folder below which absolute paths are rebuilt: `/` where files belong to this host
    #[arg(long, value_name = "DIR")]
    pub target: PathBuf,
    #[command(flatten)]
    pub proof: Proof,
}

/// Which snapshot is proven, and how.
#[derive(Debug, Args)]
pub(crate) struct Proof {
    /// The snapshot: `latest`, or the first digits of its id
    #[arg(default_value = "latest")]
    pub snapshot: String,
    /// The steps, as TOML: `[[backup.runbook]]` of agentd's configuration, which may be the whole of it [default: restore
    /// and verify]
    #[arg(long, value_name = "FILE")]
    pub runbook: Option<PathBuf>,
    /// What was read when the snapshot was made, as `run --manifest` or agentd wrote it: files are compared with it
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// Probes, as TOML: the keys of agentd's `[backup.drill]`, such as `sqlite = ["/srv/bot/bot.sqlite"]`
    #[arg(long, value_name = "FILE")]
    pub probes: Option<PathBuf>,
    /// A file that is in every snapshot and always says the same
    #[arg(long, value_name = "PATH", requires = "canary_text")]
    pub canary: Option<PathBuf>,
    /// What the canary says, with `\n` for the end of a line
    #[arg(long, value_name = "TEXT", requires = "canary")]
    pub canary_text: Option<String>,
    /// A SQLite database that has to be whole; may be given several times
    #[arg(long, value_name = "PATH")]
    pub sqlite: Vec<PathBuf>,
    /// A file that has to parse, by the ending of its name: `.json` or `.toml`; may be given several times
    #[arg(long, value_name = "PATH")]
    pub parse: Vec<PathBuf>,
    /// A program with its arguments that has to end with 0: `drill --start-in /srv/bot -- /srv/bot/bin/bot --check`
    #[arg(value_name = "PROGRAM", last = true)]
    pub start: Vec<String>,
    /// The folder of the snapshot that the program is started in
    #[arg(long, value_name = "PATH")]
    pub start_in: Option<PathBuf>,
    /// The user that the program runs as; root starts nothing without one
    #[arg(long, value_name = "USER")]
    pub start_as: Option<String>,
    /// How long the program may take [default: 1m]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub start_within: Option<Duration>,
    /// Where to write the signed report: a file that is not there yet
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// The report before this one, which the new one names
    #[arg(long, value_name = "REPORT", requires = "report")]
    pub previous: Option<PathBuf>,
    /// A file with the key that signs the report, as notes have it [default: this host's own, as agentd's drills]
    #[arg(long, value_name = "FILE", requires = "report")]
    pub key: Option<PathBuf>,
    #[command(flatten)]
    pub selection: Selection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DrillCommand {
    /// Verifies a report: ends with 0 when it is genuine, whatever it says, 1 when it is not, 2 when it cannot be read
    Verify {
        /// The report, as `drill --report` or agentd wrote it
        report: PathBuf,
        /// A public key, or a file of them as `drill key` prints it; may be given several times [default: this host's own]
        #[arg(long, visible_alias = "pub", value_name = "KEY")]
        key: Vec<String>,
        /// The report that it has to follow
        #[arg(long, value_name = "REPORT")]
        previous: Option<PathBuf>,
    },
    /// Prints the public keys of this host's drills, one a line: the identity, then the key of each day
    Key,
}

fn duration(text: &str) -> Result<Duration, &'static str> {
    wardkit_retry::duration::parse(text).ok_or("a duration is a number with its unit, such as 90s")
}
