//! One connection, driven by whoever uses it: no task of its own, and nothing left behind when it is dropped.

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::allowance::{Allowance, Metered};

/// What a connection runs over: TCP, or TLS over it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

type Io = TokioIo<Metered<Box<dyn Stream>>>;

pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
    allowance: Arc<Allowance>,
    /// How much is read before the head of an answer is there. The library looks for the end of one head within
    /// `max_head`, but skips any number of heads that are only announcements (status 1xx).
    most_ahead: usize,
    /// The addresses that were judged when it was made.
    pub(crate) addresses: Vec<IpAddr>,
}

struct Driver {
    inner: Pin<Box<http1::Connection<Io, Full<Bytes>>>>,
    /// It must not be polled once it is done.
    is_done: bool,
}

impl Connection {
    pub(crate) async fn open(
        stream: Box<dyn Stream>,
        addresses: Vec<IpAddr>,
        max_head: usize,
        max_fields: usize,
    ) -> hyper::Result<Self> {
        let allowance = Arc::new(Allowance::default());
        let stream = Metered::new(stream, Arc::clone(&allowance));
        let (sender, inner) = http1::Builder::new()
            .max_header_size(max_head)
            .max_headers(max_fields)
            .handshake(TokioIo::new(stream))
            .await?;
        let driver = Driver { inner: Box::pin(inner), is_done: false };
        let most_ahead = max_head.saturating_mul(2);
        Ok(Self { sender, driver, allowance, most_ahead, addresses })
    }

    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Broken> {
        self.allowance.limit(self.most_ahead);
        let mut head = pin!(self.driver.along(self.sender.send_request(request)));
        let head = poll_fn(|context| match head.as_mut().poll(context) {
            Poll::Ready(head) => Poll::Ready(head.map_err(Broken::Library)),
            Poll::Pending if self.allowance.is_spent() => Poll::Ready(Err(Broken::Endless)),
            Poll::Pending => Poll::Pending,
        })
        .await;
        self.allowance.lift();
        head
    }

    /// Returns the next piece of a body.
    pub(crate) async fn piece(&mut self, body: &mut Incoming) -> Option<hyper::Result<Bytes>> {
        loop {
            match self.driver.along(body.frame()).await? {
                // Trailers are of no use to anybody here.
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Returns whether it takes another request, as far as can be told without waiting.
    pub(crate) async fn is_ready(&mut self) -> bool {
        poll_fn(|context| {
            self.driver.poll(context);
            let ready = self.sender.poll_ready(context);
            Poll::Ready(!self.driver.is_done && matches!(ready, Poll::Ready(Ok(()))))
        })
        .await
    }
}

/// Why there is no head.
pub(crate) enum Broken {
    Library(hyper::Error),
    /// Announcements of an answer, and no answer.
    Endless,
}

impl Driver {
    fn poll(&mut self, context: &mut Context<'_>) {
        if !self.is_done {
            // What went wrong is told by the future that it went wrong for.
            self.is_done = self.inner.as_mut().poll(context).is_ready();
        }
    }

    /// Waits for a future that gets on only while the connection does.
    async fn along<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            self.poll(context);
            future.as_mut().poll(context)
        })
        .await
    }
}
