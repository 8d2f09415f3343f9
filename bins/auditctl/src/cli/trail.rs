//! The command line of `auditctl trail`.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use wardkit_core::Timestamp;

#[derive(Debug, Args)]
pub(crate) struct Trail {
    #[command(flatten)]
    pub place: Place,

    #[command(subcommand)]
    pub command: TrailCommand,
}

/// Where the log is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The log's directory
    ///
    /// Without it: `trail` in the data directory, where agentd writes.
    #[arg(long, value_name = "DIR", global = true)]
    pub log: Option<PathBuf>,

    /// A directory that closed segments were moved to; may be given several times
    #[arg(long, value_name = "DIR", global = true)]
    pub archive: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrailCommand {
    /// Appends entries: JSON lines `{"kind","subject","detail"}` from standard input
    ///
    /// Each batch is on the disk when its receipt is printed. Several may append at once. Begins the log where there
    /// is none.
    Append,
    /// Proves the log from its first line to its last; exits 1 when it is not what it was
    ///
    /// It is held against its own checkpoints, the keys that are kept in the data directory, and the head that was
    /// seen last on this host.
    Verify {
        /// A checkpoint that was kept elsewhere: a file as `anchor` prints it; may be given several times
        #[arg(long, value_name = "FILE")]
        against: Vec<PathBuf>,
        /// Trust this identity, the first line of `key`, for a log of another host
        #[arg(long, value_name = "VKEY")]
        key: Option<String>,
    },
    /// Shows one entry, or the last ones; nothing is proven
    Show {
        /// The entry's number
        #[arg(conflicts_with = "last")]
        seq: Option<u64>,
        /// How many of the last entries
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: usize,
    },
    /// Searches entries; nothing is proven
    Query(Search),
    /// Writes the log out, once it is proven
    Export(Export),
    /// Moves closed segments to another directory, each with its checkpoint; the log stays provable with --archive
    Archive {
        /// Where to: a directory that exists, best on another disk
        to: PathBuf,
        /// How many closed segments stay, at least one
        #[arg(long, value_name = "N", default_value_t = 1)]
        keep: usize,
    },
    /// Prints the newest signed checkpoint: keep it elsewhere, and hold the log against it later
    Anchor,
    /// Prints the public keys, one a line: the log's identity, its keys of each day, then those of the baselines
    Key,
}

/// Which entries.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// This kind and those below it: `integrity` is also `integrity.file.changed`; may be given several times
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
    /// What happened to this
    #[arg(long, value_name = "TEXT")]
    pub subject: Option<String>,
    /// Written at this time or later: `2026-01-31` or `2026-01-31T08:00:00Z`
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Timestamp>,
    /// Written before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Timestamp>,
    /// These numbers: `7`, or `7..9` with both ends, either of which may be left out
    #[arg(long, value_name = "A..B", value_parser = numbers)]
    pub seq: Option<RangeInclusive<u64>>,
    /// No more than so many, the first ones
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// What to write
    #[arg(long = "as", value_name = "FORM", value_enum, default_value_t)]
    pub form: Form,
    /// Where to: a file that does not exist, or `-` for standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub to: PathBuf,
    /// Instead of all entries, the proof that this one is in the log, as C2SP tlog-proof
    #[arg(long, value_name = "SEQ", conflicts_with = "form")]
    pub proof: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// The lines of the log as they are: each is a leaf of the tree
    #[default]
    Jsonl,
}

pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    let day = format!("{text}T00:00:00Z");
    text.parse().or_else(|_| day.parse()).map_err(|error: wardkit_core::Error| error.to_string())
}

fn numbers(text: &str) -> Result<RangeInclusive<u64>, String> {
    let number = |text: &str, absent| {
        if text.is_empty() {
            Ok(absent)
        } else {
            text.parse::<u64>().map_err(|error| error.to_string())
        }
    };
    match text.split_once("..") {
        Some((first, last)) => Ok(number(first, 0)?..=number(last, u64::MAX)?),
        None => text
            .parse()
            .map(|seq| seq..=seq)
            .map_err(|error: std::num::ParseIntError| error.to_string()),
    }
}
