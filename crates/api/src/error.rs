//! What can go wrong with the listener, the control socket and its client.

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::{ReloadRefused, Violation};

/// A listener that cannot be opened, or a daemon that cannot be reached or does not do what it is asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The listener's configuration is refused.
    #[error("the listener's configuration is refused: {}", list(.violations))]
    Config {
        /// Everything that is wrong with it.
        violations: Vec<Violation>,
    },
    /// The file with the token of those who may write is of no use.
    #[error("cannot take a token from {}", .path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {addr}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The control socket cannot be made.
    #[error("cannot make the control socket {}", .path.display())]
    Socket {
        /// The socket's path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No daemon listens on the control socket.
    #[error("no daemon listens on {}", .path.display())]
    NotRunning {
        /// The socket's path.
        path: PathBuf,
    },
    /// The daemon, or the file system, does not let this user command the daemon.
    #[error("this user may not command the daemon behind {}", .path.display())]
    Denied {
        /// The socket's path.
        path: PathBuf,
    },
    /// The daemon did not answer in time.
    #[error("no answer from the daemon within {}", wardkit_retry::duration::print(*.after))]
    Timeout {
        /// How long it was waited for.
        after: Duration,
    },
    /// The daemon refused the new configuration and kept the old one.
    #[error("the new configuration is refused and the old one stays in force")]
    Refused(#[source] ReloadRefused),
    /// The daemon answered that it cannot do what it was asked.
    #[error("the daemon answered {status}: {detail}")]
    Answer {
        /// The HTTP status.
        status: u16,
        /// What the daemon says about it.
        detail: String,
    },
    /// The conversation with the daemon broke off or was not understood.
    #[error("the conversation with the daemon failed")]
    Protocol {
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl Error {
    /// Returns whether the same call may succeed a moment later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Bind { source, .. } => source.kind() == io::ErrorKind::AddrInUse,
            Self::NotRunning { .. } | Self::Timeout { .. } | Self::Protocol { .. } => true,
            Self::Answer { status, .. } => *status >= 500,
            Self::Config { .. }
            | Self::Token { .. }
            | Self::Socket { .. }
            | Self::Denied { .. }
            | Self::Refused(_) => false,
        }
    }

    /// Returns what an operator can do about it, command first.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Token { path, .. } => {
                Some(format!("make one: (umask 077; openssl rand -hex 32 > {})", path.display()))
            }
            Self::Bind { .. } => Some("--listen 127.0.0.1:0 takes a free port".to_owned()),
            Self::NotRunning { .. } => Some(
                "start it: agentd run; if it runs with another directory, name it: --data-dir DIR"
                    .to_owned(),
            ),
            Self::Denied { .. } => {
                Some("ask as root, or as the user that the daemon runs as".to_owned())
            }
            Self::Timeout { .. } => {
                Some("look at the daemon's log: it lives and is too busy to answer".to_owned())
            }
            Self::Refused(_) => Some("correct the file, then: agentd reload".to_owned()),
            Self::Socket { .. } => Some(
                "make room there, move away what stands in its place, or choose another --data-dir"
                    .to_owned(),
            ),
            Self::Config { .. } | Self::Answer { .. } | Self::Protocol { .. } => None,
        }
    }
}

impl wardkit_core::Transient for Error {
    fn is_transient(&self) -> bool {
        self.is_transient()
    }
}

fn list(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
