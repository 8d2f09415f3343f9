//! What is asked of a tree that was restored.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use serde::{Deserialize, Serialize};

mod canary;
#[cfg(feature = "sqlite")]
mod database;
mod parses;
mod start;

pub use canary::Canary;
#[cfg(feature = "sqlite")]
pub use database::Database;
pub use parses::{Format, Parses};
pub use start::StartCommand;

/// A question to a tree that was restored: does the database open, does the configuration parse, does the bot start?
///
/// A drill asks each once, in their order, from one thread, after all files were compared.
pub trait Probe: Send + Sync + fmt::Debug {
    /// Which one it is, for the report: `canary /srv/bot/canary`.
    fn id(&self) -> String;

    /// Asks. It returns soon after `is_stopped` says so.
    fn run(&self, tree: &RestoredTree, is_stopped: &dyn Fn() -> bool) -> Verdict;
}

/// What a probe says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It is as it has to be.
    Passed {
        /// What was seen: `412 rows`.
        seen: String,
    },
    /// It is not.
    Failed {
        /// What is wrong.
        reason: String,
    },
    /// It could not be asked, so nothing is proven.
    NotRun {
        /// Why.
        reason: String,
    },
}

/// A tree that was restored below a directory, where every path is as it was below `/`.
#[derive(Clone, Debug)]
pub struct RestoredTree {
    root: PathBuf,
}

impl RestoredTree {
    /// The tree below `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where it lies.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a path of the host lies in the tree. Whoever opens it follows links out of the tree; [`open`](Self::open)
    /// does not.
    #[must_use]
    pub fn place(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Opens a file to read. Links lead where they would if the tree were all there is.
    ///
    /// # Errors
    ///
    /// When it is not there, is no regular file, or cannot be opened.
    pub fn open(&self, path: &Path) -> io::Result<File> {
        self.open_with(path, ResolveFlags::IN_ROOT)
    }

    /// Opens a file to read that no link leads to.
    ///
    /// # Errors
    ///
    /// When it is not there, is no regular file, or cannot be opened, or a link is on the way.
    pub fn open_exactly(&self, path: &Path) -> io::Result<File> {
        self.open_with(path, ResolveFlags::IN_ROOT | ResolveFlags::NO_SYMLINKS)
    }

    fn open_with(&self, path: &Path, resolve: ResolveFlags) -> io::Result<File> {
        let flags = OFlags::CLOEXEC | OFlags::DIRECTORY | OFlags::PATH;
        let root = openat(CWD, &self.root, flags, Mode::empty())?;
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = openat2(root, path, flags, Mode::empty(), resolve)?;
        let file = File::from(file);
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
        }
    }
}

impl Verdict {
    /// Whether it is as it has to be. What could not be asked is not.
    #[must_use]
    pub const fn is_passed(&self) -> bool {
        matches!(self, Self::Passed { .. })
    }

    /// What was seen is as it has to be.
    pub fn passed(seen: impl Into<String>) -> Self {
        Self::Passed { seen: super::report::shorten(seen.into()) }
    }

    /// What is wrong.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: super::report::shorten(reason.into()) }
    }

    /// Why it could not be asked.
    pub fn not_run(reason: impl Into<String>) -> Self {
        Self::NotRun { reason: super::report::shorten(reason.into()) }
    }
}
