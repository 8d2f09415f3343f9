//! What all channels over HTTP have in common.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use wardkit_alerting::receiver::{ChannelConfig, SecretSource};
use wardkit_alerting::{BoxFuture, Capabilities, Channel, Delivery, Outcome, Violation};
use wardkit_core::{Clock, Secret, Transient as _};
use wardkit_retry::{Idempotency, RetryPolicy, retry_after};

use super::NotifyOptions;
use super::markup::{Limit, one_line};
use super::words::Told;
use crate::{
    Error, HttpClient, HttpClientConfig, HttpRequest, HttpResponse, LongBody, endpoint_policy,
};

/// What tells one vendor from another: what is asked, and what its answers mean beyond their status.
pub(crate) trait Vendor: Send + Sync {
    /// Returns the requests that would tell it; the next is tried when one is refused for good.
    fn requests(&self, told: Told<'_>) -> Result<Vec<HttpRequest>, Error>;

    /// Returns what an answer means, where its status does not say it.
    fn outcome(&self, _answer: &Answer<'_>) -> Option<Outcome> {
        None
    }

    /// Returns whether an answer of success names what was sent, so that it can be changed later.
    fn edits(&self) -> bool {
        false
    }

    /// Returns how many may be under way at a time: as many as a vendor takes from one customer without a thought.
    fn parallel(&self) -> usize {
        4
    }
}

/// An answer, and its body if that is JSON.
pub(crate) struct Answer<'a> {
    pub(crate) response: &'a HttpResponse,
    pub(crate) json: Option<Value>,
}

impl Answer<'_> {
    pub(crate) fn text(&self, pointer: &str) -> Option<&str> {
        self.json.as_ref()?.pointer(pointer)?.as_str()
    }
}

/// A channel over HTTP.
pub(crate) struct HttpChannel<V> {
    vendor: V,
    client: HttpClient,
    capabilities: Capabilities,
    external_url: String,
    secrets: Vec<Secret<String>>,
    clock: Arc<dyn Clock>,
}

impl<V: Vendor> HttpChannel<V> {
    /// Creates a channel that reaches the host of `url` and no other.
    pub(crate) fn new(
        vendor: V,
        url: (&'static str, &str),
        secrets: &[&SecretSource],
        config: &ChannelConfig,
        options: &NotifyOptions,
    ) -> Result<Self, Vec<Violation>> {
        let mut capabilities = Capabilities::default();
        capabilities.parallel = config.parallel.unwrap_or(vendor.parallel());
        capabilities.timeout = config.timeout;
        capabilities.edits = vendor.edits();
        let wrong = |reason: String| vec![Violation::new(url.0, reason)];
        let client =
            client(url.1, capabilities.parallel, config.timeout, options).map_err(wrong)?;
        let channel = Self {
            vendor,
            client,
            capabilities,
            external_url: options.external_url.clone(),
            secrets: masked(url.1, secrets),
            clock: Arc::clone(&options.clock),
        };
        // What is wrong with a header is found now.
        let trial = super::trial::trial_delivery();
        let told = Told { delivery: &trial, external_url: &options.external_url };
        let found = channel.vendor.requests(told);
        found.map_err(|error| vec![Violation::new(header_key(&error), channel.reason(&error))])?;
        Ok(channel)
    }

    async fn attempt(&self, request: HttpRequest) -> Outcome {
        let request = request
            .once()
            .with_timeout(self.capabilities.timeout)
            .with_max_body(LONGEST_ANSWER, LongBody::CutOff);
        match self.client.send(&request).await {
            Ok(response) => self.judge(&response),
            Err(error) => {
                let reason = self.reason(&error);
                if error.is_transient() || matches!(error, Error::Malformed { .. }) {
                    Outcome::Retry { after: None, reason }
                } else {
                    Outcome::Permanent { reason }
                }
            }
        }
    }

    fn judge(&self, response: &HttpResponse) -> Outcome {
        let answer = Answer { response, json: serde_json::from_slice(response.body()).ok() };
        let outcome = self.vendor.outcome(&answer).unwrap_or_else(|| by_status(&answer));
        match outcome {
            Outcome::Retry { after, reason } => {
                let after = after
                    .or_else(|| retry_after(|name| response.header(name), || self.clock.now()));
                let after = after.map(|wait| wait.min(LONGEST_WAIT));
                Outcome::Retry { after, reason: self.mask(&reason) }
            }
            Outcome::Permanent { reason } => Outcome::Permanent { reason: self.mask(&reason) },
            sent => sent,
        }
    }

    fn reason(&self, error: &Error) -> String {
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            reason = format!("{reason}: {cause}");
            source = cause.source();
        }
        self.mask(&reason)
    }

    fn mask(&self, reason: &str) -> String {
        let mut reason = reason.to_owned();
        for secret in &self.secrets {
            reason = reason.replace(secret.expose(), "***");
        }
        REASON.cut(&one_line(&reason)).into_owned()
    }
}

