//! What is sent.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use wardkit_core::Secret;
use wardkit_retry::Idempotency;
use wardkit_validation::{HeaderName, HeaderSafe};

use crate::Error;

/// A request, which can be sent as often as needed.
///
/// ```
/// use wardkit_channels::HttpRequest;
/// use wardkit_core::Secret;
///
/// let token = Secret::new("Bearer hunter2".to_owned());
/// let request = HttpRequest::get("https://example.com/private?key=hunter2")
///     .with_header("accept", "application/json")?
///     .with_secret_header("authorization", &token)?;
/// assert!(!format!("{request:?}").contains("hunter2"));
/// assert!(request.with_header("x-title", "a\r\nSet-Cookie: b").is_err());
/// # Ok::<(), wardkit_channels::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct HttpRequest {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) idempotency: Idempotency,
    pub(crate) once: bool,
    pub(crate) follows: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_body: Option<usize>,
    pub(crate) long_body: LongBody,
}

/// What becomes of a body that is too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LongBody {
    /// The answer is an error.
    #[default]
    Refused,
    /// Its beginning is the answer.
    CutOff,
}

impl HttpRequest {
    /// Creates a request that reads.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url, Bytes::new(), Idempotency::Safe)
    }

    /// Creates a request that sends a body. With a key, the key is sent as `Idempotency-Key`.
    pub fn post(
        url: impl Into<String>,
        body: impl Into<Vec<u8>>,
        idempotency: Idempotency,
    ) -> Self {
        Self::new(Method::POST, url, body.into().into(), idempotency)
    }

    /// Creates a request that writes a whole value, which may happen twice.
    pub fn put(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self::new(Method::PUT, url, body.into().into(), Idempotency::Safe)
    }

    /// Makes it a request that changes what is there.
    #[cfg(feature = "notify")]
    pub(crate) fn into_patch(mut self) -> Self {
        self.method = Method::PATCH;
        self
    }

    pub(crate) fn new(
        method: Method,
        url: impl Into<String>,
        body: Bytes,
        idempotency: Idempotency,
    ) -> Self {
        Self {
            method,
            url: url.into(),
            headers: HeaderMap::new(),
            body,
            idempotency,
            once: false,
            follows: false,
            timeout: None,
            max_body: None,
            long_body: LongBody::Refused,
        }
    }

    /// Adds a header; one of the same name is replaced.
    ///
    /// # Errors
    ///
    /// [`Error::Header`] for a name or value that could become another header, or would frame the message.
    pub fn with_header(self, name: &str, value: &str) -> Result<Self, Error> {
        self.with(name, value, false)
    }

    /// Adds a header that is never shown, and that goes to no other host with a redirect.
    ///
    /// # Errors
    ///
    /// As [`with_header`](Self::with_header).
    pub fn with_secret_header(self, name: &str, value: &Secret<String>) -> Result<Self, Error> {
        self.with(name, value.expose(), true)
    }

    /// Tries once, whatever the client's policy says.
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Follows redirects as far as the client's policy allows; each is judged as the first URL was. Requests that
    /// send something follow none.
    pub fn following_redirects(mut self) -> Self {
        self.follows = self.method == Method::GET;
        self
    }

    /// Sets how long all attempts may take together, waits included.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how long the answer's body may be, in bytes, and what becomes of a longer one. The client's own limit
    /// holds, too.
    pub fn with_max_body(mut self, max_body: usize, long_body: LongBody) -> Self {
        self.max_body = Some(max_body);
        self.long_body = long_body;
        self
    }

    fn with(mut self, name: &str, value: &str, secret: bool) -> Result<Self, Error> {
        let (name, mut value) = header(name, value)?;
        value.set_sensitive(secret);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Returns the headers besides those that frame the message.
    pub(crate) fn all_headers(&self, user_agent: &str) -> Result<HeaderMap, Error> {
        let mut headers = self.headers.clone();
        if !headers.contains_key(header::USER_AGENT) {
            headers.insert(header::USER_AGENT, header("user-agent", user_agent)?.1);
        }
        if let Some(key) = self.idempotency.key() {
            let (name, value) = header("idempotency-key", key)?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

/// Shows method and sizes: a URL, a header or a body may be somebody's secret.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

fn header(name: &str, value: &str) -> Result<(header::HeaderName, HeaderValue), Error> {
    let refused = |source| Error::Header { name: shown(name), source };
    let sound = HeaderName::new(name).map_err(refused)?;
    let value = HeaderSafe::new(value).map_err(refused)?;
    let unusable = || refused(wardkit_validation::HeaderError::Character.into());
    let name = header::HeaderName::try_from(sound.as_str()).map_err(|_| unusable())?;
    Ok((name, HeaderValue::try_from(value.as_str()).map_err(|_| unusable())?))
}

/// A name that is refused may be anything.
fn shown(name: &str) -> String {
    name.chars().take(64).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}
