//! From a URL to a connection: judge, resolve, judge again, connect, TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::{OnceCell, Semaphore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use wardkit_validation::{Pinned, Resolve, SafeUrl, Scheme, UrlError, UrlPolicy};

use crate::connection::{Connection, Stream};
use crate::{Error, HttpClientConfig, authorities};

pub(crate) struct Dialer {
    policy: Arc<UrlPolicy>,
    resolver: Arc<dyn Resolve + Send + Sync>,
    /// How many names are resolved at a time: each takes a thread, as long as the system lets it.
    resolving: Arc<Semaphore>,
    tls: OnceCell<TlsConnector>,
    system_authorities: bool,
    ca_file: Option<PathBuf>,
    max_head: usize,
    max_fields: usize,
}

impl Dialer {
    pub(crate) fn new(config: &HttpClientConfig, resolver: Arc<dyn Resolve + Send + Sync>) -> Self {
        Self {
            policy: Arc::new(config.policy.clone()),
            resolver,
            resolving: Arc::new(Semaphore::new(MOST_RESOLVING)),
            tls: OnceCell::new(),
            system_authorities: config.system_authorities,
            ca_file: config.ca_file.clone(),
            max_head: config.max_head,
            max_fields: config.max_fields,
        }
    }

    /// Connects to what the URL's host is judged to be now. It has no deadline of its own, but for the sharing of
    /// `timeout` between the host's addresses.
    pub(crate) async fn dial(&self, url: &SafeUrl, timeout: Duration) -> Result<Connection, Error> {
        // First: what is wrong with the authorities is found whether or not somebody listens.
        let connector = match url.scheme() {
            Scheme::Https => Some(self.tls.get_or_try_init(|| self.connector()).await?),
            _ => None,
        };
        let pinned = self.pin(url.clone()).await?;
        self.open(connector, &pinned, timeout).await
    }

    /// Connects to addresses that were judged by somebody else.
    #[cfg(feature = "plugins")]
    pub(crate) async fn dial_to(
        &self,
        pinned: &Pinned,
        timeout: Duration,
    ) -> Result<Connection, Error> {
        let connector = match pinned.url().scheme() {
            Scheme::Https => Some(self.tls.get_or_try_init(|| self.connector()).await?),
            _ => None,
        };
        self.open(connector, pinned, timeout).await
    }

    async fn open(
        &self,
        connector: Option<&TlsConnector>,
        pinned: &Pinned,
        timeout: Duration,
    ) -> Result<Connection, Error> {
        let url = pinned.url();
        let host = url.host_header();
        let refused = |source| Error::Connect { host: host.to_owned(), source };
        let stream = connect(pinned.addrs(), timeout).await.map_err(refused)?;
        stream.set_nodelay(true).map_err(refused)?;
        let stream: Box<dyn Stream> = match connector {
            Some(connector) => Box::new(secure(connector, url, stream).await?),
            None => Box::new(stream),
        };
        let addresses: Vec<IpAddr> = pinned.addrs().iter().map(SocketAddr::ip).collect();
        Connection::open(stream, addresses, self.max_head, self.max_fields)
            .await
            .map_err(|source| refused(io::Error::other(source)))
    }

    async fn pin(&self, url: SafeUrl) -> Result<Pinned, Error> {
        let broken = |source| Error::url(UrlError::Resolve(source));
        let place = Arc::clone(&self.resolving).acquire_owned().await;
        let place = place.map_err(|closed| broken(io::Error::other(closed)))?;
        let (policy, resolver) = (Arc::clone(&self.policy), Arc::clone(&self.resolver));
        let judged = tokio::task::spawn_blocking(move || {
            let pinned = url.pin(&policy, &*resolver);
            // Held by the thread, not by the request, which may have given up long ago.
            drop(place);
            pinned
        });
        judged.await.map_err(|error| broken(io::Error::other(error)))?.map_err(Error::url)
    }

    async fn connector(&self) -> Result<TlsConnector, Error> {
        let (system, file) = (self.system_authorities, self.ca_file.clone());
        let read = tokio::task::spawn_blocking(move || authorities::read(system, file.as_deref()));
        let config = read.await.unwrap_or(Err(Error::NoAuthorities))?;
        Ok(TlsConnector::from(config))
    }
}

async fn secure(
    connector: &TlsConnector,
    url: &SafeUrl,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Error> {
    let wrong = |source| Error::Tls { host: url.host_header().to_owned(), source };
    let host = url.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(|error| wrong(io::Error::other(error)))?;
    connector.connect(name, stream).await.map_err(wrong)
}

/// Connects to the first address that answers; each has an equal share of the time that is left, so that a dead one
/// does not use up that of the next.
async fn connect(addresses: &[SocketAddr], timeout: Duration) -> io::Result<TcpStream> {
    let share = timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut last = io::ErrorKind::AddrNotAvailable.into();
    for address in addresses {
        match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

const MOST_RESOLVING: usize = 8;