impl<V: Vendor> Channel for HttpChannel<V> {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn send<'a>(&'a self, delivery: &'a Delivery) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let told = Told { delivery, external_url: &self.external_url };
            let requests = match self.vendor.requests(told) {
                Ok(requests) => requests,
                Err(error) => return Outcome::Permanent { reason: self.reason(&error) },
            };
            let mut last = Outcome::Permanent { reason: "there is nothing to send".to_owned() };
            for request in requests {
                last = self.attempt(request).await;
                if !matches!(last, Outcome::Permanent { .. }) {
                    break;
                }
            }
            last
        })
    }
}

/// A request that posts JSON, with the notification's key as `Idempotency-Key`.
pub(crate) fn post_json(url: &str, told: Told<'_>, body: &Value) -> Result<HttpRequest, Error> {
    post(url, told, body.to_string()).with_header("content-type", "application/json")
}

/// A request that posts a body, with the notification's key as `Idempotency-Key`.
pub(crate) fn post(url: &str, told: Told<'_>, body: impl Into<Vec<u8>>) -> HttpRequest {
    let key = Idempotency::Key(told.notification().key.as_str().to_owned());
    HttpRequest::post(url, body, key)
}

/// Returns the value of a secret that was looked up, or what is missing.
pub(crate) fn value(key: &str, secret: &SecretSource) -> Result<Secret<String>, Vec<Violation>> {
    let missing = || vec![Violation::new(key, "has no value: its reference was not looked up")];
    secret.value().cloned().ok_or_else(missing)
}

/// Returns `Authorization` for basic authentication.
pub(crate) fn basic(user: &str, password: &str) -> Secret<String> {
    use base64ct::Encoding as _;
    let pair = base64ct::Base64::encode_string(format!("{user}:{password}").as_bytes());
    Secret::new(format!("Basic {pair}"))
}

pub(crate) fn bearer(token: &Secret<String>) -> Secret<String> {
    Secret::new(format!("Bearer {}", token.expose()))
}

/// Returns a configured address or, where there is none, the vendor's own, without a slash at the end.
pub(crate) fn or_own<'a>(configured: &'a str, own: &'a str) -> &'a str {
    let url = if configured.is_empty() { own } else { configured };
    url.trim_end_matches('/')
}

pub(crate) fn sent(receipt: Option<String>) -> Outcome {
    Outcome::Sent { receipt: receipt.filter(|text| text.len() <= LONGEST_RECEIPT) }
}

/// Returns a wait that an answer's body names in seconds.
pub(crate) fn seconds(value: Option<&Value>) -> Option<Duration> {
    Duration::try_from_secs_f64(value?.as_f64()?).ok()
}

/// Returns what the status of an answer means.
pub(crate) fn by_status(answer: &Answer<'_>) -> Outcome {
    let status = answer.response.status();
    let said = SAID.iter().find_map(|pointer| answer.text(pointer));
    let said = said.map(|said| format!(": {}", WORDS.cut(&one_line(said)))).unwrap_or_default();
    let reason = format!("it answered {status}{said}");
    match status {
        200..300 => sent(None),
        408 | 425 | 429 | 500..600 => Outcome::Retry { after: None, reason },
        300..400 => Outcome::Permanent { reason: format!("{reason}: redirects are not followed") },
        _ => Outcome::Permanent { reason },
    }
}

pub(crate) fn client(
    url: &str,
    parallel: usize,
    timeout: Duration,
    options: &NotifyOptions,
) -> Result<HttpClient, String> {
    let refused = "must be http:// or https:// with a host and without a user";
    let config = HttpClientConfig {
        policy: endpoint_policy([url]).map_err(|_| refused.to_owned())?,
        retry: RetryPolicy::never(),
        head_timeout: timeout,
        body_timeout: timeout,
        max_idle_per_host: parallel,
        max_idle: parallel,
        ca_file: options.ca_file.clone(),
        user_agent: options.user_agent.clone(),
        ..HttpClientConfig::default()
    };
    HttpClient::new(config).map_err(|error| error.to_string())
}

/// Returns what must not be seen in a reason: the secrets, and the parts of a URL's path and query that may be some.
fn masked(url: &str, secrets: &[&SecretSource]) -> Vec<Secret<String>> {
    let mut found: Vec<_> = secrets.iter().filter_map(|secret| secret.value().cloned()).collect();
    if let Ok(url) = url::Url::parse(url) {
        let parts = url.path().split('/').chain(url.query().unwrap_or_default().split(['&', '=']));
        found.extend(parts.map(|part| Secret::new(part.to_owned())));
    }
    found.retain(|secret| secret.expose().len() >= SHORTEST_SECRET);
    // The longest first: one may be part of another.
    found.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
    found
}

fn header_key(error: &Error) -> String {
    match error {
        Error::Header { name, .. } => format!("headers.{name}"),
        _ => "url".to_owned(),
    }
}

/// Vendors answer with a line.
const LONGEST_ANSWER: usize = 64 * 1024;
const LONGEST_RECEIPT: usize = 256;
/// Longer than any notification is worth sending.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// Shorter ones are words such as `api`.
const SHORTEST_SECRET: usize = 8;
const REASON: Limit = Limit::characters(300);
const WORDS: Limit = Limit::characters(120);
/// Where vendors say in words what is wrong.
const SAID: [&str; 5] = ["/description", "/message", "/error", "/errors/0", "/title"];
