//! The command line of `auditctl validate`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use wardkit_validation::{Sink, Strictness};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub(crate) struct Validate {
    /// Where the texts are to go
    ///
    /// Without it every text is judged as a message of which nobody knows where it goes: less is found, and less surely.
    #[arg(long, value_name = "SINK", value_parser = sink())]
    pub sink: Option<Sink>,

    /// How much doubt is enough, from 1 (what no harmless text has) to 4; else the policy's, or 2
    #[arg(long, value_name = "N", value_parser = strictness)]
    pub strictness: Option<Strictness>,

    /// Policies of sinks, as TOML: strictness, cap, exceptions that expire
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,

    /// Exit 1 when an attack was found
    #[arg(long)]
    pub fail: bool,

    #[command(subcommand)]
    pub command: Option<ValidateCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ValidateCommand {
    /// Says what a rule looks for, why that matters and what to do instead; all rules without a name
    Explain {
        /// The rule, as in an answer
        rule: Option<String>,
    },
}

fn strictness(level: &str) -> Result<Strictness, String> {
    level
        .parse()
        .ok()
        .and_then(|level| Strictness::new(level).ok())
        .ok_or_else(|| "1, 2, 3 and 4 are".to_owned())
}

fn sink() -> impl clap::builder::TypedValueParser<Value = Sink> {
    use clap::builder::TypedValueParser as _;
    let names = Sink::ALL.iter().map(|sink| sink.as_str());
    clap::builder::PossibleValuesParser::new(names).try_map(|name| name.parse::<Sink>())
}

const AFTER_HELP: &str = "\
Input, one a line:
  a text, which goes to --sink
  with --format jsonl: {\"id\": 7, \"payload\": \"…\", \"sink\": \"sql\"}; the sink may be null or left out

Answer, one a line and in the same order:
  {\"id\":7,\"verdict\":\"attack\",\"class\":\"sql\",\"rule\":\"…\",\"span\":[3,9],\"reason\":\"…\"}
  the id of a text is its line's number; the span is in bytes; what a clean text has none of is null
  {\"id\":7,\"error\":\"…\"} for a line that cannot be judged: too long, no text, broken JSON. Treat it as hostile.

A clean answer is no proof: only the typed sinks of wardkit-validation make a text harmless.

Examples:
  printf '%s\\n' \"1' OR '1'='1\" | auditctl validate --sink sql --fail
  auditctl validate --format jsonl < messages.jsonl
  auditctl validate explain";
