//! What is backed up.
//!
//! A [`Source`] tells the entries of a snapshot in the order in which its trees are written, each with what the system
//! says of it and, for a file, with a way to read it. [`steps`] turns that order into directories that begin and end.

use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;

mod chain;
mod command;
mod error;
mod excludes;
mod files;
mod metadata;
mod path;
mod process;
#[cfg(feature = "sqlite")]
mod sqlite;
mod steps;

pub use chain::Chain;
pub use command::CommandStdout;
pub use error::{Failure, SourceError};
pub use excludes::{Excludes, PatternError};
pub use files::{Files, FilesOptions, Tag};
pub use metadata::{EntryKind, FileTime, Metadata, Xattr};
pub use process::Program;
#[cfg(feature = "sqlite")]
pub use sqlite::{RowCounts, Sqlite, SqliteOptions};
pub use steps::{Step, Steps, steps};

/// What is backed up into one snapshot.
///
/// The walker of a backup calls it from one thread: [`prepare`](Self::prepare) once, before anything is written; then
/// [`next_entry`](Self::next_entry) to the end; and [`finish`](Self::finish) after all contents were read and before
/// the snapshot is written. A source that is dropped in between leaves nothing behind: no process, no file.
pub trait Source: Send + fmt::Debug {
    /// The absolute paths that the snapshot is named by, sorted by their bytes.
    fn paths(&self) -> Vec<PathBuf>;

    /// Paths that are this source's alone: in a [`Chain`] no other source tells of them, or of what lies
    /// below. A copy of a database has to be restored without the live one's log beside it.
    fn claims(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Makes ready what is to be read: starts a command, copies a database, runs hooks.
    ///
    /// # Errors
    ///
    /// When there is nothing to back up; nothing is written then.
    fn prepare(&mut self) -> Result<(), SourceError>;

    /// The next entry, or what cannot be backed up of it.
    ///
    /// A directory comes before what it holds, names are in the order of their bytes, and each directory on the way
    /// from `/` comes as an entry of its own. A failure does not end the walk; it makes the backup partial. After the
    /// end, it stays at the end.
    fn next_entry(&mut self) -> Option<Result<Entry, Failure>>;

    /// Tells whether all that was read is what was to be read: the exit status of a command, for one.
    ///
    /// # Errors
    ///
    /// When the snapshot must not be written.
    fn finish(&mut self) -> Result<(), SourceError>;
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn paths(&self) -> Vec<PathBuf> {
        (**self).paths()
    }

    fn claims(&self) -> Vec<PathBuf> {
        (**self).claims()
    }

    fn prepare(&mut self) -> Result<(), SourceError> {
        (**self).prepare()
    }

    fn next_entry(&mut self) -> Option<Result<Entry, Failure>> {
        (**self).next_entry()
    }

    fn finish(&mut self) -> Result<(), SourceError> {
        (**self).finish()
    }
}

/// Something that goes into a snapshot.
#[derive(Debug)]
pub struct Entry {
    /// Its absolute path.
    pub path: PathBuf,
    /// What the system says of it.
    pub metadata: Metadata,
    /// What is in it; only a file has that.
    pub content: Option<Box<dyn Content>>,
}

/// What is in a file that was not opened yet. Any thread may open it, or nobody: an unchanged file is not read.
pub trait Content: Send + fmt::Debug {
    /// Opens it at its beginning.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is not what the walk had found there.
    fn open(&self) -> io::Result<Box<dyn Opened>>;

    /// Whether a file that the system says the same of as of an earlier one has its content. What a command says or a
    /// database holds has to be read each time.
    fn is_told_by_metadata(&self) -> bool {
        true
    }
}

/// An open file. It reads to its end, whatever its size was said to be.
///
/// After the end, [`is_as_opened`](Self::is_as_opened) tells whether the bytes are a state that the file was in. If they
/// are not, the caller opens the file again, [`MOST_READS`] times in all, and then keeps what it has as a failure
/// ([`Failure::changed`]).
pub trait Opened: Read + Send {
    /// What the system said of it when it was opened. Newer than what the walk said; this belongs into the snapshot,
    /// with the number of bytes that were read as its size.
    fn metadata(&self) -> &Metadata;

    /// Whether nothing changed while it was read.
    ///
    /// # Errors
    ///
    /// When the system does not say.
    fn is_as_opened(&self) -> io::Result<bool>;
}

/// How often a file is read that changes while it is read.
pub const MOST_READS: usize = 3;
