//! A socket that tells of each datagram who sent it.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, Uid};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SocketAddrUnix, SocketFlags, SocketType,
};
use tokio::io::Interest;
use tokio::net::UnixDatagram;

pub(super) struct Socket(UnixDatagram);

/// What somebody sent.
pub(super) struct Datagram {
    /// `None` when it was too long.
    pub(super) bytes: Option<Vec<u8>>,
    /// Who sent it, as the kernel says.
    pub(super) sender: Option<u32>,
    /// What was sent along, which is closed when this is dropped.
    pub(super) fds: Vec<OwnedFd>,
}

impl Socket {
    /// Makes a socket that nobody but its owner, and root, can send to.
    pub(super) fn bind(path: &Path, owner: Option<u32>) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
        rustix::net::sockopt::set_socket_passcred(&socket, true)?;
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // The file takes the socket's mode, less the umask.
        rustix::fs::fchmod(&socket, Mode::from_raw_mode(0o600))?;
        rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
        if let Some(owner) = owner {
            let owner = Some(Uid::from_raw(owner));
            rustix::fs::chownat(CWD, path, owner, None, AtFlags::SYMLINK_NOFOLLOW)?;
        }
        Ok(Self(UnixDatagram::from_std(socket.into())?))
    }

    /// Waits for the next datagram. Cancel-safe.
    pub(super) async fn next(&self) -> io::Result<Datagram> {
        self.0.async_io(Interest::READABLE, || Ok(self.receive()?)).await
    }

    fn receive(&self) -> rustix::io::Result<Datagram> {
        let mut buffer = vec![0; MOST];
        let mut space =
            [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1), ScmCredentials(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        // More descriptors than there is room for are closed by the kernel.
        let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
        let mut slices = [IoSliceMut::new(&mut buffer)];
        let received = rustix::net::recvmsg(&self.0, &mut slices, &mut control, flags)?;
        let (mut sender, mut fds) = (None, Vec::new());
        for message in control.drain() {
            match message {
                RecvAncillaryMessage::ScmCredentials(who) => {
                    sender = u32::try_from(who.pid.as_raw_nonzero().get()).ok();
                }
                RecvAncillaryMessage::ScmRights(sent) => fds.extend(sent),
                _ => {}
            }
        }
        buffer.truncate(received.bytes);
        let is_whole = !received.flags.contains(ReturnFlags::TRUNC);
        Ok(Datagram { bytes: is_whole.then_some(buffer), sender, fds })
    }
}

/// As much as `sd_notify` sends.
const MOST: usize = 4096;
