//! Redirects: every hop is judged as the first one was.

use super::{SafeUrl, Scheme, UrlError, UrlPolicy, text};

/// Where a redirect leads, and what may go along.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Redirect {
    /// The new URL, which has to be pinned anew.
    pub url: SafeUrl,
    /// Whether the request's credentials may go along.
    pub credentials: Credentials,
}

/// Whether headers such as `Authorization`, `Cookie` and `Proxy-Authorization` may go along with a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Credentials {
    /// Scheme, host and port are the same.
    Keep,
    /// They are not: the headers were not meant for this host.
    Drop,
}

pub(super) fn follow(
    from: &SafeUrl,
    policy: &UrlPolicy,
    location: &str,
) -> Result<Redirect, UrlError> {
    if from.hops >= policy.max_redirects {
        return Err(UrlError::TooManyRedirects { cap: policy.max_redirects });
    }
    let hops = from.hops + 1;
    text::check_characters(location, policy.max_length)?;
    let url = if text::split(location).is_ok() {
        policy.read(location, hops)?
    } else if let Some(rest) = location.strip_prefix("//") {
        // Of the forms without a scheme this one has a host, judged as written and not as the parser repaired it.
        policy.read(&format!("{}://{rest}", from.scheme), hops)?
    } else {
        let joined = from.url.join(location).map_err(|_| UrlError::Malformed)?;
        policy.read(joined.as_str(), hops)?
    };
    if from.scheme == Scheme::Https && url.scheme != Scheme::Https {
        return Err(UrlError::Downgrade);
    }
    let credentials = if from.same_origin(&url) { Credentials::Keep } else { Credentials::Drop };
    Ok(Redirect { url, credentials })
}
