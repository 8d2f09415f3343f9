use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use crate::Step;

/// What went wrong with a process, its files or its tree.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The process has ended, and its number may be another's.
    #[error("process {pid} is gone")]
    Gone {
        /// The number it had.
        pid: u32,
    },
    /// The number and the start are as recorded, the program is not, and the kernel cannot tell more: it is neither
    /// signalled nor held for gone.
    #[error("process {pid} runs another program than recorded")]
    Changed {
        /// Its number.
        pid: u32,
    },
    /// A signal was not sent.
    #[error("cannot signal process {pid}")]
    Signal {
        /// Its number.
        pid: u32,
        /// What the kernel said.
        source: io::Error,
    },
    /// The kernel did not open, or not wait for, a process.
    #[error("cannot watch process {pid}")]
    Watch {
        /// Its number.
        pid: u32,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file was not read or written.
    #[error("{path}", path = path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path}: {reason}", path = path.display())]
    Malformed {
        /// Its path.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another process holds the PID file.
    #[error("{path} is held by process {pid}", path = path.display(), pid = pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string()))]
    Held {
        /// The file.
        path: PathBuf,
        /// Who holds it, as the file says.
        pid: Option<u32>,
    },
    /// A program was not started.
    #[error("{program:?} was not started: {step}")]
    Spawn {
        /// The program.
        program: OsString,
        /// What could not be done.
        step: Step,
        /// What the kernel said.
        source: io::Error,
    },
    /// Nobody has this name.
    #[error("there is no user {name:?}")]
    UnknownUser {
        /// The name.
        name: String,
    },
}

impl Error {
    /// Tells whether the same attempt may succeed later: the program is being replaced, or the system is short of
    /// something.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Spawn { source, .. } | Self::Watch { source, .. } | Self::File { source, .. } => {
                matches!(
                    rustix::io::Errno::from_io_error(source),
                    Some(
                        rustix::io::Errno::TXTBSY
                            | rustix::io::Errno::AGAIN
                            | rustix::io::Errno::NOMEM
                            | rustix::io::Errno::MFILE
                            | rustix::io::Errno::NFILE
                            | rustix::io::Errno::INTR
                    )
                )
            }
            Self::Held { .. } => true,
            _ => false,
        }
    }

    /// Returns the number of what the kernel said, if it said anything.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::Signal { source, .. }
            | Self::Watch { source, .. }
            | Self::File { source, .. }
            | Self::Spawn { source, .. } => {
                rustix::io::Errno::from_io_error(source).map(rustix::io::Errno::raw_os_error)
            }
            _ => None,
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
