//! Options that several commands of `auditctl backup` take.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use wardkit_backup::engine::{GroupBy, Span, TagList};

/// Which repository, and how it is opened.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The repository: a folder, `rest:URL` or `s3:URL`
    #[arg(
        long,
        short = 'r',
        value_name = "PLACE",
        global = true,
        env = "WARDKIT_BACKUP_REPOSITORY",
        hide_env_values = true
    )]
    pub repo: Option<String>,

    /// A file with the password, which nobody but its owner may read; `-` is standard input
    #[arg(
        long,
        short = 'p',
        value_name = "FILE",
        global = true,
        env = "WARDKIT_BACKUP_PASSWORD_FILE",
        hide_env_values = true
    )]
    pub password_file: Option<PathBuf>,

    /// Where the password is: `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENT...`, which no shell sees
    ///
    /// It comes before `--password-file`. Without any of these it is asked for on the terminal.
    #[arg(long, value_name = "SOURCE", global = true)]
    pub password: Option<PasswordSource>,

    /// Wait this many seconds for other programs to unlock the repository
    #[arg(long, value_name = "SECONDS", global = true, default_value_t = 0)]
    pub wait: u32,

    /// Lock nothing in `restore`, `check` and `drill`: for a repository that is mounted read-only
    #[arg(long, global = true)]
    pub no_lock: bool,
}

/// Where a password is. It does not stand on the command line, which others can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PasswordSource {
    Env(String),
    File(PathBuf),
    Command(Vec<String>),
}

impl FromStr for PasswordSource {
    type Err = &'static str;

    fn from_str(source: &str) -> Result<Self, Self::Err> {
        match source.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.into())),
            Some(("command", line)) if !line.trim().is_empty() => {
                Ok(Self::Command(line.split_ascii_whitespace().map(str::to_owned).collect()))
            }
            // It may be a password that somebody typed: it is not repeated.
            _ => Err("it is given as env:NAME, file:PATH or command:PROGRAM, never itself"),
        }
    }
}

/// Which snapshots.
#[derive(Debug, Default, Args)]
pub(crate) struct Selection {
    /// Only snapshots of this host; may be given several times
    #[arg(id = "selected-host", long = "host", value_name = "HOST")]
    pub hosts: Vec<String>,
    /// Only snapshots with these tags, with commas between; given several times, any of them will do
    #[arg(id = "selected-tag", long = "tag", value_name = "TAG,...")]
    pub tags: Vec<TagList>,
    /// Only snapshots of this path; may be given several times
    #[arg(id = "selected-path", long = "path", value_name = "PATH")]
    pub paths: Vec<String>,
}

/// What is backed up, and how.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct RunOptions {
    /// The files and folders
    #[arg(value_name = "PATH", required_unless_present = "stdin_from_command")]
    pub paths: Vec<PathBuf>,
    /// Leave out what matches this pattern; may be given several times
    #[arg(long, short = 'e', value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// The same, with upper and lower case taken for the same
    #[arg(long, value_name = "PATTERN")]
    pub iexclude: Vec<String>,
    /// Leave out what matches a pattern of this file, one a line; may be given several times
    #[arg(long, value_name = "FILE")]
    pub exclude_file: Vec<PathBuf>,
    /// Leave out folders that are marked by a CACHEDIR.TAG
    #[arg(long)]
    pub exclude_caches: bool,
    /// Leave out folders that hold this file, `NAME` or `NAME:FIRST-BYTES`; may be given several times
    #[arg(long, value_name = "NAME")]
    pub exclude_if_present: Vec<String>,
    /// Leave out files that are larger, such as `200M`
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub exclude_larger_than: Option<u64>,
    /// Do not go into other file systems
    #[arg(long, short = 'x')]
    pub one_file_system: bool,
    /// A tag for the snapshot; may be given several times, or with commas between
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    pub tag: Vec<String>,
    /// The host's name in the snapshot [default: this host's]
    #[arg(long, short = 'H', value_name = "NAME")]
    pub host: Option<String>,
    /// Take unchanged files over from this snapshot [default: the newest of this host and these paths]
    #[arg(long, value_name = "SNAPSHOT", conflicts_with = "force")]
    pub parent: Option<String>,
    /// Read every file, whether or not it looks unchanged
    #[arg(long, short = 'f')]
    pub force: bool,
    /// Do not take a change of a file's ctime for a change of the file
    #[arg(long)]
    pub ignore_ctime: bool,
    /// Do not take another inode for a change of the file, as for network mounts
    #[arg(long)]
    pub ignore_inode: bool,
    /// Back up what a command prints, and nothing if it fails: `--stdin-from-command -- pg_dump shop`
    #[arg(long, requires = "paths")]
    pub stdin_from_command: bool,
    /// The name that the command's output has in the snapshot
    #[arg(long, value_name = "NAME", default_value = "stdin", requires = "stdin_from_command")]
    pub stdin_filename: String,
    /// Keep hashes of what was read in this file, for `drill --manifest`; the next run goes on from it
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// How hard to compress
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Compression::Auto)]
    pub compression: Compression,
    /// Do not open each blob again before it is stored: saves a quarter of the processor's time, and a fault of memory
    /// or processor is then found only by `check --read-data`
    #[arg(long)]
    pub no_verify: bool,
}

