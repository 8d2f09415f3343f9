//! The command line of `auditctl detect`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use wardkit_detect::anomaly::{DEFAULT_THRESHOLD, Profile};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Detect {
    /// The CSV file, with a header that has the columns `timestamp` and `value`; `-` for standard input
    pub file: PathBuf,

    /// How much memory a series takes
    #[arg(long, value_enum, default_value_t = Memory::Full)]
    pub profile: Memory,

    /// The score from which on a row is an anomaly, for --only and --fail
    #[arg(long, value_name = "SCORE", default_value_t = DEFAULT_THRESHOLD, value_parser = score)]
    pub threshold: f64,

    /// Write only the anomalies
    #[arg(long)]
    pub only: bool,

    /// Exit with 1 when there is an anomaly
    #[arg(long)]
    pub fail: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Memory {
    /// At most 16 KiB
    Small,
    /// At most 72 KiB: finer ranks
    Full,
}

impl From<Memory> for Profile {
    fn from(memory: Memory) -> Self {
        match memory {
            Memory::Small => Self::Small,
            Memory::Full => Self::Full,
        }
    }
}

fn score(text: &str) -> Result<f64, &'static str> {
    let score = text.parse::<f64>().ok().filter(|score| (0.0..=1.0).contains(score));
    score.ok_or("a score is a number from 0 to 1")
}

const AFTER_HELP: &str = "\
Writes CSV with the header timestamp,value,anomaly_score,reason: one row for each row, as it
comes, from nothing but the rows before it. A row that cannot be read, or whose value is not a
finite number, has the score 0 and says why; how many there were is said on standard error.
With --format json it is one object a line.

Times are RFC 3339, `2014-04-10 07:15:00` in UTC, or seconds since 1970. The columns are found
by their names; others are passed over.

Exit codes:
  0  all rows were read
  1  with --fail: there was an anomaly
  2  the file cannot be read, or its header lacks a column
  3  the input broke off: the rows before were written; or with --fail, not one row could be read

Examples:
  auditctl detect load.csv --only
  sqlite3 -csv -header metrics.db 'select timestamp, value from load' | auditctl detect -";
