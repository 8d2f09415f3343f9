//! What may be fetched.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::{HostPattern, SafeUrl, UrlError, host, text};
use crate::{Accept, AddressKind, AddressMap, Embedded, Embedding, Error, Network};

/// What may be fetched. The default: https and http on their own ports, every public host, five redirects.
///
/// ```
/// use wardkit_validation::{Accept, UrlPolicy};
///
/// // One private range is allowed, but for one machine in it.
/// let mut policy = UrlPolicy::default();
/// policy.danger_allowed_networks = vec!["10.20.0.0/16".parse()?];
/// policy.denied_networks = vec!["10.20.0.1".parse()?];
/// assert!(policy.accept("https://10.20.3.4/").is_ok());
/// assert_eq!(
///     policy.accept("https://10.20.0.1/").unwrap_err().to_string(),
///     "the policy denies the network that the URL's host leads to",
/// );
/// assert_eq!(
///     policy.accept("https://10.21.0.1/").unwrap_err().to_string(),
///     "the URL's host leads to an address that is not public but private",
/// );
/// # Ok::<(), wardkit_validation::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields, rename_all = "kebab-case"))]
#[non_exhaustive]
pub struct UrlPolicy {
    /// The schemes that are allowed.
    pub schemes: Vec<Scheme>,
    /// The ports that are allowed.
    pub ports: Vec<u16>,
    /// The hosts that are allowed, with nothing listed all of them. A name of the inside is allowed only if it is
    /// listed here; its addresses need [`danger_allowed_networks`](Self::danger_allowed_networks) besides.
    pub allowed_hosts: Vec<HostPattern>,
    /// The hosts that are not, whatever else allows them.
    pub denied_hosts: Vec<HostPattern>,
    /// Networks that may be reached although they are not public. Of an
    /// address with another one inside, both are asked for; of a mapped or translated one, the inner.
    pub danger_allowed_networks: Vec<Network>,
    /// Networks that may not be reached, whatever else allows them.
    pub denied_networks: Vec<Network>,
    /// What addresses are of, and the prefixes of the operator's NAT64.
    pub addresses: AddressMap,
    /// The longest URL, in bytes: as it is written, and as it is sent, where a quote is three.
    pub max_length: usize,
    /// How many redirects are followed.
    pub max_redirects: u8,
}

impl Default for UrlPolicy {
    fn default() -> Self {
        Self {
            schemes: vec![Scheme::Https, Scheme::Http],
            ports: vec![443, 80],
            allowed_hosts: Vec::new(),
            denied_hosts: Vec::new(),
            danger_allowed_networks: Vec::new(),
            denied_networks: Vec::new(),
            addresses: AddressMap::new(),
            max_length: 2048,
            max_redirects: 5,
        }
    }
}

/// How a URL is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Scheme {
    /// HTTP over TLS.
    Https,
    /// HTTP in the clear.
    Http,
}

impl Scheme {
    /// Returns the scheme as URLs write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads an absolute URL. A host that is a name is not resolved yet: that is [`SafeUrl::pin`].
impl Accept<str> for UrlPolicy {
    type Safe = SafeUrl;

    fn accept(&self, text: &str) -> Result<SafeUrl, Error> {
        Ok(self.read(text, 0)?)
    }
}

impl UrlPolicy {
    pub(super) fn read(&self, text: &str, hops: u8) -> Result<SafeUrl, UrlError> {
        text::check_characters(text, self.max_length)?;
        let (scheme, rest) = text::split(text)?;
        let scheme = self.scheme(scheme)?;
        let authority = text::authority(rest)?;
        let url = Url::parse(text).map_err(|_| UrlError::Host)?;
        let port = url.port().unwrap_or(scheme.port());
        let url = SafeUrl { url, scheme, port, hops };
        // The parser was given no room for another opinion; if it has one nevertheless, it is not this URL.
        let agreed = url.url.scheme() == scheme.as_str()
            && url.url.username().is_empty()
            && url.url.password().is_none();
        if !agreed {
            return Err(UrlError::Malformed);
        }
        check_spelling(authority, &url)?;
        text::check_length(url.as_str(), self.max_length)?;
        self.check(&url)?;
        Ok(url)
    }

