//! The command line of `auditctl validate`.

use clap::{Args, Subcommand};
use wardkit_validation::Sink;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub(crate) struct Validate {
    /// Where the texts are to go
    ///
    /// Without it every text is judged as a message of which nobody knows where it goes: less is found, and less surely.
    #[arg(long, value_name = "SINK", value_parser = sink())]
    pub sink: Option<Sink>,

    /// How much doubt is enough, from 1 (what no harmless text has) to 4
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub strictness: u8,

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
