//! The local command's end of the control socket.

use std::path::PathBuf;

use crate::{Error, Reloaded, Status};

/// Commands the daemon that listens on a control socket.
#[derive(Clone, Debug)]
pub struct ControlClient {
    path: PathBuf,
}

impl ControlClient {
    /// Creates a client of the socket at `path`. Nothing is opened yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Asks for the daemon's status.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotRunning`] when no daemon listens, [`Error::Denied`] when this user may not ask, and
    /// [`Error::Timeout`], [`Error::Answer`] or [`Error::Protocol`] when the daemon does not answer as it should.
    pub async fn status(&self) -> Result<Status, Error> {
        Err(Error::NotRunning { path: self.path.clone() })
    }

    /// Makes the daemon read its configuration again.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Refused`] when the new configuration is wrong, else as [`ControlClient::status`] does.
    pub async fn reload(&self) -> Result<Reloaded, Error> {
        Err(Error::NotRunning { path: self.path.clone() })
    }
}
