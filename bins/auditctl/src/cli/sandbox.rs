//! The command line of `auditctl sandbox`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use wardkit_sandbox::{Share, Size, Span};

#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    #[command(subcommand)]
    pub command: SandboxCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Tells what this host can enforce, by what, and what would make it better
    Probe,
    /// Has a program try to get out, by every door of the escape corpus, on this host
    #[command(after_help = AFTER_SELFTEST)]
    Selftest,
    /// Tries one door of the corpus
    #[command(hide = true)]
    Door {
        /// The door, and what lies outside
        #[arg(trailing_var_arg = true)]
        arguments: Vec<OsString>,
    },
    /// Runs a program that sees no file but programs and libraries, no network and no other process
    #[command(after_help = AFTER_RUN)]
    Run(SandboxRun),
}

#[derive(Debug, Args)]
pub(crate) struct SandboxRun {
    /// What the program may do, as TOML; without it every guarantee may also be kept approximately, which is told
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Its memory; 50MB by default
    #[arg(long, value_name = "SIZE")]
    pub memory: Option<Size>,
    /// Its share of one processor; 10% by default
    #[arg(long, value_name = "SHARE")]
    pub cpu: Option<Share>,
    /// How long it may run; 30s by default
    #[arg(long, value_name = "SPAN")]
    pub timeout: Option<Span>,
    /// How much it may write to standard output, and to standard error; 1MiB by default
    #[arg(long, value_name = "SIZE")]
    pub output: Option<Size>,
    /// How many processes and threads it may have; 16 by default, 1 with a policy that does not say
    #[arg(long, value_name = "NUMBER")]
    pub tasks: Option<u32>,
    /// The program, by its path or by its name, and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "PROGRAM")]
    pub program: Vec<OsString>,
}

const AFTER_SELFTEST: &str = "\
Exit codes:
  0  every door is closed
  1  a door is open
  2  the corpus could not be run

Examples:
  auditctl sandbox selftest
  setpriv --reuid=nobody --clear-groups auditctl sandbox selftest --format json";

const AFTER_RUN: &str = "\
What the program writes is passed on as it comes, also when it is ended. Its environment is empty. With
`--format json` the last line of standard error tells how it ended, what it used, what it was denied and
what enforced each guarantee.

Exit codes: the program's own, and
  2    it could not be run, or this host cannot enforce what the policy demands
  124  it was ended at its deadline
  137  it was ended by a limit: memory, processor time or output

Examples:
  auditctl sandbox run -- python3 -c 'print(2 ** 64)'
  auditctl sandbox run --memory 200MB --cpu 50% --timeout 5s -- ./bot.sh
  auditctl sandbox run --policy bot.toml -- ./bot";
