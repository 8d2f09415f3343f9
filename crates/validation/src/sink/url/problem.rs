//! Why a URL was refused.

use std::io;

use wardkit_core::Transient;

use crate::AddressKind;

/// Why a URL was refused. It names the reason and shows nothing of the URL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is longer than the policy takes.
    #[error("the URL has {len} bytes, and the policy takes {cap}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The most that the policy takes.
        cap: usize,
    },
    /// It has a character on which parsers differ.
    #[error(
        "the URL has a space, a control character, an invisible one or a backslash at byte {at}"
    )]
    Character {
        /// Where it stands.
        at: usize,
    },
    /// It is no absolute URL.
    #[error("the URL has no scheme, two slashes and a host")]
    Malformed,
    /// Its scheme is not allowed.
    #[error("the URL's scheme is not one that the policy allows")]
    Scheme,
    /// It has a user before the host.
    #[error("the URL has a user or password, which belongs into a header")]
    Userinfo,
    /// The host is no name and no address.
    #[error("the URL's host is no name and no address")]
    Host,
    /// The host is an address or a name in a spelling that is not its own.
    #[error("the URL's host is not written as what it stands for")]
    Disguised,
    /// Only the inside of a network knows the name.
    #[error("the URL's host is a name of the inside of a network")]
    InternalName,
    /// The policy denies the host.
    #[error("the policy denies the URL's host")]
    HostDenied,
    /// The policy allows other hosts.
    #[error("the URL's host is not one that the policy allows")]
    HostNotAllowed,
    /// The policy allows other ports.
    #[error("port {port} is not one that the policy allows")]
    Port {
        /// The port, the scheme's own if none was written.
        port: u16,
    },
    /// The host leads inside.
    #[error("the URL's host leads to an address that is not public but {kind}")]
    Address {
        /// What the address is of.
        kind: AddressKind,
    },
    /// The policy denies the network that the host leads to.
    #[error("the policy denies the network that the URL's host leads to")]
    NetworkDenied,
    /// The name has no address.
    #[error("the URL's host has no address")]
    NoAddress,
    /// The resolver did not answer.
    #[error("the URL's host cannot be resolved")]
    Resolve(#[source] io::Error),
    /// One redirect too many.
    #[error("more than {cap} redirects")]
    TooManyRedirects {
        /// The most that the policy follows.
        cap: u8,
    },
    /// A redirect leads from https to http.
    #[error("a redirect from https to http")]
    Downgrade,
    /// The text is no pattern of hosts.
    #[error("no pattern of hosts like example.com or *.example.com")]
    Pattern,
}

impl Transient for UrlError {
    /// A resolver that did not answer may do so a moment later; everything else stays as it is.
    fn is_transient(&self) -> bool {
        matches!(self, Self::Resolve(_))
    }
}
