//! The client under the stores on servers: bounded in time and size, tried again when that makes sense, and silent
//! about secrets.

#[cfg(feature = "tls")]
mod tls;

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use ureq::http::{self, HeaderMap};
use ureq::{Agent, Body};
use wardkit_core::SystemClock;
use wardkit_retry::{Idempotency, Retry, RetryPolicy, Sleep};

use super::{Key, StoreError};

/// How a store on a server is talked to.
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpOptions {
    /// The longest that a name is looked up, and that a connection takes to come about: 20 seconds.
    pub connect_timeout: Duration,
    /// The longest that the other side may say nothing: a minute.
    pub silence_timeout: Duration,
    /// The longest that one request may take with its answer: 15 minutes.
    pub request_timeout: Duration,
    /// Which failures are tried again, how often and when: six attempts within five minutes.
    pub retry: RetryPolicy,
    /// What tells the time, which signatures contain, and waits.
    pub clock: Arc<dyn Sleep>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        let mut retry = RetryPolicy::http();
        retry.max_attempts = 6;
        retry.attempt_timeout = None;
        retry.total_deadline = Some(Duration::from_mins(5));
        Self {
            connect_timeout: Duration::from_secs(20),
            silence_timeout: Duration::from_mins(1),
            request_timeout: Duration::from_mins(15),
            retry,
            clock: Arc::new(SystemClock),
        }
    }
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions")
            .field("connect_timeout", &self.connect_timeout)
            .field("silence_timeout", &self.silence_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// The client of one server.
pub(super) struct Http {
    agent: Agent,
    retry: Retry<wardkit_retry::ByTransient, Arc<dyn Sleep>>,
}

/// One request.
pub(super) struct Request<'a> {
    /// What it does, and to what: for errors, so without any secret.
    pub(super) what: &'static str,
    pub(super) place: &'a str,
    pub(super) method: &'static str,
    pub(super) url: &'a str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<&'a [u8]>,
    /// The longest body of the answer that is read.
    pub(super) most: u64,
}

/// The answer to it, whole.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Http {
    pub(super) fn new(options: &HttpOptions) -> Result<Self, StoreError> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // Without this, the environment would decide.
            .proxy(None)
            .user_agent(concat!("wardkit-backup/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_per_read(Some(options.silence_timeout))
            .timeout_per_write(Some(options.silence_timeout))
            .timeout_global(Some(options.request_timeout))
            .max_response_header_size(MOST_HEADERS);
        #[cfg(feature = "tls")]
        let config = config.tls_config(tls::config());
        let retry = Retry::new(options.retry.clone(), Idempotency::Safe).map_err(|_| {
            StoreError::Setting { setting: "retry", problem: "a policy that is impossible" }
        })?;
        let retry = retry.with_clock(Arc::clone(&options.clock)).with_name("backup-store");
        Ok(Self { agent: config.build().new_agent(), retry })
    }

    /// Makes the call, and again while it fails in a way that passes. All that stores ask for may happen twice.
    pub(super) fn retrying<T>(
        &self,
        what: &'static str,
        place: &str,
        call: impl FnMut() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.retry.run_blocking(call).map_err(|gave_up| {
            gave_up
                .into_last()
                .unwrap_or_else(|| StoreError::io(what, place)(io::ErrorKind::TimedOut.into()))
        })
    }

    /// Sends a request and reads the answer. Answers that pass, such as "busy", are errors; all others are the
    /// caller's to judge.
    pub(super) fn send(&self, request: &Request<'_>) -> Result<Response, StoreError> {
        let answer = self
            .exchange(request)
            .map_err(|error| StoreError::io(request.what, request.place)(to_io(error)))?;
        let (parts, mut body) = answer.into_parts();
        let announced = body.content_length().filter(|_| request.method != "HEAD");
        if announced.is_some_and(|length| length > request.most) {
            return Err(request.malformed("the answer is longer than it may be"));
        }
        let body = match body.with_config().limit(request.most.saturating_add(1)).read_to_vec() {
            Ok(body) => body,
            Err(ureq::Error::BodyExceedsLimit(_)) => {
                return Err(request.malformed("the answer is longer than it may be"));
            }
            Err(error) => return Err(StoreError::io(request.what, request.place)(to_io(error))),
        };
        if announced.is_some_and(|length| length != body.len() as u64) {
            let torn = io::Error::from(io::ErrorKind::UnexpectedEof);
            return Err(StoreError::io(request.what, request.place)(torn));
        }
        let response = Response { status: parts.status.as_u16(), headers: parts.headers, body };
        if matches!(response.status, 408 | 429 | 500 | 502..=504) {
            return Err(request.refused(&response, ""));
        }
        Ok(response)
    }

    fn exchange(&self, request: &Request<'_>) -> Result<http::Response<Body>, ureq::Error> {
        let mut builder = http::Request::builder().method(request.method).uri(request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        match request.body {
            Some(body) => self.agent.run(builder.body(body)?),
            None => self.agent.run(builder.body(())?),
        }
    }
}

impl Request<'_> {
    pub(super) fn malformed(&self, problem: &'static str) -> StoreError {
        StoreError::Malformed { what: self.what, place: self.place.to_owned(), problem }
    }

    pub(super) fn refused(&self, response: &Response, reason: &str) -> StoreError {
        StoreError::Refused {
            what: self.what,
            place: self.place.to_owned(),
            status: response.status,
            reason: reason
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(LONGEST_REASON)
                .collect(),
        }
    }

    /// The object, or the part of it that was asked for, out of the answer to a request with
    /// [`range_header`].
    pub(super) fn part(
        &self,
        key: &Key,
        range: Option<&Range<u64>>,
        response: Response,
    ) -> Result<Vec<u8>, StoreError> {
        let Some(range) = range else {
            return match response.status {
                200 => Ok(response.body),
                _ => Err(self.refused(&response, "")),
            };
        };
        let size = response.total_size();
        let wanted = range.end - range.start;
        match response.status {
            206 if response.body.len() as u64 == wanted => Ok(response.body),
            206 | 416 if size.is_some_and(|size| size < range.end) => {
                Err(StoreError::TooShort { key: *key, size: size.unwrap_or(0), wanted: range.end })
            }
            206 => Err(self.malformed("the answer is not the range that was asked for")),
            200 => Err(self.malformed("the server does not know ranges")),
            _ => Err(self.refused(&response, "")),
        }
    }
}

