//! The daemon's end of the control socket.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};

use super::socket::Directory;
use crate::accept::{self, Accept, Arrival, Settings};
use crate::admission::Limits;
use crate::guard::Guard;
use crate::routes::Door;
use crate::server::http1;
use crate::site::{RequestLimits, Site};
use crate::{Caller, Daemon, Error};

/// The control socket of a daemon: its status, its reload, commands about alerts and services, for the daemon's own user and
/// root, over HTTP/1.1.
///
/// `curl --unix-socket control.sock http://localhost/v1/status` works.
#[derive(Debug)]
pub struct ControlServer {
    socket: Socket,
    path: PathBuf,
}

impl ControlServer {
    /// Opens the socket with mode 0600, in place of one that a dead daemon left behind. Its path may be longer than
    /// the 108 bytes of a socket address.
    ///
    /// The caller holds the lock of the data directory: the socket of a living daemon would be replaced as well.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Socket`] when the socket cannot be made.
    pub fn bind(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        match bind(&path) {
            Ok(listener) => {
                let own = rustix::process::geteuid().as_raw();
                Ok(Self { socket: Socket { listener, welcome: [own, ROOT] }, path })
            }
            Err(source) => Err(Error::Socket { path, source }),
        }
    }

    /// Serves until `stop` completes, then removes the socket and lets requests finish.
    ///
    /// Dropping the future cuts off every connection at once and leaves the socket behind.
    pub async fn serve(self, daemon: Arc<dyn Daemon>, stop: impl Future<Output = ()> + Send) {
        let limits = RequestLimits {
            max_uri: 8192,
            max_body: 64 * 1024,
            max_ingest: 16 * 1024 * 1024,
            max_alerts: 4 * 1024 * 1024,
            deadline: REQUEST_DEADLINE,
        };
        let guard = Guard::Connected;
        let site = Site::new(Door::Control, daemon, String::new(), None, limits, guard);
        let settings = Settings {
            limits: Limits {
                connections: CONNECTIONS,
                connections_per_peer: CONNECTIONS,
                head: Duration::from_secs(5),
                idle: Duration::from_secs(10),
                request: REQUEST_DEADLINE,
            },
            drain: Duration::from_secs(10),
            http: http1(100, 16 * 1024),
        };
        let path = self.path;
        let stop = async {
            stop.await;
            // From here on a client finds that nobody listens. A file that is gone already is as good.
            let _ = fs::remove_file(&path);
        };
        accept::serve(self.socket, Arc::new(site), settings, stop).await;
    }
}

/// A listening socket and the users that may speak to it.
#[derive(Debug)]
struct Socket {
    listener: UnixListener,
    welcome: [u32; 2],
}

impl Accept for Socket {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<Arrival<UnixStream>> {
        let (stream, _) = self.listener.accept().await?;
        // The kernel says who connected, and it cannot be lied to.
        let peer = stream.peer_cred()?;
        let welcome = self.welcome.contains(&peer.uid());
        if !welcome {
            tracing::warn!(uid = peer.uid(), pid = peer.pid(), "control socket: user refused");
        }
        Ok(Arrival {
            stream,
            from: None,
            welcome,
            caller: Some(Caller::new(peer.uid(), peer.pid())),
        })
    }
}

/// Binds under another name, closes the socket to other users, and only then moves it to its place.
fn bind(path: &Path) -> io::Result<UnixListener> {
    let (directory, name) = Directory::of(path)?;
    let mut unfinished = name.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = directory.join(unfinished);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&unfinished)?;
    fs::set_permissions(&unfinished, Permissions::from_mode(0o600))?;
    fs::rename(&unfinished, directory.join(name))?;
    Ok(listener)
}

const ROOT: u32 = 0;
const CONNECTIONS: usize = 64;
/// A reload may drain the parts that it rebuilds.
pub(super) const REQUEST_DEADLINE: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests;
