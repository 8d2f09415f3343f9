//! The command line of `auditctl report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use wardkit_cli::Format;

use super::check::{FactsFile, ProfileName};
use super::form::{Form, FormatOf};

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct AuditReport {
    /// What it is about
    #[arg(value_enum)]
    pub what: Subject,

    /// The folder that is audited
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,

    /// The checks
    #[arg(long, value_enum, default_value_t = ProfileName::Full)]
    pub profile: ProfileName,

    #[command(flatten)]
    pub format: FormatOf<DocumentForm>,

    /// Writes the report to a file instead of standard output
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub file: Option<PathBuf>,

    #[command(flatten)]
    pub facts: FactsFile,

    #[command(flatten)]
    pub knowledge: super::Knowledge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// What somebody can use against the bot, by component and by OWASP's lists
    Security,
    /// What takes longer, or more, than it need
    Performance,
    /// What to do in which order, and how much work it is
    Remediation,
    /// Evidence for and against the controls of frameworks
    Compliance,
}

/// How a document is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentForm {
    /// Markdown
    Md,
    /// One page that needs nothing else
    Html,
    /// For programs
    Json,
    /// Assessment results of OSCAL, of `compliance` alone
    Oscal,
}

impl Form for DocumentForm {
    const DEFAULT: &'static str = "md";

    fn of_errors(self) -> Format {
        if matches!(self, Self::Json | Self::Oscal) { Format::Json } else { Format::Text }
    }
}

const HELP: &str = "\
The audit is the one of `auditctl check`, with all its checks and without its cache; its findings do not decide the exit code.
What could not be looked at is named in the report.

Exit codes:
  0  the report is written
  2  could not run

Examples:
  auditctl report security bot/ --format html -o security.html
  auditctl report compliance --format oscal -o results.json";
