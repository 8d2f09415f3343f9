use std::io;
use std::path::PathBuf;

use wardkit_process::Step;

use crate::protocol::Refusal;

/// What went wrong between a master and its guardian.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The guardian has ended, or its socket is closed. Start another and adopt the services.
    #[error("the guardian is gone")]
    Gone,
    /// The guardian did not answer in time.
    #[error("the guardian does not answer")]
    Silent,
    /// A message is none.
    #[error("a message of the guardian's socket is malformed")]
    Malformed,
    /// The other side speaks another version of the protocol.
    #[error("the guardian speaks version {theirs} of its protocol")]
    Version {
        /// Its version.
        theirs: u64,
    },
    /// A request is larger than a message may be.
    #[error("a request of {size} bytes is larger than {most}", most = crate::socket::MOST)]
    TooLarge {
        /// Its size.
        size: usize,
    },
    /// Another master is attached.
    #[error("process {pid} is attached to the guardian")]
    Busy {
        /// The other master.
        pid: u32,
    },
    /// The service has been started with a higher number already.
    #[error("a later start of the service is number {latest}")]
    Outdated {
        /// The highest number.
        latest: u64,
    },
    /// An earlier start of the service runs, or its processes are not gone.
    #[error("start {generation} of the service is not gone")]
    NotGone {
        /// Its number.
        generation: u64,
    },
    /// The guardian does not hold this start of the service.
    #[error("the guardian does not hold this start of the service")]
    Unknown,
    /// A name is empty, too long, or holds what no name may.
    #[error(
        "a service's name is 1 to 128 letters, digits, dots, underscores, at-signs and hyphens"
    )]
    Name,
    /// The service was not started.
    #[error("the service was not started: {step}")]
    Spawn {
        /// What could not be done.
        step: Step,
        /// What the kernel said.
        source: io::Error,
    },
    /// One of the service's FIFOs or cgroup values could not be made ready.
    #[error("a FIFO or cgroup of the service could not be made ready")]
    Prepare(#[source] io::Error),
    /// The recorded process runs another program by now, and the kernel cannot tell whether it is itself: it is neither
    /// held nor held for gone.
    #[error("the recorded process runs another program")]
    ProcessChanged,
    /// The socket failed.
    #[error("the guardian's socket {path}", path = path.display())]
    Socket {
        /// Its path.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The kernel refused something else.
    #[error("the guardian and the kernel")]
    System(#[source] io::Error),
    /// A process could not be handled.
    #[error(transparent)]
    Process(#[from] wardkit_process::Error),
}

impl Error {
    /// Tells whether the same attempt may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Spawn { source, .. } | Self::Prepare(source) => is_transient(source),
            Self::Process(source) => source.is_transient(),
            Self::Silent | Self::Busy { .. } | Self::NotGone { .. } => true,
            _ => false,
        }
    }
}

fn is_transient(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(
        Errno::from_io_error(error),
        Some(Errno::TXTBSY | Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE)
    )
}

impl From<rustix::io::Errno> for Error {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::System(errno.into())
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let error = io::Error::from_raw_os_error;
        match refusal {
            Refusal::Malformed => Self::Malformed,
            Refusal::Busy(pid) => Self::Busy { pid },
            Refusal::Outdated(latest) => Self::Outdated { latest },
            Refusal::NotGone(generation) => Self::NotGone { generation },
            Refusal::Unknown => Self::Unknown,
            Refusal::Name => Self::Name,
            Refusal::Spawn(step, errno) => Self::Spawn { step, source: error(errno) },
            Refusal::Prepare(errno) => Self::Prepare(error(errno)),
            Refusal::ProcessChanged => Self::ProcessChanged,
            Refusal::System(errno) => Self::System(error(errno)),
        }
    }
}
