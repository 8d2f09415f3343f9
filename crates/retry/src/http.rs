//! What an HTTP response means.

use wardkit_core::{Clock, SystemClock, Transient};

use crate::{Class, Classify, retry_after};

/// What the classifier wants to know of a response: implement it for a type of your own, such as one that has read
/// the body. For a type of an HTTP client a closure around [`Http::class_of`] does without a wrapper.
pub trait HttpReply {
    /// Returns the status code.
    fn status(&self) -> u16;

    /// Returns the value of the header with this lower-case name.
    fn header(&self, name: &str) -> Option<&str>;

    /// Returns the body, if it has been read: it tells an empty purse from asking too often.
    fn body(&self) -> Option<&str> {
        None
    }
}

/// Classifies responses by status, headers and body, and errors by [`Transient`].
///
/// Its clock is read only for a `Retry-After` date in a response that has no `Date`, and for the end of a quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Http<K = SystemClock> {
    clock: K,
}

impl Http {
    /// Creates a classifier that reads the host's clock.
    #[must_use]
    pub const fn new() -> Self {
        Self { clock: SystemClock }
    }
}

impl<K: Clock> Http<K> {
    /// Creates a classifier that reads this clock.
    #[must_use]
    pub const fn with_clock(clock: K) -> Self {
        Self { clock }
    }

    /// Returns the class of a response.
    pub fn class(&self, reply: &impl HttpReply) -> Class {
        self.class_of(reply.status(), |name| reply.header(name), reply.body())
    }

    /// Returns the class of a response of which `header` finds a header by its lower-case name.
    ///
    /// ```
    /// # use std::collections::HashMap;
    /// # use std::time::Duration;
    /// use wardkit_retry::{Class, Http, Idempotency, Retry, RetryPolicy};
    ///
    /// // Of a client's own types, for which nobody else can implement a trait.
    /// struct Response { status: u16, headers: HashMap<String, String> }
    /// struct ClientError { is_connect: bool }
    ///
    /// let classify = |result: &Result<Response, ClientError>| match result {
    ///     Ok(reply) => {
    ///         let header = |name: &str| reply.headers.get(name).map(String::as_str);
    ///         Http::new().class_of(reply.status, header, None)
    ///     }
    ///     Err(error) if error.is_connect => Class::Transient,
    ///     Err(_) => Class::Permanent,
    /// };
    /// let headers = HashMap::from([("retry-after".to_owned(), "7".to_owned())]);
    /// let busy = classify(&Ok(Response { status: 429, headers }));
    /// assert_eq!(busy, Class::Throttled { after: Some(Duration::from_secs(7)) });
    /// let retry = Retry::new(RetryPolicy::http(), Idempotency::Safe)?.with_classifier(classify);
    /// # Ok::<(), wardkit_retry::Error>(())
    /// ```
    pub fn class_of<'h>(
        &self,
        status: u16,
        header: impl Fn(&str) -> Option<&'h str>,
        body: Option<&str>,
    ) -> Class {
        let after = || retry_after(&header, || self.clock.now());
        let exhausted = || Class::QuotaExhausted {
            until: after().map(|after| self.clock.now().saturating_add(after)),
        };
        match status {
            100..400 => Class::Success,
            402 => exhausted(),
            400 | 403 | 429 if says(body, OUT_OF_CREDIT) => exhausted(),
            // A limit per minute is called a quota too, but says so or comes with the time to wait.
            429 if says(body, &["quota"]) && !says(body, PER_MINUTE) && after().is_none() => {
                exhausted()
            }
            429 => Class::Throttled { after: after() },
            503 | 529 => Class::Overloaded { after: after() },
            408 | 504 | 524 => Class::Timeout,
            // 520 to 523 are a proxy's words for an origin that did not answer properly.
            425 | 500 | 502 | 520..524 => Class::Transient,
            _ => Class::Permanent,
        }
    }
}

impl<T: HttpReply, E: Transient, K: Clock> Classify<T, E> for Http<K> {
    #[inline]
    fn classify(&self, result: &Result<T, E>) -> Class {
        match result {
            Ok(reply) => self.class(reply),
            Err(error) if error.is_transient() => Class::Transient,
            Err(_) => Class::Permanent,
        }
    }
}

/// Returns whether the beginning of the body has one of the words, in any case.
fn says(body: Option<&str>, words: &[&str]) -> bool {
    let body = body.unwrap_or_default().as_bytes();
    let beginning = &body[..body.len().min(LONGEST_SEARCH)];
    words.iter().any(|word| {
        beginning.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
    })
}

/// How the services that bill by use say that nothing is left.
const OUT_OF_CREDIT: &[&str] = &[
    "spend_limit",
    "spending limit",
    "spend limit",
    "credit_balance",
    "credit balance",
    "insufficient_quota",
    "insufficient_credit",
    "insufficient_balance",
    "insufficient balance",
    "billing_hard_limit",
    "billing_not_active",
    "quota_exhausted",
    "daily_quota",
    "daily quota",
    "perday",
    "per day",
];
const PER_MINUTE: &[&str] = &["perminute", "per minute", "per_minute"];
/// An error's code stands at its beginning; a hostile body must not cost time.
const LONGEST_SEARCH: usize = 4_096;
