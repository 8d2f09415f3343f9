//! One connection from its first byte to its last.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::Caller;
use crate::phase::{Phase, PhaseCell, Ticks};
use crate::problem::Problem;
use crate::service::Service;
use crate::site::Site;

/// What a connection's task shares with its requests and with the listener's task.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) phase: Arc<PhaseCell>,
    pub(crate) ticks: Arc<Ticks>,
    /// Whether the client's requests are answered.
    pub(crate) welcome: bool,
    /// Who it is, where the kernel tells.
    pub(crate) caller: Option<Caller>,
}

impl Link {
    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.enter(phase, self.ticks.now());
    }
}

/// What the listener's task tells a connection, once at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// The listener stops.
    Stop,
    /// The place is needed for another, or nothing was asked for long enough.
    Leave,
    /// The head of a request did not arrive in time.
    HeadOverdue,
    /// A response is not taken in time.
    RequestOverdue,
}

/// A byte stream that a client is at the other end of.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

/// Serves HTTP/1.1 on a connection until it ends or a signal ends it.
pub(crate) async fn serve<S: Stream>(
    stream: S,
    link: Arc<Link>,
    site: Arc<Site>,
    http: &http1::Builder,
    signal: oneshot::Receiver<Signal>,
) {
    let service = Service::new(Arc::clone(&site), Arc::clone(&link));
    let watched = Watched { stream, link: Arc::clone(&link), suppressed: None };
    let mut connection = http.serve_connection(TokioIo::new(watched), service);
    let ending = drive(&mut connection, &link, signal, site.limits.deadline).await;
    let parts = connection.into_parts();
    let Watched { stream, suppressed, .. } = parts.io.into_inner();
    let problem = match ending {
        Ending::Done => None,
        Ending::Refused => Some(refusal(suppressed, &parts.read_buf, &site)),
        Ending::Overdue => Some(Problem::too_slow()),
        Ending::Lost => return,
    };
    link.enter(Phase::Closing);
    let farewell = problem.map(|problem| {
        site.metrics.answered(None, problem.status);
        site.replies.raw_problem(&problem)
    });
    close(stream, farewell.as_deref().unwrap_or_default()).await;
}

/// How the HTTP library's part of a connection ended.
enum Ending {
    /// In order; what was asked for is sent.
    Done,
    /// The library does not understand a head.
    Refused,
    /// A head did not arrive in time.
    Overdue,
    /// There is nobody to say anything to, or nothing to say.
    Lost,
}

type Connection<S> = http1::Connection<TokioIo<Watched<S>>, Service>;

async fn drive<S: Stream>(
    connection: &mut Connection<S>,
    link: &Link,
    mut signal: oneshot::Receiver<Signal>,
    deadline: Duration,
) -> Ending {
    let told = poll_fn(|cx| match connection.poll_without_shutdown(cx) {
        Poll::Ready(result) => Poll::Ready(Err(ending(result, link.phase.phase()))),
        Poll::Pending => Pin::new(&mut signal).poll(cx).map(Ok),
    });
    let patience = match told.await {
        Err(ending) => return ending,
        Ok(Ok(Signal::Stop)) => {
            if let Some(result) = first_bytes(connection, link).await {
                return ending(result, link.phase.phase());
            }
            match link.phase.phase() {
                Phase::Body | Phase::Busy | Phase::Sending => deadline,
                // Idle ones close at once; the rest of a head is not waited for long.
                Phase::Fresh | Phase::Head | Phase::Idle | Phase::Closing => LINGER,
            }
        }
        // A request that came in while the signal was under way is still answered.
        Ok(Ok(Signal::Leave | Signal::HeadOverdue)) if link.phase.phase().owes_an_answer() => {
            LINGER
        }
        Ok(Ok(Signal::HeadOverdue)) if link.phase.phase() == Phase::Head => return Ending::Overdue,
        // An error means that the listener's task is gone.
        Ok(Ok(Signal::Leave | Signal::HeadOverdue | Signal::RequestOverdue) | Err(_)) => {
            return Ending::Lost;
        }
    };
    Pin::new(&mut *connection).graceful_shutdown();
    let finished = timeout(patience, poll_fn(|cx| connection.poll_without_shutdown(cx))).await;
    finished.map_or(Ending::Lost, |result| ending(result, link.phase.phase()))
}

