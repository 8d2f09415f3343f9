//! URLs that may be fetched, and connections that go where the check looked.

mod host;
mod pinned;
mod policy;
mod problem;
mod redirect;
mod resolve;
mod text;

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

pub use host::HostPattern;
pub use pinned::Pinned;
pub use policy::{Scheme, UrlPolicy};
pub use problem::UrlError;
pub use redirect::{Credentials, Redirect};
pub use resolve::{Resolve, SystemResolver};

/// A URL that a [`UrlPolicy`] accepted.
///
/// It is no permission to connect to the name: what the name resolves to is judged by [`pin`](Self::pin), and the
/// connection is made to the addresses that were judged.
///
/// ```
/// use wardkit_validation::{Untrusted, UrlError, UrlPolicy};
///
/// let policy = UrlPolicy::default();
/// let url = Untrusted::new("https://example.com/a?b=c").validate_for::<str, _>(&policy)?;
/// assert_eq!((url.host(), url.port(), url.path_and_query()), ("example.com", 443, "/a?b=c"));
///
/// // The cloud's metadata service, as one number.
/// assert!(policy.accept("http://2852039166/").is_err());
/// # use wardkit_validation::Accept;
/// # Ok::<(), wardkit_validation::Error>(())
/// ```
///
/// There is no way around the policy:
///
/// ```compile_fail,E0451
/// use wardkit_validation::SafeUrl;
///
/// fn forge(url: SafeUrl) -> SafeUrl {
///     SafeUrl { hops: 0, ..url }
/// }
/// ```
///
/// And none to a connection but through the judged addresses, since it is no address:
///
/// ```compile_fail,E0277
/// fn connect(url: wardkit_validation::SafeUrl) {
///     let _ = std::net::TcpStream::connect(url);
/// }
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SafeUrl {
    url: Url,
    scheme: Scheme,
    port: u16,
    /// How many redirects led here.
    hops: u8,
}

impl SafeUrl {
    /// Returns the URL as parsers agree on it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Returns the scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the host: a name in its encoded form, or an address, one of IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Returns the port, the scheme's own if none was written.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns what goes into the request's first line.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// Returns what goes into the header `Host`: the port only if it is not the scheme's own.
    #[must_use]
    pub fn host_header(&self) -> &str {
        &self.url[url::Position::BeforeHost..url::Position::AfterPort]
    }

    /// Returns how many redirects led here.
    #[must_use]
    pub const fn hops(&self) -> u8 {
        self.hops
    }

    /// Returns the address, when the host is one.
    fn address(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }

    fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.port == other.port
            && self.url.host() == other.url.host()
    }
}

/// Shows no more than where it leads by kind: a path or a name may be somebody's secret.
impl fmt::Debug for SafeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SafeUrl")
            .field("scheme", &self.scheme)
            .field("port", &self.port)
            .field("hops", &self.hops)
            .finish_non_exhaustive()
    }
}
