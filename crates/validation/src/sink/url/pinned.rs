//! A URL with the addresses that were judged, and connections to them.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::num::NonZeroU32;
use std::time::Duration;

use super::{Redirect, Resolve, SafeUrl, UrlError, UrlPolicy, redirect};

/// A URL and the addresses that its host had when it was judged. Whoever connects uses these and asks no resolver
/// again: the next answer may be another.
///
/// With another HTTP client, give it [`addrs`](Self::addrs) and take redirects and proxies out of its hands:
///
/// - reqwest: `resolve_to_addrs(pinned.url().host(), pinned.addrs())`, `redirect(Policy::none())` and `no_proxy()`
///   on the builder of a client for this request.
/// - hyper: [`connect_async`](Self::connect_async) (feature `tokio`), then the handshake of `hyper::client::conn`; the
///   name that TLS checks is [`SafeUrl::host`].
///
/// Then, on status 3xx, [`redirect`](Self::redirect).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    url: SafeUrl,
    addrs: Vec<SocketAddr>,
}

impl SafeUrl {
    /// Resolves the host, once, and judges every address. If one of them is not allowed, none is: a name that has
    /// both is no honest one.
    ///
    /// # Errors
    ///
    /// What the policy has against the URL or an address, or that there is none.
    pub fn pin(
        self,
        policy: &UrlPolicy,
        resolver: &(impl Resolve + ?Sized),
    ) -> Result<Pinned, UrlError> {
        policy.check(&self)?;
        let addresses = match self.address() {
            Some(address) => vec![address],
            None => resolver.resolve(self.host()).map_err(UrlError::Resolve)?,
        };
        self.pin_to(policy, addresses)
    }

    /// The same with addresses that were resolved elsewhere, by an asynchronous resolver for one. When the host is an
    /// address itself, they are not looked at.
    ///
    /// # Errors
    ///
    /// What the policy has against the URL or an address, or that there is none.
    pub fn pin_to(
        self,
        policy: &UrlPolicy,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Result<Pinned, UrlError> {
        policy.check(&self)?;
        let addresses: Vec<IpAddr> = match self.address() {
            Some(address) => vec![address],
            None => addresses.into_iter().take(MOST_ADDRESSES).collect(),
        };
        for address in &addresses {
            policy.check_address(*address)?;
        }
        if addresses.is_empty() {
            return Err(UrlError::NoAddress);
        }
        let addrs =
            addresses.into_iter().map(|address| SocketAddr::new(address, self.port)).collect();
        Ok(Pinned { url: self, addrs })
    }

    /// The same through tokio's resolver, which asks the system on a blocking thread. Dropping the future leaves
    /// that thread to its answer, which nobody reads.
    ///
    /// # Errors
    ///
    /// What the policy has against the URL or an address, or that there is none.
    #[cfg(feature = "tokio")]
    pub async fn pin_async(self, policy: &UrlPolicy) -> Result<Pinned, UrlError> {
        policy.check(&self)?;
        if self.address().is_some() {
            return self.pin_to(policy, []);
        }
        let found = tokio::net::lookup_host((self.host(), self.port)).await;
        let found: Vec<IpAddr> = found.map_err(UrlError::Resolve)?.map(|addr| addr.ip()).collect();
        self.pin_to(policy, found)
    }
}

impl Pinned {
    /// Returns the URL.
    #[must_use]
    pub const fn url(&self) -> &SafeUrl {
        &self.url
    }

    /// Returns the addresses, in the resolver's order; there is at least one.
    #[must_use]
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Connects to the first address that answers. Each has an equal share of `timeout`. For https, TLS with the name
    /// [`SafeUrl::host`] comes on top.
    ///
    /// # Errors
    ///
    /// What the last address answered.
    pub fn connect(&self, timeout: Duration) -> io::Result<TcpStream> {
        let count = u32::try_from(self.addrs.len()).ok().and_then(NonZeroU32::new);
        let share = timeout / count.map_or(1, NonZeroU32::get);
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for addr in &self.addrs {
            match TcpStream::connect_timeout(addr, share) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Connects to the first address that answers, on tokio. It has no deadline of its own; dropping the future gives
    /// the attempt up.
    ///
    /// # Errors
    ///
    /// What the last address answered.
    #[cfg(feature = "tokio")]
    pub async fn connect_async(&self) -> io::Result<tokio::net::TcpStream> {
        tokio::net::TcpStream::connect(self.addrs.as_slice()).await
    }

    /// Judges the `Location` of an answer, absolute or relative to this URL. What comes back has to be pinned anew.
    ///
    /// # Errors
    ///
    /// What the policy has against the new URL, [`UrlError::TooManyRedirects`], or [`UrlError::Downgrade`].
    pub fn redirect(&self, policy: &UrlPolicy, location: &str) -> Result<Redirect, UrlError> {
        redirect::follow(&self.url, policy, location)
    }
}

/// Of an answer with more addresses, the others are not needed, and not used.
const MOST_ADDRESSES: usize = 64;
