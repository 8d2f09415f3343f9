//! The listener.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use hyper::server::conn::http1;
use tokio::net::{TcpListener, TcpStream};

use crate::accept::{self, Accept, Arrival, Settings};
use crate::admission::Limits;
use crate::guard::Guard;
use crate::hosts::Hosts;
use crate::routes::Door;
use crate::site::{RequestLimits, Site};
use crate::{Daemon, Error, HttpConfig, WriteToken};

/// The HTTP listener of a daemon: health, readiness, metrics and a status page. It takes metrics in from those who may
/// write.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    local_addr: SocketAddr,
    config: HttpConfig,
    program: String,
    token: Option<WriteToken>,
}

impl HttpServer {
    /// Checks the configuration and opens the address. Clients can connect from here on; they are answered once
    /// [`HttpServer::serve`] runs.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Config`] with everything that [`HttpConfig::validate`] finds, and [`Error::Bind`] when the
    /// address cannot be listened on.
    pub async fn bind(config: HttpConfig) -> Result<Self, Error> {
        check(&config)?;
        let addr = config.listen;
        let refused = |source| Error::Bind { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(refused)?;
        let local_addr = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, local_addr, config, program: "wardkit".to_owned(), token: None })
    }

    /// Creates a server with another configuration on the same open address, without a token.
    ///
    /// Both accept connections while both serve, so a server can be replaced, or started again after a failure,
    /// without refusing a client. The address in `config` is not looked at.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Config`] with everything that [`HttpConfig::validate`] finds, and [`Error::Bind`] when the
    /// system refuses another descriptor.
    pub fn with_config(&self, config: HttpConfig) -> Result<Self, Error> {
        check(&config)?;
        let refused = |source| Error::Bind { addr: self.local_addr, source };
        let socket = self.listener.as_fd().try_clone_to_owned().map_err(refused)?;
        let listener = TcpListener::from_std(socket.into()).map_err(refused)?;
        Ok(Self {
            listener,
            local_addr: self.local_addr,
            config,
            program: self.program.clone(),
            token: None,
        })
    }

    /// Sets the program's name, the status page's title. What is no letter or digit in it becomes `_` where it is
    /// the prefix of the listener's metrics: `agentd` gives `agentd_server_requests_total`.
    #[must_use]
    pub fn with_program_name(mut self, name: impl Into<String>) -> Self {
        self.program = name.into();
        self
    }

    /// Sets what a request must carry to write. Without it the listener takes nothing in, unless its configuration
    /// opens it to everybody. What `token-file` names is read by [`HttpConfig::read_token`], not here.
    #[must_use]
    pub fn with_write_token(mut self, token: Option<WriteToken>) -> Self {
        self.token = token;
        self
    }

    /// Returns the address that the listener is bound to, with the port that was chosen for port 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `stop` completes, then drains: idle connections are closed, requests finish, and after the
    /// configured drain timeout the rest is cut off.
    ///
    /// Dropping the future cuts off every connection at once.
    pub async fn serve(self, daemon: Arc<dyn Daemon>, stop: impl Future<Output = ()> + Send) {
        let config = &self.config;
        let hosts = Hosts::new(self.local_addr.ip(), &config.allowed_hosts);
        let limits = RequestLimits {
            max_uri: config.max_uri,
            max_body: config.max_body,
            max_ingest: config.max_ingest_body,
            max_alerts: config.max_alerts_body,
            deadline: config.request_timeout,
        };
        let guard = Guard::Listener { token: self.token, open: config.danger_open_writes };
        let site = Site::new(Door::Http, daemon, self.program, Some(hosts), limits, guard);
        let settings = Settings {
            limits: Limits {
                connections: config.max_connections,
                connections_per_peer: config.max_connections_per_peer,
                head: config.header_timeout,
                idle: config.idle_timeout,
                request: config.request_timeout,
            },
            drain: config.drain_timeout,
            http: http1(config.max_headers, config.max_header_bytes),
        };
        accept::serve(self.listener, Arc::new(site), settings, stop).await;
    }
}

fn check(config: &HttpConfig) -> Result<(), Error> {
    let violations = config.validate();
    if violations.is_empty() { Ok(()) } else { Err(Error::Config { violations }) }
}

impl Accept for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<Arrival<TcpStream>> {
        let (stream, peer) = Self::accept(self).await?;
        // Responses are written whole, so there is nothing to wait for; a socket that is gone says so when read.
        let _ = stream.set_nodelay(true);
        Ok(Arrival { stream, from: Some(peer.ip()), welcome: true, caller: None })
    }
}

/// Returns the HTTP library's part of a listener's settings.
pub(crate) fn http1(max_headers: usize, max_header_bytes: usize) -> http1::Builder {
    let mut http = http1::Builder::new();
    // Deadlines are the listener's own: the library's would need a timer armed for each request, and would count
    // the time between two requests as part of the second one's head.
    http.header_read_timeout(None)
        .max_header_size(max_header_bytes)
        .max_buf_size(max_header_bytes.max(LEAST_BUFFER));
    // Setting the number, even to what it is, moves the parser's table of fields to the heap.
    if max_headers != LIBRARY_HEADERS {
        http.max_headers(max_headers);
    }
    http
}

/// The HTTP library's smallest buffer.
const LEAST_BUFFER: usize = 8192;
/// The HTTP library's own limit of header fields.
const LIBRARY_HEADERS: usize = 100;
