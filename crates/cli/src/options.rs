//! Options that every command of both programs takes.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::{Kind, Report, default_data_dir};

/// How a command prints what it found.
///
/// Exhaustive on purpose: every command must answer in each format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// JSON, for programs: one document, or one a line where a command goes on and on.
    #[value(alias = "jsonl")]
    Json,
}

/// Options that every command of both programs takes, before or after the subcommand.
#[derive(Clone, Debug, Default, clap::Args)]
#[non_exhaustive]
pub struct Common {
    /// Where agentd keeps its data and its control socket
    ///
    /// Without it: `wardkit` below `$XDG_STATE_HOME`, else below `$HOME/.local/state`.
    #[arg(long, value_name = "DIR", global = true, env = "WARDKIT_DATA_DIR")]
    pub data_dir: Option<PathBuf>,

    /// How to print the answer
    #[arg(long, value_name = "FORMAT", global = true, value_enum, default_value_t)]
    pub format: Format,
}

impl Common {
    /// Returns the data directory: the one given, else the default one. `var` looks an environment variable up.
    ///
    /// # Errors
    ///
    /// Returns a report when none is given and the environment names no place for it.
    pub fn data_dir(&self, var: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, Report> {
        let given = self.data_dir.clone().filter(|path| !path.as_os_str().is_empty());
        given.map_or_else(|| default_data_dir(var), Ok).map_err(|error| {
            Report::new(Kind::CouldNotRun, error).with_hint("name one: --data-dir DIR")
        })
    }
}
