//! Options that every command of both programs takes.

use std::path::PathBuf;

/// How a command prints what it found.
///
/// Exhaustive on purpose: every command must answer in each format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document, for programs.
    Json,
}

/// Options that every command of both programs takes, before or after the subcommand.
#[derive(Clone, Debug, Default, clap::Args)]
#[non_exhaustive]
pub struct Common {
    /// Where agentd keeps its data and its control socket
    ///
    /// Without it: `wardkit` below $XDG_STATE_HOME, else below $HOME/.local/state.
    #[arg(long, value_name = "DIR", global = true, env = "WARDKIT_DATA_DIR")]
    pub data_dir: Option<PathBuf>,

    /// How to print the answer
    #[arg(long, value_name = "FORMAT", global = true, value_enum, default_value_t)]
    pub format: Format,
}
