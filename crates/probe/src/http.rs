//! The HTTP client that checks need, and do not bring.

use std::collections::BTreeMap;
use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

/// A future behind a pointer, as object-safe traits return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why there was no answer. Its chain of causes is shown to the operator.
pub type HttpFailure = Box<dyn Error + Send + Sync>;

/// Gets a URL.
///
/// A check of HTTP calls it once a run, from its own task, and drops the future at the deadline. It neither follows
/// redirects nor tries again: thresholds are the check's. An error means that there was no answer and fails the run.
///
/// A function does, too:
///
/// ```
/// use wardkit_probe::{HttpAnswer, HttpGet, HttpQuestion};
///
/// let always_well = |_: &HttpQuestion| Ok(HttpAnswer::new(200, "well"));
/// let client: &dyn HttpGet = &always_well;
/// ```
pub trait HttpGet: Send + Sync {
    /// Asks once.
    fn get<'a>(
        &'a self,
        question: &'a HttpQuestion,
    ) -> BoxFuture<'a, Result<HttpAnswer, HttpFailure>>;
}

impl<F> HttpGet for F
where
    F: Fn(&HttpQuestion) -> Result<HttpAnswer, HttpFailure> + Send + Sync,
{
    fn get<'a>(
        &'a self,
        question: &'a HttpQuestion,
    ) -> BoxFuture<'a, Result<HttpAnswer, HttpFailure>> {
        Box::pin(async move { self(question) })
    }
}

/// No HTTP client: every check of HTTP fails and says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHttp;

impl HttpGet for NoHttp {
    fn get<'a>(&'a self, _: &'a HttpQuestion) -> BoxFuture<'a, Result<HttpAnswer, HttpFailure>> {
        Box::pin(async { Err("this program has no HTTP client".into()) })
    }
}

/// What is got.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpQuestion {
    /// The URL, as the operator wrote it.
    pub url: String,
    /// The headers, as the operator wrote them.
    pub headers: BTreeMap<String, String>,
    /// How much of the body is looked at, in bytes; of a longer one the rest is not needed.
    pub max_body: usize,
    /// How long it may take.
    pub timeout: Duration,
}

impl HttpQuestion {
    /// Creates a question without headers.
    #[must_use]
    pub fn new(url: impl Into<String>, max_body: usize, timeout: Duration) -> Self {
        Self { url: url.into(), headers: BTreeMap::new(), max_body, timeout }
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The body, or its beginning.
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// Creates an answer.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into() }
    }
}
