//! The client: a request in, an answer or an error out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, Response, header};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;
use wardkit_core::{Clock, SystemClock, Transient};
use wardkit_retry::{Class, Classify, Http, Retry};
use wardkit_validation::{Accept, Credentials, Resolve, SafeUrl, SystemResolver};

use crate::connection::{Broken, Connection};
use crate::dial::Dialer;
use crate::pool::{Origin, Pool};
use crate::{Error, HttpClientConfig, HttpRequest, HttpResponse, LongBody, Phase};

/// Sends requests, keeps a few connections, and never goes where its policy does not let it.
///
/// It is cheap to clone; the clones share their connections.
///
/// ```
/// use wardkit_channels::{HttpClient, HttpClientConfig, HttpRequest};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let client = HttpClient::new(HttpClientConfig::default())?;
/// let refused = client.send(&HttpRequest::get("http://169.254.169.254/latest/meta-data/")).await;
/// assert_eq!(refused.unwrap_err().to_string(), "the URL of the request is refused");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HttpClient {
    shared: Arc<Shared>,
}

struct Shared {
    config: HttpClientConfig,
    dialer: Dialer,
    pool: Pool,
    clock: Arc<dyn Clock>,
}

impl HttpClient {
    /// Creates a client on the system's resolver and clock. It opens nothing yet.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] with everything that is wrong with the configuration.
    pub fn new(config: HttpClientConfig) -> Result<Self, Error> {
        Self::with_parts(config, Arc::new(SystemResolver), Arc::new(SystemClock))
    }

    /// Creates a client with a resolver of the caller's, which is called on blocking threads, and a clock by which
    /// idle connections age.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_parts(
        config: HttpClientConfig,
        resolver: Arc<dyn Resolve + Send + Sync>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let violations = config.violations();
        if !violations.is_empty() {
            return Err(Error::Config { violations });
        }
        let dialer = Dialer::new(&config, resolver);
        let pool = Pool::new(config.max_idle_per_host, config.max_idle, config.idle_timeout);
        Ok(Self { shared: Arc::new(Shared { config, dialer, pool, clock }) })
    }

    /// Sends a request, and again as the policy says while it fails in a way that passes. An answer with any status
    /// is an answer.
    ///
    /// Cancel-safe: dropping the future closes its connection; whether the request had an effect, nobody knows.
    ///
    /// # Errors
    ///
    /// What [`Error`] says.
    pub async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, Error> {
        let shared = &*self.shared;
        let url = shared.config.policy.accept(&request.url).map_err(Error::Url)?;
        let headers = request.all_headers(&shared.config.user_agent)?;
        let host = url.host_header().to_owned();
        let sending = shared.retry(request, url, headers);
        match request.timeout {
            None => sending.await,
            Some(limit) => timeout(limit, sending).await.unwrap_or(Err(Error::Timeout {
                host,
                phase: Phase::Whole,
                limit,
            })),
        }
    }
}

