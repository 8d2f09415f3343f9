//! The command lines of `auditctl check`, `auditctl host` and `auditctl explain`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use wardkit_cli::Format;

use super::form::{Form, FormatOf};

#[derive(Debug, Args)]
#[command(after_help = CHECK_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Check {
    #[command(subcommand)]
    pub command: Option<CheckCommand>,

    #[command(flatten)]
    pub chosen: Chosen,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CheckCommand {
    /// Keeps what is found today, so that only what is new is told
    Baseline(Baseline),
    /// Prints the JSON Schema of the report
    Schema,
}

#[derive(Debug, Args)]
pub(crate) struct Baseline {
    #[arg(value_enum)]
    pub what: BaselineVerb,

    /// The baseline
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The folder that is audited
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,

    /// The checks
    #[arg(long, value_enum, default_value_t)]
    pub profile: ProfileName,

    #[command(flatten)]
    pub knowledge: super::Knowledge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BaselineVerb {
    /// Writes a new one; one that is there is kept
    Create,
    /// Tells what is not in it, and what of it is gone
    Diff,
    /// Takes out what is gone; nothing is ever added
    Prune,
}

#[derive(Debug, Args)]
pub(crate) struct Chosen {
    /// What is audited: a folder, or files and folders of one
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,

    /// The folder that holds the paths, whose settings count and from which places are told; without it the nearest that
    /// holds them all
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,

    /// The checks
    #[arg(long, value_enum, default_value_t)]
    pub profile: ProfileName,

    /// Only these engines; may be given several times
    #[arg(long = "engine", value_name = "ENGINE", value_delimiter = ',')]
    pub engines: Vec<String>,

    #[command(flatten)]
    pub output: Output,

    /// What was found before; it is not told again
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Ends with 4 when something is not in the baseline, or is in it and gone
    #[arg(long, requires = "baseline")]
    pub baseline_strict: bool,

    /// Tells only what is on lines that changed since a commit
    #[arg(long, value_name = "REF")]
    pub diff: Option<String>,

    /// Also tells what other tools found, from a file of SARIF; may be given several times
    #[arg(long = "import", value_name = "FILE")]
    pub imports: Vec<PathBuf>,

    /// Judges every file anew, and keeps nothing of it below `$XDG_CACHE_HOME`
    #[arg(long)]
    pub no_cache: bool,

    #[command(flatten)]
    pub secrets: SecretsOptions,

    #[command(flatten)]
    pub knowledge: super::Knowledge,

    #[command(flatten)]
    pub facts: FactsFile,

    /// Rules of one's own for sources, besides those that are built in, or a folder of them; may be given several times
    #[arg(long = "rules", value_name = "FILE|DIR")]
    pub own_rules: Vec<PathBuf>,

    #[command(flatten)]
    pub repair: Repair,
}

/// What is done about what was found.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Repair {
    /// Puts right what can be without a change of what the code does
    #[arg(long)]
    pub fix: bool,

    /// Prints what `--fix` would change, instead of changing it
    #[arg(long, requires = "fix")]
    pub dry_run: bool,
}

/// What else the engine for secrets looks at.
#[derive(Debug, Args)]
pub(crate) struct SecretsOptions {
    /// Looks for secrets in every commit of the git repository, too
    #[arg(long)]
    pub history: bool,

    /// Of the history only what came after this commit
    #[arg(long, value_name = "REF", requires = "history")]
    pub since: Option<String>,

    /// Looks for what these rules describe, too; in the form of gitleaks' configuration
    #[arg(long = "secret-rules", value_name = "FILE")]
    pub rules: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = HOST_HELP)]
pub(crate) struct HostAudit {
    #[command(flatten)]
    pub facts: FactsFile,

    /// Prints the facts that the checks judge by, and judges nothing
    #[arg(long, conflicts_with_all = ["facts", "file", "fail_on", "allow_incomplete"])]
    pub print_facts: bool,

    /// Another folder than `/` as the host's root
    #[arg(long, value_name = "DIR", default_value = "/", conflicts_with = "facts")]
    pub root: PathBuf,

    /// What is right on this host, in the form of `.auditctl.toml`
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,

    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct FactsFile {
    /// Facts that `auditctl host --print-facts` wrote, instead of this host's
    #[arg(long, value_name = "FILE")]
    pub facts: Option<PathBuf>,
}

/// Where the report goes, and what it decides.
#[derive(Debug, Args)]
pub(crate) struct Output {
    #[command(flatten)]
    pub format: ReportFormat,

    /// Writes the report to a file instead of standard output
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Ends with 1 for findings that are at least so grave
    #[arg(long, value_enum, default_value_t = Grade::High)]
    pub fail_on: Grade,

    /// Does not end with 3 when something could not be looked at
    #[arg(long)]
    pub allow_incomplete: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The check; without it all are listed
    #[arg(value_name = "ID")]
    pub id: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileName {
    /// What a bot's operator must put right in a tree of sources
    #[default]
    Ci,
    /// The host
    Host,
    /// What a bot with a language model has besides
    Llm,
    /// Everything
    Full,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Grade {
    Critical,
    High,
    Medium,
    Low,
}

/// How the report of an audit is printed.
pub(crate) type ReportFormat = FormatOf<ReportForm>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportForm {
    /// For people at a terminal
    Text,
    /// For programs; `auditctl check schema` prints the schema
    Json,
    /// SARIF 2.1.0, for code hosts
    Sarif,
    /// `JUnit`'s XML, a test for each check
    Junit,
    /// Markdown, a block for each finding and a roadmap
    Md,
    /// One page that needs nothing else
    Html,
    /// Annotations of GitHub's workflows
    Github,
}

impl Form for ReportForm {
    const DEFAULT: &'static str = "text";

    fn of_errors(self) -> Format {
        if self == Self::Json { Format::Json } else { Format::Text }
    }
}

const CHECK_HELP: &str = "\
Nothing of what is audited is run or imported, and no link out of it is followed. A file `.auditctl.toml` at its root
says what the project makes of its own audit; a comment `audit: allow(check-id) reason=\"why\" until=2027-01-31` keeps
one finding from being told.

Exit codes:
  0  nothing is as grave as --fail-on
  1  something is
  2  could not run
  3  not everything could be looked at
  4  with --baseline-strict: the baseline is not what is found

Examples:
  auditctl check
  auditctl check bot/ --format sarif -o audit.sarif
  auditctl check --root . bot/main.py compose.yaml
  auditctl check --profile full --format md -o AUDIT.md --fail-on critical
  auditctl check baseline create .audit-baseline.json && auditctl check --baseline .audit-baseline.json";

const HOST_HELP: &str = "\
Facts are read once, nothing is run or changed. What an account may not read is unknown: run it as root, or let root
print the facts and judge them elsewhere.

Exit codes:
  0  nothing is as grave as --fail-on
  1  something is
  2  could not run
  3  not everything could be looked at

Examples:
  sudo auditctl host
  sudo auditctl host --print-facts > facts.json; auditctl host --facts facts.json --format md";
