//! The command lines of `auditctl db` and `auditctl sbom`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, Subcommand, ValueEnum};
use wardkit_cli::Format;

#[derive(Debug, Args)]
pub(crate) struct Db {
    #[command(subcommand)]
    pub command: DbCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Reads advisories into the index that `check` judges dependencies by
    #[command(after_help = IMPORT_HELP)]
    Import {
        /// Exports of OSV (`all.zip`), folders of its JSON, checkouts of `RustSec`'s advisories
        #[arg(required = true, value_name = "PATH")]
        from: Vec<PathBuf>,

        /// The day of the data, as `2026-11-22`; else that of the newest advisory
        #[arg(long, value_name = "DAY")]
        date: Option<String>,

        #[command(flatten)]
        index: IndexFile,
    },
    /// Tells of which day the advisories are, and how many there are
    Status {
        #[command(flatten)]
        index: IndexFile,
    },
}

#[derive(Debug, Args)]
pub(crate) struct IndexFile {
    /// The index of advisories; else `wardkit/osv.index` below `$XDG_DATA_HOME`
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,
}

/// What `check` knows of dependencies.
#[derive(Debug, Args)]
pub(crate) struct Knowledge {
    /// The index of advisories that `auditctl db import` made; else `wardkit/osv.index` below `$XDG_DATA_HOME`
    #[arg(long, value_name = "FILE")]
    pub db: Option<PathBuf>,

    /// How many days old advisories may be
    #[arg(long, value_name = "DAYS", default_value_t = 7)]
    pub db_max_age: u32,

    /// Newest releases, a line of JSON for each package: `{"name": "aiogram", "version": "3.22.0"}`
    #[arg(long, value_name = "FILE")]
    pub index: Option<PathBuf>,

    /// Statements of `OpenVEX` or `CycloneDX` on vulnerabilities that do not matter here; may be given several times
    #[arg(long, value_name = "FILE")]
    pub vex: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = SBOM_HELP)]
pub(crate) struct Sbom {
    /// The folder whose dependencies are listed
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,

    #[command(flatten)]
    pub format: BillFormat,

    /// What the program is called; else as its folder is
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Writes the bill to a file instead of standard output
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// The form of a bill. The option has the name of the one that all commands share, and other values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BillFormat(pub BillName);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BillName {
    /// JSON of `CycloneDX` 1.6
    Cyclonedx,
    /// JSON of SPDX 2.3
    Spdx,
}

impl Args for BillFormat {
    fn augment_args(command: clap::Command) -> clap::Command {
        // An argument with the shared one's name stands in for it; its values must have the same type.
        command.arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .action(ArgAction::Set)
                .value_parser(NameParser)
                .default_value("cyclonedx")
                .help("The form of the bill"),
        )
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for BillFormat {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = matches.get_raw("format").and_then(|mut values| values.next()?.to_str());
        let name = given.and_then(|name| BillName::from_str(name, false).ok());
        name.map(Self).ok_or_else(|| clap::Error::new(ErrorKind::InvalidValue))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Accepts the forms of bills; errors are told as text.
#[derive(Clone)]
struct NameParser;

impl TypedValueParser for NameParser {
    type Value = Format;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Format, clap::Error> {
        let name = clap::builder::EnumValueParser::<BillName>::new();
        name.parse_ref(command, arg, value).map(|_| Format::Text)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(BillName::value_variants().iter().filter_map(ValueEnum::to_possible_value)))
    }
}

const IMPORT_HELP: &str = "\
What is imported takes the place of what there was of the same ecosystems; others stay. The index is replaced whole or not
at all. Archives that were made to fill a disk, or lead out of themselves, are refused.

Nothing is downloaded: fetch the exports with a tool of your own, for instance
  https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip

Examples:
  auditctl db import PyPI/all.zip npm/all.zip
  auditctl db import advisory-db/ && auditctl db status";

const SBOM_HELP: &str = "\
The same folder gives the same bytes. Lists what lockfiles, pinned requirements and installed packages say; exits with 3 when
one of them cannot be read.

Examples:
  auditctl sbom > bom.json
  auditctl sbom bot/ --format spdx -o bot.spdx.json";
