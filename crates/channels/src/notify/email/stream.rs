//! A stream of which no more is read than a conversation about one mail takes.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

trait Both: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Both for S {}

pub(super) struct Bounded {
    stream: Box<dyn Both>,
    address: SocketAddr,
    left: usize,
    lines: usize,
    asked_for_tls: bool,
}

impl Bounded {
    pub(super) fn new(
        stream: impl AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
        address: SocketAddr,
    ) -> Self {
        Self {
            stream: Box::new(stream),
            address,
            left: MOST,
            lines: MOST_LINES,
            asked_for_tls: false,
        }
    }
}

impl AsyncTokioStream for Bounded {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 || self.lines == 0 {
            return Poll::Ready(Err(io::Error::other("the server talks without end")));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let piece = &buffer.filled()[before..];
        self.left = self.left.saturating_sub(piece.len());
        self.lines = self.lines.saturating_sub(piece.split(|byte| *byte == b'\n').count() - 1);
        // What follows the answer in the clear would be taken for the server's own word behind TLS.
        if self.asked_for_tls && goes_on_behind_its_last_line(piece) {
            return Poll::Ready(Err(io::Error::other("something is slipped in before TLS")));
        }
        read
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.asked_for_tls = bytes == b"STARTTLS\r\n";
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl fmt::Debug for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded").finish_non_exhaustive()
    }
}

/// An answer's last line has a blank behind its code.
fn goes_on_behind_its_last_line(piece: &[u8]) -> bool {
    let mut lines = piece.split_inclusive(|byte| *byte == b'\n');
    lines.any(|line| line.get(3) == Some(&b' ') && line.ends_with(b"\n")) && lines.next().is_some()
}

/// Certificates, and a few lines to each command.
const MOST: usize = 32 * 1024;
/// The library parses an answer anew with each of its lines, so that many cost much more than their length. What is
/// encrypted has as many of these bytes by chance, one in 256, and stays below.
const MOST_LINES: usize = 1000;
