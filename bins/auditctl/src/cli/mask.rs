//! The command line of `auditctl mask`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use wardkit_validation::Sensitive;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
pub(crate) struct Mask {
    /// What is masked, with commas between: secret, card, iban, email, phone, ip; else all but ip
    #[arg(long, value_name = "KIND,...", value_delimiter = ',', value_parser = kind())]
    pub kinds: Vec<Sensitive>,

    /// Mask whatever stands beside this name, too, as beside `password`; may be given several times
    #[arg(long, value_name = "NAME")]
    pub name: Vec<String>,

    /// Give the same secret the same eight digits, under the key in `env:NAME` or `file:PATH`
    #[arg(long, value_name = "SOURCE")]
    pub key: Option<KeySource>,

    /// Leave the last four digits of cards
    #[arg(long)]
    pub last_digits: bool,

    #[command(subcommand)]
    pub command: Option<MaskCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MaskCommand {
    /// Says how something is recognised; everything without a name
    Explain {
        /// The name, such as `secret.github-token`
        id: Option<String>,
    },
}

/// Where a key is. It does not stand on the command line, which others can read.
#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    Env(String),
    File(PathBuf),
}

impl FromStr for KeySource {
    type Err = &'static str;

    fn from_str(source: &str) -> Result<Self, Self::Err> {
        match source.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            _ => Err("a key is given as env:NAME or file:PATH"),
        }
    }
}

fn kind() -> impl clap::builder::TypedValueParser<Value = Sensitive> {
    use clap::builder::TypedValueParser as _;
    let names = Sensitive::ALL.iter().map(|kind| kind.as_str());
    clap::builder::PossibleValuesParser::new(names).try_map(|name| name.parse::<Sensitive>())
}

const AFTER_HELP: &str = "\
Reads standard input and writes it to standard output, one line out for each line in. A line that has nothing to mask
stays byte for byte, whatever its bytes are. With --format json, how many lines there were and how many were changed
goes to standard error at the end.

Examples:
  journalctl -fu shop-bot | auditctl mask
  auditctl mask --kinds secret,card --key file:/etc/wardkit/mask.key < app.log > app.masked.log
  auditctl mask explain secret.telegram-bot-token";
