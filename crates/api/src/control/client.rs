//! The local command's end of the control socket.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::server::REQUEST_DEADLINE;
use super::socket::Directory;
use crate::alerts::Command;
use crate::params;
use crate::services::{self, Fate};
use crate::{Error, Question, ReloadRefused, Reloaded, Status};

/// Commands the daemon that listens on a control socket.
///
/// Each call opens a connection of its own and has a deadline. Dropping its future gives up waiting; a reload that
/// has reached the daemon may still take place.
#[derive(Clone, Debug)]
pub struct ControlClient {
    path: PathBuf,
    deadline: Option<Duration>,
}

impl ControlClient {
    /// Creates a client of the socket at `path`. Nothing is opened yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), deadline: None }
    }

    /// Sets how long each call may take. Without it a status may take 5 seconds, and a reload as long as the daemon
    /// allows it.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Asks for the daemon's status.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotRunning`] when no daemon listens, [`Error::Denied`] when this user may not ask, and
    /// [`Error::Timeout`], [`Error::Answer`] or [`Error::Protocol`] when the daemon does not answer as it should.
    pub async fn status(&self) -> Result<Status, Error> {
        self.call(Method::GET, "/v1/status", STATUS_DEADLINE).await
    }

    /// Makes the daemon read its configuration again.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Refused`] when the new configuration is wrong, else as [`ControlClient::status`] does.
    pub async fn reload(&self) -> Result<Reloaded, Error> {
        self.call(Method::POST, "/v1/reload", REQUEST_DEADLINE + STATUS_DEADLINE).await
    }

    /// Asks a question about metrics and reads its answer: [`SeriesAnswer`](crate::SeriesAnswer) for a query.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Answer`] when the daemon cannot answer it, else as [`ControlClient::status`] does.
    pub async fn ask<T: DeserializeOwned>(&self, question: &Question) -> Result<T, Error> {
        self.call(Method::GET, &params::write(question), QUESTION_DEADLINE).await
    }

    /// Gives a command about alerts and reads its answer, which is null where there is nothing to say.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Answer`] when the daemon does not do it, else as [`ControlClient::status`] does.
    pub async fn alerts<T: DeserializeOwned>(&self, command: &Command) -> Result<T, Error> {
        let body = serde_json::to_vec(command).map_err(protocol)?;
        self.call_with(Method::POST, "/v1/alerts", body.into(), REQUEST_DEADLINE).await
    }

    /// Gives a command about services and reads its answer.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Answer`] when the daemon does not do it, else as [`ControlClient::status`] does.
    pub async fn services<T: DeserializeOwned>(
        &self,
        command: &services::Command,
    ) -> Result<T, Error> {
        let body = serde_json::to_vec(command).map_err(protocol)?;
        self.call_with(Method::POST, "/v1/services", body.into(), REQUEST_DEADLINE).await
    }

    /// Calls a plugin with JSON and reads the JSON that it gives.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Answer`] when it was not called or did not answer as it should, else as
    /// [`ControlClient::status`] does.
    pub async fn call_plugin<T: DeserializeOwned>(
        &self,
        id: &str,
        input: impl Into<Vec<u8>>,
    ) -> Result<T, Error> {
        let path = format!("/v1/plugins/{id}/call");
        self.call_with(Method::POST, &path, input.into().into(), REQUEST_DEADLINE).await
    }

    /// Tells the daemon to end. It has not ended yet when this returns.
    ///
    /// # Errors
    ///
    /// As [`ControlClient::status`] does.
    pub async fn stop(&self, fate: Fate) -> Result<(), Error> {
        let path = match fate {
            Fate::Stop => "/v1/stop",
            Fate::LeaveRunning => "/v1/leave",
        };
        self.call(Method::POST, path, STATUS_DEADLINE).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        usual: Duration,
    ) -> Result<T, Error> {
        self.call_with(method, path, Bytes::new(), usual).await
    }

    async fn call_with<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        usual: Duration,
    ) -> Result<T, Error> {
        let deadline = self.deadline.unwrap_or(usual);
        let answer = timeout(deadline, self.exchange(method, path, body)).await;
        let (status, body) = answer.map_err(|_| Error::Timeout { after: deadline })??;
        if status == StatusCode::OK {
            let body = if body.is_empty() { &b"null"[..] } else { &body };
            serde_json::from_slice(body).map_err(protocol)
        } else {
            Err(self.refusal(status, &body))
        }
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), Error> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, "localhost")
            .body(Full::new(body))
            .map_err(protocol)?;
        let stream = self.connect().await.map_err(|error| self.unreachable(error))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(protocol)?;
        let answer = async move {
            let response = sender.send_request(request).await.map_err(protocol)?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MOST_ANSWER).collect();
            let body = body.await.map_err(|source| Error::Protocol { source })?;
            Ok((status, body.to_bytes()))
        };
        // The connection ends with its sender; what fails on it, the answer reports as well.
        let (answer, _) = tokio::join!(answer, connection);
        answer
    }

    async fn connect(&self) -> io::Result<UnixStream> {
        let (directory, name) = Directory::of(&self.path)?;
        UnixStream::connect(directory.join(name)).await
    }

    fn unreachable(&self, error: io::Error) -> Error {
        let path = self.path.clone();
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::ConnectionRefused => {
                Error::NotRunning { path }
            }
            ErrorKind::PermissionDenied => Error::Denied { path },
            _ => protocol(error),
        }
    }

    fn refusal(&self, status: StatusCode, body: &[u8]) -> Error {
        let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        match status {
            StatusCode::FORBIDDEN => Error::Denied { path: self.path.clone() },
            StatusCode::UNPROCESSABLE_ENTITY => {
                Error::Refused(ReloadRefused { errors: problem.errors })
            }
            _ => {
                let detail = match &problem.errors[..] {
                    [] => problem.detail,
                    errors => errors.join("; "),
                };
                Error::Answer { status: status.as_u16(), detail }
            }
        }
    }
}

/// What is read of a problem.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    detail: String,
    errors: Vec<String>,
}

fn protocol(source: impl StdError + Send + Sync + 'static) -> Error {
    Error::Protocol { source: Box::new(source) }
}

const STATUS_DEADLINE: Duration = Duration::from_secs(5);
const QUESTION_DEADLINE: Duration = Duration::from_secs(30);
/// Far more than a status is: what is larger is no daemon of ours.
const MOST_ANSWER: usize = 16 * 1024 * 1024;
