//! The command line of `auditctl integrity`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use wardkit_integrity::Algorithm;

#[derive(Debug, Args)]
pub(crate) struct Integrity {
    #[command(subcommand)]
    pub command: IntegrityCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IntegrityCommand {
    /// Records the present state as the first baseline, signed
    ///
    /// Refuses a directory that holds a baseline: accept changes with `update`.
    Init {
        #[command(flatten)]
        store: Store,
        #[command(flatten)]
        scope: Scope,
        /// The digest of contents, for this baseline and those after it
        #[arg(long, value_name = "NAME", default_value_t = AlgorithmName::Blake3, value_enum)]
        algorithm: AlgorithmName,
        #[command(flatten)]
        effort: Effort,
    },
    /// Compares the present state with the newest baseline; ends with 1 when something changed
    Verify {
        #[command(flatten)]
        store: Store,
        #[command(flatten)]
        scope: Scope,
        #[command(flatten)]
        depth: Depth,
        #[command(flatten)]
        effort: Effort,
    },
    /// Shows what changed and, with `--accept`, records it as the next baseline
    ///
    /// Without `--accept` nothing is written, and it ends with 1 when something changed. Each accepted path is put on
    /// the audit trail with who accepted it; earlier baselines are kept.
    Update {
        #[command(flatten)]
        store: Store,
        #[command(flatten)]
        scope: Scope,
        /// What to accept: `all`, `path:DIR` (and what is below), `rule:NAME`, `package:NAME` (what its record, written
        /// since the baseline, vouches for); may be given more often
        #[arg(long, value_name = "WHAT")]
        accept: Vec<String>,
        #[command(flatten)]
        effort: Effort,
    },
    /// Compares two recorded baselines; ends with 1 when they differ
    Diff {
        #[command(flatten)]
        store: Store,
        /// The generation to start from [default: the one before --to]
        #[arg(long, value_name = "GENERATION")]
        from: Option<u64>,
        /// The generation to compare with [default: the newest]
        #[arg(long, value_name = "GENERATION")]
        to: Option<u64>,
    },
    /// Says which rule of the policy decides about a path, and why
    Explain {
        /// The path; it need not exist
        path: PathBuf,
        #[command(flatten)]
        store: Store,
        /// The policy [default: the one of the newest baseline]
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Compares files with a list of another tool, by content alone; ends with 1 when something differs
    Import {
        /// The list
        file: PathBuf,
        /// Which tool's list it is
        #[arg(id = "as", long = "as", value_name = "FORMAT", value_enum)]
        format: ListFormat,
        /// Where the list's relative paths begin, and outside of which no path may lie
        #[arg(long, value_name = "DIR")]
        root: PathBuf,
    },
    /// Prints the newest baseline as a list for another tool
    Export {
        /// Which tool's list to print; its digest must be the baseline's
        #[arg(id = "as", long = "as", value_name = "FORMAT", value_enum)]
        format: ExportFormat,
        #[command(flatten)]
        store: Store,
        /// Print names relative to this directory, and only what lies below it [default: absolute names; those of mtree
        /// relative to /]
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
    },
}

/// Where the baselines are.
#[derive(Debug, Args)]
pub(crate) struct Store {
    /// The directory of the baselines [default: `baseline` in the data directory]
    #[arg(long, value_name = "DIR")]
    pub baseline: Option<PathBuf>,
}

/// What is looked at.
#[derive(Debug, Args)]
pub(crate) struct Scope {
    /// What to look at, with everything below [default: the roots of the baseline or of the policy]
    #[arg(long = "root", value_name = "PATH", num_args = 1..)]
    pub roots: Vec<PathBuf>,

    /// The rules about what matters [default: those of the baseline; without any, everything matters]
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// How thoroughly.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Depth {
    /// Read every file again (the default)
    #[arg(long, conflicts_with = "fast")]
    pub full: bool,

    /// Read only files whose metadata moved: quick, and blind to who can forge a change time
    #[arg(long)]
    pub fast: bool,
}

/// How hard to work.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Effort {
    /// How many threads read [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AlgorithmName {
    /// BLAKE3, the faster one
    Blake3,
    /// SHA-256
    Sha256,
}

impl From<AlgorithmName> for Algorithm {
    fn from(name: AlgorithmName) -> Self {
        match name {
            AlgorithmName::Blake3 => Self::Blake3,
            AlgorithmName::Sha256 => Self::Sha256,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ListFormat {
    /// What `sha256sum` prints
    Sha256sum,
    /// What `b3sum` prints
    B3sum,
    /// A specification of mtree(5)
    Mtree,
    /// A database of AIDE
    Aide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// For `sha256sum --check`
    Sha256sum,
    /// For `b3sum --check`
    B3sum,
    /// A specification of mtree(5)
    Mtree,
}
