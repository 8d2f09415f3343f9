//! The command line of `auditctl harden`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Harden {
    /// Who is to enforce it
    #[arg(value_enum)]
    pub kind: ProfileKind,

    /// The program that the profile is for; with `--unit`, what the unit starts
    #[arg(long, value_name = "PATH", required_unless_present = "unit")]
    pub program: Option<PathBuf>,

    /// What the program needs, in TOML; of a native plugin its plugin.toml
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,

    /// What `strace -f -y -o FILE` wrote while the program did its work
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// The systemd unit of the program; `systemd` prints it with what it lacks
    #[arg(long, value_name = "FILE")]
    pub unit: Option<PathBuf>,

    /// The profile's name, instead of the program's
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Prints the labels of files instead of the rules; for `selinux`
    #[arg(long)]
    pub file_contexts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileKind {
    /// A profile for `apparmor_parser -r FILE`
    Apparmor,
    /// A module for `checkmodule -M -m`
    Selinux,
    /// A unit
    Systemd,
    /// A policy for `auditctl sandbox run --policy FILE`
    Sandbox,
    /// A filter in the JSON of OCI runtimes: Docker, Podman, crun, runc
    Seccomp,
}

const AFTER_HELP: &str = "\
The profile goes to standard output, what is to be known of it to standard error. Without a manifest and a trace the
program's own bytes and what programs usually need are all that is known.

Exit codes:
  0  printed
  2  something cannot be read, or cannot stand in a profile

Examples:
  auditctl harden systemd --unit /etc/systemd/system/bot.service
  strace -f -y -o bot.trace /srv/bot/bot && auditctl harden apparmor --program /srv/bot/bot --trace bot.trace
  auditctl harden seccomp --program /srv/bot/bot --manifest bot-needs.toml > bot-seccomp.json
  auditctl harden selinux --program /srv/bot/bot > bot.te && checkmodule -M -m -o bot.mod bot.te";
