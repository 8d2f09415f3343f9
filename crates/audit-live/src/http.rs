//! One request over a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use wardkit_core::Clock;

use crate::dial::{self, ClientTls};
use crate::observed::{Answer, Tls};
use crate::target::Resolved;

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    pub(crate) path: String,
    headers: Vec<(&'static str, String)>,
    body: &'static str,
}

impl Ask {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), headers: Vec::new(), body: "" }
    }

    /// Sends JSON, or what claims to be it.
    pub(crate) fn post(path: impl Into<String>, body: &'static str) -> Self {
        let json = vec![("content-type", "application/json".to_owned())];
        Self { method: Method::POST, path: path.into(), headers: json, body }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// Asks a server.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) to: Resolved,
    pub(crate) tls: Option<ClientTls>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Client {
    /// Asks once. The reason why there is no answer is for people.
    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Answer, String> {
        Ok(self.ask_and_look(ask).await?.0)
    }

    /// Asks once, and tells of the connection, too.
    pub(crate) async fn ask_and_look(&self, ask: &Ask) -> Result<(Answer, Option<Tls>), String> {
        let late = |_| format!("no answer within {} seconds", PATIENCE.as_secs());
        timeout(PATIENCE, self.exchange(ask)).await.map_err(late)?
    }

    async fn exchange(&self, ask: &Ask) -> Result<(Answer, Option<Tls>), String> {
        let began = self.clock.uptime();
        let (stream, tls) = dial::open(&self.to, self.tls.as_ref()).await?;
        let handshake = http1::Builder::new()
            .max_header_size(LARGEST_HEAD)
            .handshake(TokioIo::new(stream))
            .await;
        let (mut sender, connection) = handshake.map_err(|error| error.to_string())?;
        let request = self.request(ask)?;
        let answered = async {
            let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
            let took = self.clock.uptime().saturating_sub(began);
            read(response, took).await
        };
        tokio::pin!(answered, connection);
        // The answer gets on only while its connection does.
        let answer = tokio::select! {
            answer = &mut answered => answer,
            _ = &mut connection => answered.await,
        };
        Ok((answer?, tls))
    }

    fn request(&self, ask: &Ask) -> Result<Request<Full<Bytes>>, String> {
        let mut builder = Request::builder()
            .method(ask.method.clone())
            .uri(&ask.path)
            .header(header::HOST, self.to.target.authority())
            .header(header::USER_AGENT, AGENT)
            .header(header::ACCEPT, "*/*")
            .header(header::CONNECTION, "close");
        for (name, value) in &ask.headers {
            builder = builder.header(*name, value);
        }
        builder.body(Full::new(Bytes::from_static(ask.body.as_bytes()))).map_err(|e| e.to_string())
    }
}

async fn read(response: Response<Incoming>, took: Duration) -> Result<Answer, String> {
    let (parts, mut body) = response.into_parts();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| error.to_string())?.into_data() else { continue };
        whole.extend_from_slice(&data[..data.len().min(LARGEST_BODY - whole.len())]);
        if whole.len() == LARGEST_BODY {
            break;
        }
    }
    let fields = parts.headers.iter();
    let field = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: fields.map(field).collect(),
        body: String::from_utf8_lossy(&whole).into_owned(),
        took,
    })
}

/// Whoever reads the server's log sees who asked.
const AGENT: &str = concat!("auditctl/", env!("CARGO_PKG_VERSION"), " (probe of the owner)");

/// A page that takes longer is of no use to anybody.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is looked for stands at the beginning.
const LARGEST_BODY: usize = 65_536;
const LARGEST_HEAD: usize = 65_536;