impl Response {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What the answer to a `HEAD` says about the object.
    pub(super) fn content_length(&self) -> Option<u64> {
        self.header("content-length")?.trim().parse().ok()
    }

    /// The size of the whole object, after the slash: `bytes 0-9/100`, `bytes */100`.
    fn total_size(&self) -> Option<u64> {
        self.header("content-range")?.rsplit_once('/')?.1.trim().parse().ok()
    }
}

/// The header that asks for a range, which is not empty.
pub(super) fn range_header(range: &Range<u64>) -> (&'static str, String) {
    ("range", format!("bytes={}-{}", range.start, range.end.saturating_sub(1)))
}

/// Checks an address, and takes name and password out of it: nothing that shows the rest can show them.
pub(super) fn split_address(address: &str) -> Result<Address, StoreError> {
    let wrong = |problem| StoreError::Setting { setting: "the address of the server", problem };
    let (scheme, rest) = address.split_once("://").ok_or_else(|| wrong("it has no scheme"))?;
    let default_port = match scheme {
        "http" => ":80",
        "https" if cfg!(feature = "tls") => ":443",
        "https" => return Err(wrong("https needs the feature `tls`")),
        _ => return Err(wrong("only http and https are known")),
    };
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user.to_owned()), host),
        None => (None, authority),
    };
    let host = host.strip_suffix(default_port).unwrap_or(host);
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    if host.is_empty() || !is_plain(host) || !is_plain(path) || path.contains(['?', '#']) {
        return Err(wrong("host and path have to be plain and complete"));
    }
    Ok(Address {
        scheme: scheme.to_owned(),
        host: host.to_owned(),
        path: path.trim_end_matches('/').to_owned(),
        user,
    })
}

/// The parts of an address.
pub(super) struct Address {
    pub(super) scheme: String,
    /// With the port, unless it is the scheme's own.
    pub(super) host: String,
    /// Without the last slash.
    pub(super) path: String,
    /// `name:password`, percent-encoded.
    pub(super) user: Option<String>,
}

/// The kinds of failures that [`wardkit_core::Transient`] tells apart. The client's own texts are left out: they may
/// contain parts of an address.
fn to_io(error: ureq::Error) -> io::Error {
    let kind = match error {
        ureq::Error::Io(error) => return error,
        ureq::Error::Timeout(_) => io::ErrorKind::TimedOut,
        ureq::Error::HostNotFound => io::ErrorKind::HostUnreachable,
        ureq::Error::ConnectionFailed => io::ErrorKind::ConnectionRefused,
        // An answer that ends early is one that breaks the protocol.
        ureq::Error::Protocol(_) => io::ErrorKind::UnexpectedEof,
        ureq::Error::Http(_) | ureq::Error::BadUri(_) => io::ErrorKind::InvalidInput,
        _ => io::ErrorKind::InvalidData,
    };
    kind.into()
}

/// Enough for the headers of any server that is asked here.
const MOST_HEADERS: usize = 64 * 1024;
/// The names that servers give their reasons are shorter.
const LONGEST_REASON: usize = 64;
/// No object of a repository is longer: packs are at most 128 MiB, and an index stays below as well.
pub(super) const LONGEST_OBJECT: u64 = 1 << 30;
/// Answers that are lists or errors.
pub(super) const LONGEST_LIST: u64 = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_split_and_its_secret_taken_out() {
        let address = split_address("http://me:s3cret@host:80/some/path/").expect("sound");
        assert_eq!((&*address.host, &*address.path), ("host", "/some/path"));
        assert_eq!(address.user.as_deref(), Some("me:s3cret"));
        assert_eq!(split_address("http://[::1]:8000").expect("sound").host, "[::1]:8000");
        for wrong in ["host/path", "ftp://host/", "http:///path", "http://a b/", "http://h/?x=1"] {
            assert!(split_address(wrong).is_err(), "{wrong}");
        }
    }
}
