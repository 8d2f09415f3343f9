//! Errors that know whether trying again makes sense.

use std::io::{self, ErrorKind};

/// An error that knows whether the same call may succeed a moment later.
///
/// The error knows, the caller does not guess. Where nothing is known, the answer is no.
pub trait Transient {
    /// Returns whether the same call may succeed a moment later.
    fn is_transient(&self) -> bool;
}

impl<E: Transient + ?Sized> Transient for &E {
    fn is_transient(&self) -> bool {
        (**self).is_transient()
    }
}

impl<E: Transient + ?Sized> Transient for Box<E> {
    fn is_transient(&self) -> bool {
        (**self).is_transient()
    }
}

impl Transient for io::Error {
    fn is_transient(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::AddrInUse
                | ErrorKind::BrokenPipe
                | ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset
                | ErrorKind::HostUnreachable
                | ErrorKind::Interrupted
                | ErrorKind::NetworkDown
                | ErrorKind::NetworkUnreachable
                | ErrorKind::NotConnected
                | ErrorKind::ResourceBusy
                | ErrorKind::StaleNetworkFileHandle
                | ErrorKind::TimedOut
                | ErrorKind::UnexpectedEof
                | ErrorKind::WouldBlock
        )
    }
}