#[cfg(feature = "plugins")]
impl HttpClient {
    /// Sends a request once, over a connection of its own, to addresses that somebody else judged. The URL is theirs;
    /// neither the client's policy nor its resolver is asked.
    pub(crate) async fn send_to(
        &self,
        request: &HttpRequest,
        to: &wardkit_validation::Pinned,
        limit: Duration,
    ) -> Result<HttpResponse, Error> {
        let (shared, url) = (&*self.shared, to.url());
        let headers = request.all_headers(&shared.config.user_agent)?;
        let sending = async {
            let share = shared.config.connect_timeout.min(limit);
            let dialed = timeout(share, shared.dialer.dial_to(to, share)).await;
            let mut connection =
                dialed.unwrap_or_else(|_| Err(late(url, Phase::Connect, share)))?;
            let head = shared.head(&mut connection, request, url, &headers).await?;
            let (parts, mut body) = head.into_parts();
            let most = request.max_body.unwrap_or(shared.config.max_body);
            let body = shared.read(&mut connection, &mut body, most, request.long_body, url);
            let status = parts.status.as_u16();
            Ok(HttpResponse { status, headers: parts.headers, body: body.await? })
        };
        let sent = timeout(limit, sending).await;
        sent.unwrap_or_else(|_| Err(late(url, Phase::Whole, limit)))
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

impl Shared {
    async fn retry(
        &self,
        request: &HttpRequest,
        url: SafeUrl,
        headers: HeaderMap,
    ) -> Result<HttpResponse, Error> {
        if request.once {
            return self.follow(request, url, headers).await;
        }
        let policy = &self.config.retry;
        let host = url.host_header().to_owned();
        let limit = policy.attempt_timeout.or(policy.total_deadline).unwrap_or_default();
        let late = Error::Timeout { host, phase: Phase::Whole, limit };
        let retry = Retry::new(policy.clone(), request.idempotency.clone());
        let Ok(retry) = retry else {
            // Not reached: the policy was found sound when the client was made.
            return Err(Error::Config { violations: self.config.violations() });
        };
        let attempt = || self.follow(request, url.clone(), headers.clone());
        retry.with_classifier(ByAnswer).run(attempt).await.map_err(|gave_up| {
            let attempts = gave_up.attempts();
            let last = gave_up.into_last().unwrap_or(late);
            if attempts > 1 { Error::GaveUp { attempts, last: Box::new(last) } } else { last }
        })
    }

    async fn follow(
        &self,
        request: &HttpRequest,
        mut url: SafeUrl,
        mut headers: HeaderMap,
    ) -> Result<HttpResponse, Error> {
        loop {
            let (answer, addresses) = self.exchange(request, &url, &headers).await?;
            let location = answer.header("location").filter(|_| {
                request.follows && matches!(answer.status, 301 | 302 | 303 | 307 | 308)
            });
            let Some(location) = location else { return Ok(answer) };
            let policy = &self.config.policy;
            let pinned = url.pin_to(policy, addresses).map_err(Error::url)?;
            let redirect = pinned.redirect(policy, location).map_err(Error::url)?;
            if redirect.credentials != Credentials::Keep {
                headers = public(&headers);
            }
            url = redirect.url;
        }
    }

    /// One request and its answer.
    async fn exchange(
        &self,
        request: &HttpRequest,
        url: &SafeUrl,
        headers: &HeaderMap,
    ) -> Result<(HttpResponse, Vec<std::net::IpAddr>), Error> {
        let origin = Origin::of(url);
        // A server may close an idle connection just when the request is under way, and nobody knows whether it was
        // read: what must not happen twice gets a connection of its own.
        let may_repeat = request.idempotency.may_repeat();
        let kept = self.pool.take(&origin, self.clock.uptime()).filter(|_| may_repeat);
        if let Some(mut connection) = kept
            && connection.is_ready().await
        {
            match self.head(&mut connection, request, url, headers).await {
                Err(Error::Interrupted { .. }) => {}
                head => return self.answer(connection, origin, request, url, head?).await,
            }
        }
        // Shared by the host's addresses: a dead one must not use up the time of a request that has less of it.
        let limit = self.config.connect_timeout.min(request.timeout.unwrap_or(Duration::MAX));
        let dialed = timeout(limit, self.dialer.dial(url, limit)).await;
        let mut connection = dialed.unwrap_or_else(|_| Err(late(url, Phase::Connect, limit)))?;
        let head = self.head(&mut connection, request, url, headers).await?;
        self.answer(connection, origin, request, url, head).await
    }

    async fn head(
        &self,
        connection: &mut Connection,
        request: &HttpRequest,
        url: &SafeUrl,
        headers: &HeaderMap,
    ) -> Result<Response<Incoming>, Error> {
        let mut message = Request::new(Full::new(request.body.clone()));
        *message.method_mut() = request.method.clone();
        *message.headers_mut() = headers.clone();
        let malformed = |source: http::Error| Error::Malformed {
            host: url.host_header().to_owned(),
            source: source.into(),
        };
        *message.uri_mut() =
            url.path_and_query().parse().map_err(|error| malformed(http::Error::from(error)))?;
        let host = url.host_header().parse();
        let host = host.map_err(|error: header::InvalidHeaderValue| malformed(error.into()))?;
        message.headers_mut().insert(header::HOST, host);
        let limit = self.config.head_timeout;
        match timeout(limit, connection.send(message)).await {
            Ok(Ok(head)) => Ok(head),
            Ok(Err(Broken::Library(error))) => Err(broken(url, error)),
            Ok(Err(Broken::Endless)) => Err(Error::Malformed {
                host: url.host_header().to_owned(),
                source: "there is no end of announcements before the answer".into(),
            }),
            Err(_) => Err(late(url, Phase::Head, limit)),
        }
    }

    async fn answer(
        &self,
        mut connection: Connection,
        origin: Origin,
        request: &HttpRequest,
        url: &SafeUrl,
        head: Response<Incoming>,
    ) -> Result<(HttpResponse, Vec<std::net::IpAddr>), Error> {
        let (parts, mut body) = head.into_parts();
        let most = request.max_body.unwrap_or(usize::MAX).min(self.config.max_body);
        let limit = self.config.body_timeout;
        let reading = self.read(&mut connection, &mut body, most, request.long_body, url);
        let read = timeout(limit, reading).await;
        let body = read.unwrap_or_else(|_| Err(late(url, Phase::Body, limit)))?;
        let addresses = connection.addresses.clone();
        if connection.is_ready().await {
            self.pool.keep(origin, self.clock.uptime(), connection);
        }
        let status = parts.status.as_u16();
        Ok((HttpResponse { status, headers: parts.headers, body }, addresses))
    }

    async fn read(
        &self,
        connection: &mut Connection,
        body: &mut Incoming,
        most: usize,
        long_body: LongBody,
        url: &SafeUrl,
    ) -> Result<Bytes, Error> {
        let too_large = || Error::BodyTooLarge { host: url.host_header().to_owned(), limit: most };
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > most && long_body == LongBody::Refused {
            return Err(too_large());
        }
        let mut whole = BytesMut::new();
        while let Some(piece) = connection.piece(body).await {
            let piece = piece.map_err(|error| broken(url, error))?;
            let room = most - whole.len();
            if piece.len() > room {
                match long_body {
                    LongBody::Refused => return Err(too_large()),
                    LongBody::CutOff => {
                        whole.extend_from_slice(&piece[..room]);
                        break;
                    }
                }
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

fn broken(url: &SafeUrl, error: hyper::Error) -> Error {
    let host = url.host_header().to_owned();
    if error.is_parse() {
        Error::Malformed { host, source: error.into() }
    } else {
        Error::Interrupted { host, source: error.into() }
    }
}

/// Classifies answers by HTTP, and errors by what they know of themselves.
struct ByAnswer;

impl Classify<HttpResponse, Error> for ByAnswer {
    fn classify(&self, result: &Result<HttpResponse, Error>) -> Class {
        match result {
            Ok(answer) => Http::new().class(answer),
            Err(Error::Timeout { .. }) => Class::Timeout,
            Err(error) if error.is_transient() => Class::Transient,
            Err(_) => Class::Permanent,
        }
    }

    fn never_sent(&self, result: &Result<HttpResponse, Error>) -> bool {
        matches!(result, Err(error) if error.is_unsent())
    }
}

/// Returns the headers that may go to any host.
fn public(headers: &HeaderMap) -> HeaderMap {
    let secret = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];
    let kept =
        headers.iter().filter(|(name, value)| !value.is_sensitive() && !secret.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn late(url: &SafeUrl, phase: Phase, limit: Duration) -> Error {
    Error::Timeout { host: url.host_header().to_owned(), phase, limit }
}
