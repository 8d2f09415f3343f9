use std::io;
use std::os::fd::AsFd as _;
use std::os::unix;

use tokio::io::Interest;
use tokio::net::UnixStream;

use crate::{Client, Error, Event};

/// A client whose events are awaited.
#[derive(Debug)]
pub struct AsyncClient {
    client: Client,
    /// The same socket once more, for the runtime to watch; nothing is read from it. A stream is what the runtime takes
    /// without a promise about its descriptor that the compiler cannot check.
    watched: UnixStream,
}

impl AsyncClient {
    /// Takes a client into the runtime that this is called from.
    ///
    /// # Errors
    ///
    /// When the runtime cannot watch its descriptor.
    pub fn new(client: Client) -> Result<Self, Error> {
        let socket = client.as_fd().try_clone_to_owned().map_err(Error::System)?;
        let socket = unix::net::UnixStream::from(socket);
        socket.set_nonblocking(true).map_err(Error::System)?;
        let watched = UnixStream::from_std(socket).map_err(Error::System)?;
        Ok(Self { client, watched })
    }

    /// Returns the client, for requests; each waits for its answer, a few milliseconds.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Gives the client back, such as to let it leave.
    #[must_use]
    pub fn into_client(self) -> Client {
        self.client
    }

    /// Waits for what the guardian tells next. Nothing is lost when this is dropped before it is done.
    ///
    /// # Errors
    ///
    /// [`Error::Gone`] when the guardian has died.
    pub async fn event(&mut self) -> Result<Event, Error> {
        loop {
            // A request may have brought an event with its answer, so it is asked for before it is waited for.
            if let Some(event) = self.client.next_event()? {
                return Ok(event);
            }
            self.watched.readable().await.map_err(Error::System)?;
            let mut next = Ok(None);
            // Nothing to read is told to the runtime as an error, so that it waits for more.
            let _ = self.watched.try_io(Interest::READABLE, || {
                next = self.client.next_event();
                if matches!(next, Ok(None)) {
                    Err(io::ErrorKind::WouldBlock.into())
                } else {
                    Ok(())
                }
            });
            if let Some(event) = next? {
                return Ok(event);
            }
        }
    }
}
