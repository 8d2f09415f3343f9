//! The command line of `auditctl plugin install`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PluginInstall {
    /// The package; FILE.minisig lies beside it
    pub file: PathBuf,
    /// A public key whose packages are taken, as a file
    #[arg(long = "pub", value_name = "PUB")]
    pub public: Vec<PathBuf>,
    /// More of them: files, or folders with files that end in .pub
    #[arg(long, value_name = "PATH")]
    pub trust: Vec<PathBuf>,
    /// What is granted at most, as TOML; without it what is asked for, within the default limits
    #[arg(long, value_name = "FILE")]
    pub grant: Option<PathBuf>,
    /// Also grants a native plugin that the processor runs it: only the kernel's fences hold it
    #[arg(long, conflicts_with = "grant")]
    pub allow_native: bool,
    /// Takes a package that nobody signed
    #[arg(long)]
    pub allow_unsigned: bool,
    /// Lets it take the place of a newer version
    #[arg(long)]
    pub allow_downgrade: bool,
    /// Lets it take the place of a version that another key signed, with what that one has kept
    #[arg(long)]
    pub allow_other_key: bool,
    /// Does not ask; needed where there is no terminal
    #[arg(long)]
    pub yes: bool,
}

const AFTER_HELP: &str = "\
The plugin's self-test runs in the sandbox before it is called for the first time; until then, and when the test fails,
the earlier version goes on. agentd calls the new version from its next call on, without being told.

Exit codes:
  0  installed
  1  refused: unsigned, tampered with, of a key that is not trusted, revoked, older, with something grave in it, or its
     self-test did not pass; or the question was answered with no
  2  could not run: no package there, an unusable key or grant, nobody to ask

Examples:
  auditctl plugin install hello.tar.zst --pub author.pub
  auditctl plugin install hello.tar.zst --trust /etc/wardkit/trusted --grant hello.grant.toml --yes";