    /// Checks all but what a name resolves to. A URL that another policy accepted comes here a second time.
    pub(super) fn check(&self, url: &SafeUrl) -> Result<(), UrlError> {
        if !self.schemes.contains(&url.scheme) {
            return Err(UrlError::Scheme);
        }
        if !self.ports.contains(&url.port) {
            return Err(UrlError::Port { port: url.port });
        }
        let name = url.host();
        if let Some(address) = url.address() {
            self.check_address(address)?;
            // A list of names is a list of names.
            let listed = self.is_danger_allowed(address) || self.allowed_hosts.is_empty();
            return if listed { Ok(()) } else { Err(UrlError::HostNotAllowed) };
        }
        if self.denied_hosts.iter().any(|pattern| pattern.matches(name)) {
            return Err(UrlError::HostDenied);
        }
        let listed = self.allowed_hosts.iter().any(|pattern| pattern.matches(name));
        if !listed && host::is_internal(name) {
            return Err(UrlError::InternalName);
        }
        if !listed && !self.allowed_hosts.is_empty() {
            return Err(UrlError::HostNotAllowed);
        }
        Ok(())
    }

    /// Judges an address, as a host and as what a name resolves to.
    pub(super) fn check_address(&self, address: IpAddr) -> Result<(), UrlError> {
        let denied = |reading| self.denied_networks.iter().any(|network| network.contains(reading));
        if self.addresses.readings(address).any(denied) {
            return Err(UrlError::NetworkDenied);
        }
        let kind = self.addresses.kind(address);
        if kind == AddressKind::Public || self.is_danger_allowed(address) {
            return Ok(());
        }
        Err(UrlError::Address { kind })
    }

    /// Whether the operator allowed where packets to the address arrive in the end. Where that is not certain, every
    /// reading has to be allowed: only these forms say for sure where the address inside is.
    fn is_danger_allowed(&self, address: IpAddr) -> bool {
        let allowed =
            |reading| self.danger_allowed_networks.iter().any(|network| network.contains(reading));
        match self.addresses.embedded(address) {
            Some(Embedded {
                by: Embedding::Mapped | Embedding::Nat64 | Embedding::OperatorNat64,
                address: inner,
            }) => allowed(inner.into()),
            _ => self.addresses.readings(address).all(allowed),
        }
    }

    fn scheme(&self, written: &str) -> Result<Scheme, UrlError> {
        let known = [Scheme::Https, Scheme::Http].into_iter();
        known
            .filter(|scheme| self.schemes.contains(scheme))
            .find(|scheme| written.eq_ignore_ascii_case(scheme.as_str()))
            .ok_or(UrlError::Scheme)
    }
}

/// Refuses a host that is written otherwise than what it was read as: numbers in octal, escapes, circled letters.
fn check_spelling(authority: &str, url: &SafeUrl) -> Result<(), UrlError> {
    let host = authority.rsplit_once(':').map_or(authority, |(host, port)| {
        // The last colon of an address is in brackets.
        if port.ends_with(']') { authority } else { host }
    });
    match url.url.host() {
        Some(Host::Ipv4(address)) if host == address.to_string() => Ok(()),
        Some(Host::Ipv6(_)) if host.starts_with('[') => Ok(()),
        // A name in another alphabet is one that people write; the encoded form is what is looked up.
        Some(Host::Domain(name)) if host::is_plain(name) => {
            let alphabet =
                !host.is_ascii() && name.split('.').any(|label| label.starts_with("xn--"));
            let same = host.eq_ignore_ascii_case(name);
            if same || (alphabet && !host.contains('%')) {
                Ok(())
            } else {
                Err(UrlError::Disguised)
            }
        }
        Some(Host::Ipv4(_)) => Err(UrlError::Disguised),
        _ => Err(UrlError::Host),
    }
}
