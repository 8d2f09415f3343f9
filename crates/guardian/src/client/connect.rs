//! The two ends of the guardian's socket, as a master makes them.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use crate::Error;

/// Makes the socket on which a guardian listens; nobody but its own user may connect.
pub(super) fn listen(path: &Path) -> Result<OwnedFd, Error> {
    let failed = |errno: Errno| Error::Socket { path: path.into(), source: errno.into() };
    let socket = new_socket().map_err(failed)?;
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(Error::Socket { path: path.into(), source }),
    }
    let address = SocketAddrUnix::new(path).map_err(failed)?;
    // The file takes the socket's mode, less the umask.
    rustix::fs::fchmod(&socket, rustix::fs::Mode::from_raw_mode(0o600)).map_err(failed)?;
    rustix::net::bind(&socket, &address).map_err(failed)?;
    rustix::net::listen(&socket, 8).map_err(failed)?;
    Ok(socket)
}

/// Connects to a guardian; `None` when nobody listens.
pub(super) fn connect(path: &Path) -> Result<Option<OwnedFd>, Error> {
    let failed = |errno: Errno| Error::Socket { path: path.into(), source: errno.into() };
    let socket = new_socket().map_err(failed)?;
    let address = SocketAddrUnix::new(path).map_err(failed)?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) => Ok(Some(socket)),
        Err(Errno::CONNREFUSED | Errno::NOENT) => Ok(None),
        Err(errno) => Err(failed(errno)),
    }
}

fn new_socket() -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC;
    rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
}
