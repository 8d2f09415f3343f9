//! From a name to addresses, once.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};

/// Resolves names. [`SafeUrl::pin`](crate::SafeUrl::pin) calls it on its caller's thread, once for each URL and each
/// redirect whose host is a name; an error means that nothing is fetched.
///
/// A function does, too:
///
/// ```
/// use std::net::IpAddr;
/// use wardkit_validation::{Accept, UrlPolicy};
///
/// let policy = UrlPolicy::default();
/// let everything_is_here = |_name: &str| Ok(vec![IpAddr::from([127, 0, 0, 1])]);
/// let url = policy.accept("https://example.com/")?;
/// assert_eq!(
///     url.pin(&policy, &everything_is_here).unwrap_err().to_string(),
///     "the URL's host leads to an address that is not public but loopback",
/// );
/// # Ok::<(), wardkit_validation::Error>(())
/// ```
pub trait Resolve {
    /// Returns the addresses of a host, which is a name in its encoded form.
    ///
    /// # Errors
    ///
    /// The resolver did not answer, or there is no such name.
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

impl<F: Fn(&str) -> io::Result<Vec<IpAddr>>> Resolve for F {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self(host)
    }
}

/// The system's resolver. It blocks as long as the system lets it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
    }
}
