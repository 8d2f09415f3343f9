use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::Error;
use crate::format::Id;

/// What a restore did. Only [`is_complete`](Self::is_complete) is success.
#[derive(Debug, Default)]
#[non_exhaustive]
#[must_use = "paths may have failed"]
pub struct RestoreReport {
    /// Files that are whole under their names, every byte proven by the hash that the snapshot has of it.
    pub files: u64,
    /// Directories that are there with what belongs to them.
    pub directories: u64,
    /// Symbolic links, further hard links, pipes, sockets and devices that are there.
    pub others: u64,
    /// The bytes of the files, holes included.
    pub bytes: u64,
    /// How many paths are not as the snapshot has them.
    pub failed_count: u64,
    /// The first [`LISTED`](Self::LISTED) of them.
    pub failed: Vec<Unrestored>,
    /// How many times something that belongs to a path could not be set: the owner without being root, an extended
    /// attribute that the file system does not have.
    pub less_count: u64,
    /// The first [`LISTED`](Self::LISTED) of them.
    pub less: Vec<Unrestored>,
}

/// A path that is not as the snapshot has it.
#[derive(Clone, Debug)]
pub struct Unrestored {
    /// The path in the snapshot.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: RestoreFault,
}

/// Why a path is not as the snapshot has it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreFault {
    /// The snapshot has no such path.
    #[error("the snapshot has no such path")]
    NotInSnapshot,
    /// The name would lead elsewhere, or can be no name.
    #[error("the name is none that an entry of a directory can have")]
    Name,
    /// A directory has two entries of this name.
    #[error("the directory has this name twice")]
    Twice,
    /// The path is longer than what can be asked of a file system.
    #[error("the path is too deep or too long")]
    TooDeep,
    /// What the snapshot says of it contradicts itself.
    #[error("the snapshot's {what} of it contradict each other or cannot be")]
    Contradiction {
        /// What.
        what: &'static str,
    },
    /// Something else is there, or a link is on the way to it.
    #[error("something else is in the way, or a link leads there")]
    InTheWay,
    /// Something of this name was there, and stays as it was.
    #[error("it was there already, and was kept")]
    Kept,
    /// A blob of it is missing from the repository, or is damaged.
    #[error("a part of it, blob {id}, is missing or damaged")]
    Blob {
        /// The blob.
        id: Id,
        /// The reason.
        source: Arc<Error>,
    },
    /// It is another name of a file that failed.
    #[error("it is another name of a file that failed")]
    LinkedFailed,
    /// What was written is not what is read back.
    #[error("what was written is not what is read back")]
    ReadBack,
    /// The system refused.
    #[error("cannot {what}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The reason.
        source: Arc<std::io::Error>,
    },
}

impl RestoreReport {
    /// How many paths are listed; the rest is counted.
    pub const LISTED: usize = 10_000;

    /// Whether every selected path is there and every byte of it proven.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.failed_count == 0
    }

    pub(super) fn fail(&mut self, path: PathBuf, reason: RestoreFault) {
        self.failed_count += 1;
        if self.failed.len() < Self::LISTED {
            self.failed.push(Unrestored { path, reason });
        }
    }

    pub(super) fn lack(&mut self, path: PathBuf, reason: RestoreFault) {
        self.less_count += 1;
        if self.less.len() < Self::LISTED {
            self.less.push(Unrestored { path, reason });
        }
    }
}

impl RestoreFault {
    pub(super) fn io(what: &'static str, errno: rustix::io::Errno) -> Self {
        Self::Io { what, source: Arc::new(errno.into()) }
    }
}
