//! One message is one packet, with at most one descriptor.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wardkit_process::Process;

use crate::Error;
use crate::protocol::{decode, encode};

/// One end of a connection between master and guardian.
pub(crate) struct Socket {
    fd: OwnedFd,
    buffer: Vec<u8>,
}

impl Socket {
    pub(crate) fn new(fd: OwnedFd) -> Self {
        Self { fd, buffer: vec![0; MOST + 1] }
    }

    /// Returns whoever made the socket that we were started with, unless it has died since: then our parent is another
    /// one, which may live for ever and never be a master.
    pub(crate) fn maker(listener: BorrowedFd<'_>) -> Option<Process> {
        let maker = rustix::net::sockopt::socket_peercred(listener).ok()?.pid;
        let process = Process::with_pid(maker.as_raw_nonzero().get().unsigned_abs()).ok()?;
        // Asked once it is held: its number cannot have become somebody else's before that.
        (rustix::process::getppid() == Some(maker)).then_some(process)
    }

    /// Takes whoever has connected, if it is of our user or root: the socket, and the number of the process.
    pub(crate) fn accept(listener: BorrowedFd<'_>) -> Option<(Self, u32)> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::accept_with(listener, flags).ok()?;
        let peer = rustix::net::sockopt::socket_peercred(&socket).ok()?;
        let is_ours = peer.uid.is_root() || peer.uid == rustix::process::geteuid();
        is_ours.then(|| (Self::new(socket), peer.pid.as_raw_nonzero().get().unsigned_abs()))
    }

    /// Tells whether any answer has room for certain: the kernel says so while three quarters are free.
    pub(crate) fn has_room(&self) -> bool {
        let mut fds = [PollFd::new(&self.fd, PollFlags::OUT)];
        !matches!(rustix::event::poll(&mut fds, Some(&Timespec::default())), Ok(0))
    }

    /// Sends a message if there is room for it; returns whether it was sent.
    pub(crate) fn send(
        &self,
        id: u64,
        message: &impl Serialize,
        fd: Option<BorrowedFd<'_>>,
    ) -> Result<bool, Error> {
        let bytes = encode(id, message)?;
        if bytes.len() > MOST {
            return Err(Error::TooLarge { size: bytes.len() });
        }
        let fds: Vec<BorrowedFd<'_>> = fd.into_iter().collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(&fds));
        }
        let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
        match rustix::net::sendmsg(&self.fd, &[IoSlice::new(&bytes)], &mut control, flags) {
            Ok(_) => Ok(true),
            Err(Errno::AGAIN | Errno::INTR | Errno::NOBUFS) => Ok(false),
            // Too many descriptors are on their way: the receiver opens the process itself.
            Err(Errno::TOOMANYREFS) if fd.is_some() => self.send(id, message, None),
            Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => Err(Error::Gone),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Takes a message with its number; `None` when there is none.
    pub(crate) fn receive<T: DeserializeOwned>(&mut self) -> Result<Option<Message<T>>, Error> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
        let mut slices = [IoSliceMut::new(&mut self.buffer)];
        let mut received = rustix::net::recvmsg(&self.fd, &mut slices, &mut control, flags);
        // The other side ended without reading everything; what it had said before is told after that.
        if matches!(received, Err(Errno::CONNRESET)) {
            received = rustix::net::recvmsg(&self.fd, &mut slices, &mut control, flags);
        }
        let received = match received {
            // No message is empty, so nothing is the end.
            Ok(received) if received.bytes > 0 => received,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(None),
            Ok(_) | Err(Errno::CONNRESET | Errno::NOTCONN) => return Err(Error::Gone),
            Err(errno) => return Err(errno.into()),
        };
        let fd = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
            _ => None,
        });
        if received.flags.contains(ReturnFlags::TRUNC) {
            return Err(Error::Malformed);
        }
        let (id, message) = decode(self.buffer.get(..received.bytes).unwrap_or_default())?;
        Ok(Some((id, message, fd)))
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Its number, itself, and what came with it.
pub(crate) type Message<T> = (u64, T, Option<OwnedFd>);

/// Below what a socket takes in one packet without special rights.
pub(crate) const MOST: usize = 128 * 1024;
