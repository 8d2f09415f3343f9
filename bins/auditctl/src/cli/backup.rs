//! The command line of `auditctl backup`.

mod drill;
mod options;

use std::path::PathBuf;

use clap::{Args, Subcommand};

pub(crate) use drill::{DrillCommand, DrillOptions, Proof, RecoverOptions};
pub(crate) use options::{
    Compression, Destination, Existing, Keep, PasswordSource, Place, RunOptions, Selection,
};

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub place: Place,

    #[command(subcommand)]
    pub command: BackupCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Makes a repository
    Init,
    /// Takes a snapshot of files and folders; ends with 3 when something could not be read
    Run(Box<RunOptions>),
    /// Lists the snapshots
    #[command(visible_alias = "snapshots")]
    List {
        #[command(flatten)]
        selection: Selection,
    },
    /// Lists the files of a snapshot
    Ls {
        /// The snapshot: `latest`, or the first digits of its id
        snapshot: String,
        /// Only these and what lies below
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        selection: Selection,
    },
    /// Finds files in snapshots, by name or pattern
    Find {
        /// What to look for: a name or a path, with `*`, `?` and `[...]`
        #[arg(required = true, value_name = "PATTERN")]
        patterns: Vec<String>,
        /// Only in this snapshot; may be given several times
        #[arg(long, value_name = "SNAPSHOT")]
        snapshot: Vec<String>,
        /// Take upper and lower case for the same
        #[arg(long, short = 'i')]
        ignore_case: bool,
        #[command(flatten)]
        selection: Selection,
    },
    /// Says what differs between two snapshots
    Diff {
        /// The older one
        from: String,
        /// The newer one
        to: String,
        /// Also tell where only the metadata differ
        #[arg(long)]
        metadata: bool,
    },
    /// Restores a snapshot below a folder; ends with 0 only when every byte is proven
    Restore {
        /// The snapshot: `latest`, or the first digits of its id
        snapshot: String,
        /// Where to: absolute paths are rebuilt below this folder
        #[arg(long, value_name = "DIR")]
        target: PathBuf,
        /// Only this path of the snapshot and what lies below, absolute; may be given several times
        #[arg(long, value_name = "PATH")]
        include: Vec<PathBuf>,
        /// All but this path of the snapshot and what lies below, absolute; may be given several times
        #[arg(long, value_name = "PATH")]
        exclude: Vec<PathBuf>,
        /// What becomes of files that are there already
        #[arg(long, value_name = "WHAT", value_enum, default_value_t = Existing::Overwrite)]
        existing: Existing,
        #[command(flatten)]
        selection: Selection,
    },
    /// Checks the repository: ends with 0 when it is whole, 1 when it is damaged, 2 when it cannot be read
    Check {
        /// Read all data too, and prove every byte
        #[arg(long)]
        read_data: bool,
        /// Read a part of the data: `2/7` is the second of seven parts
        #[arg(long, value_name = "N/M", conflicts_with = "read_data")]
        read_data_subset: Option<String>,
        /// Take what is there for what has to be there: after another program forgot snapshots
        #[arg(long)]
        accept: bool,
    },
    /// Forgets snapshots, those named or those that no rule keeps; the data stays until `prune`
    Forget {
        /// The snapshots to forget, by the first digits of their ids
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        keep: Box<Keep>,
        #[command(flatten)]
        selection: Selection,
        /// Only say what would be forgotten
        #[arg(long, short = 'n')]
        dry_run: bool,
    },
    /// Removes data that no snapshot needs
    Prune {
        /// Only say what would be removed
        #[arg(long, short = 'n')]
        dry_run: bool,
        /// Go on although far fewer snapshots, or far less data, are there than at the last time
        #[arg(long)]
        danger_accept_losses: bool,
    },
    /// Copies snapshots into another repository
    Copy {
        /// The snapshots, by the first digits of their ids [default: all]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        #[command(flatten)]
        destination: Destination,
        #[command(flatten)]
        selection: Selection,
    },
    /// Makes anew what can be made anew
    Repair {
        #[command(subcommand)]
        what: RepairCommand,
    },
    /// Lists, adds and removes passwords
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Proves that a snapshot can be restored; ends with 0 when it passed, 1 when it failed, 2 when it was not held
    ///
    /// It is restored into a folder of its own, which is removed afterwards. Each byte is proven, files are compared with
    /// a manifest of what was read, and probes ask whether the result is of use.
    #[command(args_conflicts_with_subcommands = true)]
    Drill(Box<DrillOptions>),
    /// Does a runbook in earnest: restores, verifies, restarts, asks; ends with 0 when all passed, 1 when a step failed, 2
    /// when it could not begin
    ///
    /// A drill with the same runbook is its rehearsal. Files that are there are replaced. After a step that failed no
    /// program is run. Without a runbook it restores and verifies.
    Recover(Box<RecoverOptions>),
    /// Says why a file would be read again by the next run
    Explain {
        /// The file or folder
        path: PathBuf,
        /// Compare with this snapshot [default: the newest of this host that has the path]
        #[arg(long, value_name = "SNAPSHOT")]
        parent: Option<String>,
    },
    /// Looks for what keeps backups and restores from working; ends with 1 when there is something
    Doctor,
    /// Writes a recovery kit: a password of its own, and a page that says how to restore with restic
    Kit {
        /// The file, which must not be there yet; nobody but its owner may read it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RepairCommand {
    /// Makes the index anew from the packs
    Index,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Lists the keys; each opens the repository with a password of its own
    List,
    /// Adds a password
    Add(NewPassword),
    /// Removes a key, but neither the one in use nor the last one
    Remove {
        /// The first digits of its id
        id: String,
    },
    /// Exchanges the password in use for another
    Password(NewPassword),
}

/// A password that is to open the repository from now on.
#[derive(Debug, Args)]
pub(crate) struct NewPassword {
    /// A file with the new password; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "new_password")]
    pub new_password_file: Option<PathBuf>,
    /// Where the new password is: `env:NAME`, `file:PATH` or `command:PROGRAM ARGUMENT...`
    #[arg(long, value_name = "SOURCE")]
    pub new_password: Option<PasswordSource>,
}

const AFTER_HELP: &str = "\
The repository has restic's open format: `restic -r PLACE restore latest --target DIR` restores it without wardkit.

Exit codes of `run`: 0 all is in the snapshot; 3 something could not be read, the snapshot has the rest; 2 it could not
run, and nothing was made. Of `check`: 0 whole, 1 damaged, 2 unreadable. A wrong password is 2.

Examples:
  auditctl backup init --repo /srv/backup --password-file /etc/wardkit/backup.key
  auditctl backup run /etc /srv/bot --repo /srv/backup --password-file /etc/wardkit/backup.key
  auditctl backup restore latest --target /tmp/restored --repo /srv/backup --password-file /etc/wardkit/backup.key";
