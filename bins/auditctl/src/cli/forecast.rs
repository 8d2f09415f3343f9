//! The command line of `auditctl forecast`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, group = ArgGroup::new("end").required(true))]
pub(crate) struct Forecast {
    /// The CSV file, with a header that has the columns `timestamp` and `value`; `-` for standard input
    pub file: PathBuf,

    /// The value that the series rises to: the size of the disk
    #[arg(long, value_name = "VALUE", value_parser = number, allow_hyphen_values = true, group = "end")]
    pub limit: Option<f64>,

    /// The value that the series falls to: 0 for what is left
    #[arg(long, value_name = "VALUE", value_parser = number, allow_hyphen_values = true, group = "end")]
    pub floor: Option<f64>,

    /// Exit with 1 when one of ten chances is that it ends within so many hours
    #[arg(long, value_name = "HOURS", value_parser = number)]
    pub fail_within: Option<f64>,
}

fn number(text: &str) -> Result<f64, &'static str> {
    text.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or("give a number")
}

const AFTER_HELP: &str = "\
Answers in one line: how much is used, how fast it grows, and when it ends, with the interval that holds the truth in 80
of 100 cases. Seasons of up to two days and of a week are carried on; a single clean-up is not expected again. Nothing
is told from less than 48 hours. The last 60 days count.

Rows that cannot be read are passed over, and counted on standard error.

Exit codes:
  0  told, also that it is not in sight or unknown
  1  with --fail-within: it may end that soon
  2  the file cannot be read, or its header lacks a column
  3  the input broke off: what was read before is told

Examples:
  auditctl forecast disk.csv --limit 107374182400
  auditctl forecast certificate-seconds-left.csv --floor 0 --fail-within 168";
