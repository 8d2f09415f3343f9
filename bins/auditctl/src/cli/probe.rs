//! The command line of `auditctl probe`.

use std::time::Duration;

use clap::Args;

use super::check::Output;

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(crate) struct LiveProbe {
    /// Where the bot answers: `https://bot.example/`
    #[arg(value_name = "URL")]
    pub url: String,

    /// Says that the host is yours; without it only this host is asked, over loopback
    #[arg(long)]
    pub i_own_this: bool,

    /// Sends an update without a secret to this path, which has to refuse it
    #[arg(long, value_name = "PATH")]
    pub webhook: Option<String>,

    /// Where health is told, instead of the usual places
    #[arg(long, value_name = "PATH")]
    pub health: Option<String>,

    /// How many requests at once are too many; 0 asks nothing of limits
    #[arg(long, value_name = "COUNT", default_value_t = 60, value_parser = clap::value_parser!(u8).range(..=100))]
    pub burst: u8,

    /// How long 95 of 100 answers may take
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = super::metrics::duration)]
    pub slowest: Duration,

    /// Looks whether Redis on this port of the host does what anybody says
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "6379")]
    pub redis: Option<u16>,

    /// Looks whether Postgres on this port of the host lets anybody in
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "5432")]
    pub postgres: Option<u16>,

    #[command(flatten)]
    pub output: Output,
}

const HELP: &str = "\
At most some 150 requests, each with a deadline. None of them changes anything, no redirect is followed, no password is
tried. The bot's log names them: `auditctl/VERSION (probe of the owner)`. Ask only what is yours.

Exit codes:
  0  nothing is as grave as --fail-on
  1  something is
  2  could not run: no answer, or a host that is not this one
  3  not everything could be looked at

Examples:
  auditctl probe http://127.0.0.1:8080/ --webhook /telegram/hook --redis --postgres
  auditctl probe https://bot.example/ --i-own-this --fail-on medium";