/// Waits a little for the first bytes of a client that has only connected: its request may be under way, and the
/// HTTP library would close without a word. Returns how the connection ended, if it did.
async fn first_bytes<S: Stream>(
    connection: &mut Connection<S>,
    link: &Link,
) -> Option<hyper::Result<()>> {
    let heard = poll_fn(|cx| {
        if link.phase.phase() != Phase::Fresh {
            return Poll::Ready(None);
        }
        match connection.poll_without_shutdown(cx) {
            Poll::Pending if link.phase.phase() == Phase::Fresh => Poll::Pending,
            Poll::Pending => Poll::Ready(None),
            Poll::Ready(result) => Poll::Ready(Some(result)),
        }
    });
    timeout(LINGER, heard).await.ok().flatten()
}

fn ending(result: hyper::Result<()>, phase: Phase) -> Ending {
    match result {
        Ok(()) => Ending::Done,
        Err(error) if error.is_parse() && !phase.owes_an_answer() => Ending::Refused,
        Err(error) => {
            tracing::debug!(%error, "connection broke off");
            Ending::Lost
        }
    }
}

/// Returns what to tell a client whose head was refused.
fn refusal(suppressed: Option<u16>, unread: &[u8], site: &Site) -> Problem {
    let target = unread.iter().position(|&byte| byte == b'\n').unwrap_or(unread.len());
    match suppressed {
        // A head whose first line alone is beyond the limit has too long a target.
        Some(431) if target > site.limits.max_uri => Problem::target_too_long(),
        Some(431) => Problem::head_too_large(),
        Some(414) => Problem::target_too_long(),
        _ => Problem::malformed(),
    }
}

/// Says a last word, if any, and closes so that the client can still read it.
///
/// Closing a socket with unread bytes in it makes the kernel discard what was sent, so a few of them are read.
pub(crate) async fn close<S: Stream>(mut stream: S, farewell: &[u8]) {
    let goodbye = async {
        stream.write_all(farewell).await?;
        stream.shutdown().await?;
        let (mut rest, mut left) = ([0_u8; 2048], MOST_DISCARDED);
        while left > 0 {
            match stream.read(&mut rest).await? {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        io::Result::Ok(())
    };
    // A client that is gone, or does not want to hear it, misses it.
    let _ = timeout(LINGER, goodbye).await;
}

/// A stream that notes what its connection is doing.
struct Watched<S> {
    stream: S,
    link: Arc<Link>,
    /// The status of the bare answer with which the HTTP library meets a head that it refuses. It is kept from the
    /// client, who gets a full one instead.
    suppressed: Option<u16>,
}

impl<S> Watched<S> {
    /// Returns whether `bytes` are an answer that no request asked for.
    fn suppress(&mut self, bytes: &[u8]) -> bool {
        let unasked = matches!(self.link.phase.phase(), Phase::Fresh | Phase::Head | Phase::Idle);
        if unasked {
            let status = bytes.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
            self.suppressed = status.and_then(|digits| digits.parse().ok()).or(self.suppressed);
        }
        unasked
    }
}

impl<S: Stream> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            match self.link.phase.phase() {
                Phase::Fresh => self.link.phase.continue_as(Phase::Head),
                Phase::Idle => self.link.enter(Phase::Head),
                Phase::Head | Phase::Body | Phase::Busy | Phase::Sending | Phase::Closing => {}
            }
        }
        result
    }
}

impl<S: Stream> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.suppress(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.suppress(pieces.first().map_or(&[], |piece| &**piece)) {
            return Poll::Ready(Ok(pieces.iter().map(|piece| piece.len()).sum()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The HTTP library flushes once everything it held is written: then a response that was handed over is sent.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        if result.is_ready() && self.link.phase.phase() == Phase::Sending {
            self.link.enter(Phase::Idle);
        }
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// How long a client may take to read the last word, or to finish when its place is needed.
const LINGER: Duration = Duration::from_millis(500);
/// How much of what a refused client still sends is read.
const MOST_DISCARDED: usize = 256 * 1024;

#[cfg(test)]
mod tests;
