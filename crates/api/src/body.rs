//! The body of a response: one piece that tells its connection when it is handed over.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::connection::Link;
use crate::phase::Phase;

/// A response body in one piece.
///
/// The HTTP library drops it once it has taken the bytes; from then on the connection only waits for the socket.
#[derive(Debug)]
pub(crate) struct Whole {
    data: Bytes,
    link: Arc<Link>,
}

impl Whole {
    pub(crate) fn new(data: Bytes, link: Arc<Link>) -> Self {
        Self { data, link }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        self.link.phase.continue_as(Phase::Sending);
    }
}

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = std::mem::take(&mut self.data);
        Poll::Ready((!data.is_empty()).then(|| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.len() as u64)
    }
}