impl RunOptions {
    /// The command whose output is backed up, with its arguments.
    pub(crate) fn command(&self) -> Option<Vec<OsString>> {
        let command = self.paths.iter().map(|word| word.clone().into_os_string()).collect();
        self.stdin_from_command.then_some(command)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compression {
    /// Not at all
    Off,
    /// zstd 1: a third less time for text, a tenth more room
    Fast,
    /// zstd 3
    Auto,
    /// zstd 19: slow
    Max,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Existing {
    /// They are replaced, as by restic
    Overwrite,
    /// They stay, and are told among what was not restored
    Keep,
}

/// What stays, under restic's names: each group keeps what any rule keeps.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "the options are named so")]
pub(crate) struct Keep {
    /// The newest N
    #[arg(long, short = 'l', value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_last: u32,
    /// The newest of each of the last N hours that have one
    #[arg(long, short = 'H', value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_hourly: u32,
    /// The newest of each of the last N days that have one
    #[arg(long, short = 'd', value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_daily: u32,
    /// The newest of each of the last N weeks that have one
    #[arg(long, short = 'w', value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_weekly: u32,
    /// The newest of each of the last N months that have one
    #[arg(long, short = 'm', value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_monthly: u32,
    /// The newest of each of the last N years that have one
    #[arg(long, short = 'y', value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_yearly: u32,
    /// All of the time before the newest one, such as `1y5m7d2h`
    #[arg(long, value_name = "DURATION", default_value = "0d", hide_default_value = true)]
    pub keep_within: Span,
    /// The newest of each hour of that time
    #[arg(long, value_name = "DURATION", default_value = "0d", hide_default_value = true)]
    pub keep_within_hourly: Span,
    /// The newest of each day of that time
    #[arg(long, value_name = "DURATION", default_value = "0d", hide_default_value = true)]
    pub keep_within_daily: Span,
    /// The newest of each week of that time
    #[arg(long, value_name = "DURATION", default_value = "0d", hide_default_value = true)]
    pub keep_within_weekly: Span,
    /// The newest of each month of that time
    #[arg(long, value_name = "DURATION", default_value = "0d", hide_default_value = true)]
    pub keep_within_monthly: Span,
    /// The newest of each year of that time
    #[arg(long, value_name = "DURATION", default_value = "0d", hide_default_value = true)]
    pub keep_within_yearly: Span,
    /// All that have these tags, with commas between; may be given several times
    #[arg(long, value_name = "TAG,...")]
    pub keep_tag: Vec<TagList>,
    /// What makes a group; `--group-by ''` puts all into one
    #[arg(long, value_name = "WHAT,...", default_value = "host,paths")]
    pub group_by: GroupBy,
}

/// Where snapshots are copied to.
#[derive(Debug, Args)]
pub(crate) struct Destination {
    /// The repository to copy into: a folder, `rest:URL` or `s3:URL`
    #[arg(long = "to", value_name = "PLACE")]
    pub to: String,
    /// A file with its password; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "to_password")]
    pub to_password_file: Option<PathBuf>,
    /// Where its password is: `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENT...`
    #[arg(long, value_name = "SOURCE")]
    pub to_password: Option<PasswordSource>,
}

/// Parses `200M` as restic does: powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || "a size is a number with k, M, G or T behind it, such as 200M".to_owned();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(wrong()),
    };
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    number.checked_mul(1 << shift).ok_or_else(wrong)
}
