//! The command line of `auditctl rules`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct Rules {
    #[command(subcommand)]
    pub command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Tells what is wrong with rule files
    #[command(after_help = CHECK_HELP)]
    Check {
        /// Rule files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Lists the rules by which the audit judges sources
    List,
    /// Writes a rule of the audit to begin with, as `ID.yaml`
    New {
        /// Its name: small letters, digits and -
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Runs unit tests of rules: of alerts, or those that a rule of the audit brings
    #[command(after_help = TEST_HELP)]
    Test {
        /// Files of tests, as `promtool test rules` reads them, or rules of the audit
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

const CHECK_HELP: &str = "\
Refuses what `promtool check rules` refuses, and what is outside the PromQL that agentd evaluates; each thing that is
wrong in one line with file, line and column. Exits 0 when all is well, else 1.

Example:
  auditctl rules check /etc/wardkit/rules/*.yml";

const TEST_HELP: &str = "\
Comes to the verdict of `promtool test rules`. Rule files are looked for beside the file of tests. A rule of the
audit (`auditctl rules new`) has its tests inside. Exits 0 when all tests pass, else 1.

Examples:
  auditctl rules test tests/disk.yml
  auditctl rules new no-old-api && auditctl rules test no-old-api.yaml";
