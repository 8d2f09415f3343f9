//! Requests: checked, answered and counted.

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;
use wardkit_core::{Clock, SystemClock};
use wardkit_validation::Untrusted;

use crate::alerts;
use crate::body::Whole;
use crate::connection::Link;
use crate::hosts::Hosts;
use crate::params;
use crate::phase::Phase;
use crate::problem::Problem;
use crate::reply::Media;
use crate::routes::{Reads, Route, View, endpoint_of, plugin_of};
use crate::site::{Site, to_json};
use crate::{Asked, BoxFuture, EndpointCall, PluginRefused, WriteRefused};

/// Answers the requests of one connection.
pub(crate) struct Service {
    site: Arc<Site>,
    link: Arc<Link>,
}

impl Service {
    pub(crate) fn new(site: Arc<Site>, link: Arc<Link>) -> Self {
        Self { site, link }
    }

    /// Checks what can be known from a request's head.
    fn check(&self, head: &Parts, body: &Incoming) -> Result<Route, Problem> {
        let site = &self.site;
        if !self.link.welcome {
            self.asked(Asked::Refused);
            return Err(Problem::forbidden());
        }
        if target_length(&head.uri) > site.limits.max_uri {
            return Err(Problem::target_too_long());
        }
        if let Some(hosts) = &site.hosts {
            check_host(hosts, &head.headers, &head.uri)?;
        }
        let route = Route::find(site.door, &head.method, Untrusted::new(head.uri.path()));
        let reads = route.as_ref().map_or(Reads::Nothing, |route| route.reads());
        if body.size_hint().lower() > site.limits.most(reads) as u64 {
            return Err(Problem::body_too_large());
        }
        let route = route?;
        if route.writes() {
            self.judge(route, head)?;
        }
        check_media(reads, &head.headers)?;
        match route {
            // What programs ask and bring all day would drown the commands on an audit trail; who changes something
            // about alerts or services, the program itself puts on it.
            Route::Ingest
            | Route::Ask(_)
            | Route::Alerts(_)
            | Route::Services
            | Route::Plugin
            | Route::Endpoint => {}
            Route::View(_) | Route::Reload | Route::Stop(_) => {
                self.asked(Asked::For(route.label()));
            }
        }
        Ok(route)
    }

    /// Lets in who may write; and to the addresses of plugins that are open, whoever brings no token at all.
    fn judge(&self, route: Route, head: &Parts) -> Result<(), Problem> {
        let Err(why) = self.site.guard.judge(&head.headers) else { return Ok(()) };
        let brings_none = matches!(why, WriteRefused::NoToken | WriteRefused::Closed);
        let is_open = || {
            let named = endpoint_of(head.uri.path());
            named.is_some_and(|(id, path)| self.site.daemon.opens_endpoint(id, path))
        };
        if route == Route::Endpoint && brings_none && is_open() {
            return Ok(());
        }
        Err(self.bar(why))
    }

    /// Counts and tells that a request may not write.
    fn bar(&self, why: WriteRefused) -> Problem {
        self.site.metrics.barred(why);
        self.site.daemon.write_refused(why);
        Problem::write_refused(why)
    }

    /// Tells the program who asks, where that is known.
    fn asked(&self, what: Asked) {
        if let Some(caller) = self.link.caller {
            self.site.daemon.asked(caller, what);
        }
    }

    fn refuse(&self, problem: &Problem) -> Response<Whole> {
        self.site.metrics.answered(None, problem.status);
        self.site.replies.problem(problem, &self.link)
    }
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<Whole>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        let started = SystemClock.uptime();
        self.link.enter(Phase::Busy);
        let (head, body) = request.into_parts();
        let route = match self.check(&head, &body) {
            Ok(route) => route,
            Err(problem) => {
                return Answer::now(self.refuse(&problem.for_path(head.uri.path())));
            }
        };
        match route {
            Route::View(view) if body.is_end_stream() => {
                let response = show(&self.site, &self.link, view, &head.headers);
                count(&self.site, route, started, &response);
                Answer::now(response)
            }
            _ => {
                let (site, link) = (Arc::clone(&self.site), Arc::clone(&self.link));
                // What a command makes happen is logged as the command's.
                let span = tracing::info_span!("request", route = route.label());
                let answered = async move {
                    let response = wait(&site, &link, route, &head, body).await;
                    count(&site, route, started, &response);
                    response
                };
                Answer::Waiting(Box::pin(answered.instrument(span)))
            }
        }
    }
}

/// A response, or what it waits for: a body, or the daemon.
pub(crate) enum Answer {
    Ready(Ready<Result<Response<Whole>, Infallible>>),
    Waiting(BoxFuture<'static, Response<Whole>>),
}

impl Answer {
    fn now(response: Response<Whole>) -> Self {
        Self::Ready(ready(Ok(response)))
    }
}

impl Future for Answer {
    type Output = Result<Response<Whole>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Ready(response) => Pin::new(response).poll(cx),
            Self::Waiting(response) => response.as_mut().poll(cx).map(Ok),
        }
    }
}

/// Checks every place where a request names a host.
fn check_host(hosts: &Hosts, fields: &HeaderMap, target: &Uri) -> Result<(), Problem> {
    let mut named = fields.get_all(HOST).iter();
    let (Some(host), None) = (named.next(), named.next()) else {
        return Err(Problem::host_field());
    };
    if host.is_empty() {
        return Err(Problem::host_field());
    }
    let allow = |name: &str| Untrusted::new(name).validate_for(hosts).is_ok();
    let own = host.to_str().is_ok_and(allow)
        && target.authority().is_none_or(|authority| allow(authority.as_str()));
    if own { Ok(()) } else { Err(Problem::foreign_host()) }
}

fn target_length(target: &Uri) -> usize {
    let origin = target.path_and_query().map_or(0, |path| path.as_str().len());
    let scheme = target.scheme_str().map_or(0, |scheme| scheme.len() + "://".len());
    origin + scheme + target.authority().map_or(0, |authority| authority.as_str().len())
}

/// Checks that a body says of itself what it should be, or says nothing.
fn check_media(reads: Reads, fields: &HeaderMap) -> Result<(), Problem> {
    let taken: &[&str] = match reads {
        Reads::Nothing => return Ok(()),
        Reads::Metrics => &METRICS,
        Reads::Alerts | Reads::Json | Reads::Input => &JSON,
    };
    let text = |name| fields.get(name).map(|value| value.to_str().unwrap_or("?"));
    let media = text(CONTENT_TYPE).and_then(|value| value.split(';').next()).map(str::trim);
    let is_text = media.is_none_or(|media| taken.iter().any(|one| media.eq_ignore_ascii_case(one)));
    let is_plain = text(CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
    if is_text && is_plain { Ok(()) } else { Err(Problem::media_type(reads)) }
}

fn show(site: &Site, link: &Arc<Link>, view: View, fields: &HeaderMap) -> Response<Whole> {
    match catch_unwind(AssertUnwindSafe(|| site.show(view, fields))) {
        Ok(Ok(shown)) => site.replies.whole(shown.status, shown.media, shown.data, link),
        Ok(Err(problem)) => site.replies.problem(&problem, link),
        Err(panic) => site.replies.problem(&Problem::internal(panic.as_ref()), link),
    }
}

/// Answers a request that has a body, or whose answer takes its time.
async fn wait(
    site: &Site,
    link: &Arc<Link>,
    route: Route,
    head: &Parts,
    body: Incoming,
) -> Response<Whole> {
    let deadline = Instant::now() + site.limits.deadline;
    link.phase.continue_as(Phase::Body);
    let (bytes, _place) = match timeout_at(deadline, take(site, route, body)).await {
        Ok(Ok(taken)) => taken,
        Ok(Err(problem)) => return fail(site, link, &problem.for_path(head.uri.path())),
        Err(_) => return fail(site, link, &Problem::too_slow().for_path(head.uri.path())),
    };
    link.phase.continue_as(Phase::Busy);
    let (media, document) = match route {
        Route::View(view) => return show(site, link, view, &head.headers),
        Route::Ingest => {
            let ingested = Box::pin(async { site.daemon.ingest(bytes).await });
            match in_time(deadline, ingested, Problem::from).await {
                Ok(()) => return site.replies.empty(link),
                Err(problem) => return fail(site, link, &problem),
            }
        }
        Route::Ask(ask) => {
            let question = match params::read(ask, head.uri.query()) {
                Ok(question) => question,
                Err(reason) => return fail(site, link, &Problem::bad_question(reason)),
            };
            let answer = Box::pin(async { site.daemon.answer(question).await });
            match in_time(deadline, answer, Problem::from).await {
                Ok(answer) => (Media::Json, answer.0),
                Err(problem) => return fail(site, link, &problem),
            }
        }
        Route::Reload => {
            let reloaded = Box::pin(async { site.daemon.reload().await });
            match in_time(deadline, reloaded, Problem::from).await {
                Ok(reloaded) => (Media::Json, to_json(&reloaded)),
                Err(problem) => return fail(site, link, &problem),
            }
        }
        Route::Services => match serve_services(site, link, &bytes, deadline).await {
            Ok(answer) => (Media::Json, answer.0),
            Err(problem) => return fail(site, link, &problem),
        },
        Route::Plugin | Route::Endpoint => {
            match call_plugin(site, link, route, head, bytes, deadline).await {
                Ok(answer) => (Media::Json, answer.0),
                Err(problem) => return fail(site, link, &problem),
            }
        }
        Route::Stop(fate) => {
            let stopped = Box::pin(async { site.daemon.stop(fate).await });
            match in_time(deadline, stopped, Problem::from).await {
                Ok(()) => (Media::Json, b"null\n".to_vec()),
                Err(problem) => return fail(site, link, &problem),
            }
        }
        Route::Alerts(alerts) => {
            let answered = alerts::serve(site, link, alerts, head, &bytes, deadline).await;
            return answered.unwrap_or_else(|problem| fail(site, link, &problem));
        }
    };
    site.replies.whole(StatusCode::OK, media, document, link)
}

async fn serve_services(
    site: &Site,
    link: &Link,
    body: &[u8],
    deadline: Instant,
) -> Result<crate::Answer, Problem> {
    let command = serde_json::from_slice(body)
        .map_err(|error| Problem::bad_command(format!("no command: {error}")))?;
    let answer = Box::pin(async { site.daemon.services(link.caller, command).await });
    in_time(deadline, answer, Problem::from).await
}

async fn call_plugin(
    site: &Site,
    link: &Link,
    route: Route,
    head: &Parts,
    input: Vec<u8>,
    deadline: Instant,
) -> Result<crate::Answer, Problem> {
    if route == Route::Endpoint {
        let call = endpoint_call(site, head, input)?;
        let answer = Box::pin(async { site.daemon.call_endpoint(link.caller, call).await });
        return in_time(deadline, answer, Problem::from).await;
    }
    let id = plugin_of(head.uri.path()).to_owned();
    let answer = Box::pin(async { site.daemon.call_plugin(link.caller, id, input).await });
    in_time(deadline, answer, Problem::from).await
}

fn endpoint_call(site: &Site, head: &Parts, body: Vec<u8>) -> Result<EndpointCall, Problem> {
    let (id, path) = endpoint_of(head.uri.path()).ok_or_else(Problem::not_found)?;
    let query = params::pairs(head.uri.query()).map_err(PluginRefused::BadInput)?;
    Ok(EndpointCall {
        id: id.to_owned(),
        path: path.to_owned(),
        method: head.method.as_str().to_owned(),
        query,
        body,
        is_trusted: site.guard.judge(&head.headers).is_ok(),
    })
}

fn fail(site: &Site, link: &Arc<Link>, problem: &Problem) -> Response<Whole> {
    link.phase.continue_as(Phase::Busy);
    site.replies.problem(problem, link)
}

/// A body, and the place among those that are held at a time.
type Taken<'s> = (Vec<u8>, Option<SemaphorePermit<'s>>);

/// Reads a body to its end, and keeps it where the route takes one: the next request begins behind it.
async fn take(site: &Site, route: Route, mut body: Incoming) -> Result<Taken<'_>, Problem> {
    let reads = route.reads();
    let most = site.limits.most(reads);
    // Nobody closes the semaphores.
    let place = match reads {
        Reads::Metrics => site.bodies.acquire().await.ok(),
        Reads::Alerts => site.alert_bodies.acquire().await.ok(),
        Reads::Input => site.inputs.acquire().await.ok(),
        Reads::Nothing | Reads::Json => None,
    };
    let (mut length, mut kept) = (0, Vec::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::malformed())?;
        let Some(data) = frame.data_ref() else { continue };
        length += data.len();
        if length > most {
            return Err(Problem::body_too_large());
        }
        if reads != Reads::Nothing {
            kept.extend_from_slice(data);
        }
    }
    Ok((kept, place))
}

/// Waits for the daemon, at most until the deadline, and through a panic of its.
pub(crate) async fn in_time<T, E>(
    deadline: Instant,
    answer: BoxFuture<'_, Result<T, E>>,
    refused: impl FnOnce(E) -> Problem,
) -> Result<T, Problem> {
    match timeout_at(deadline, caught(answer)).await {
        Ok(Ok(outcome)) => outcome.map_err(refused),
        Ok(Err(panic)) => Err(Problem::internal(panic.as_ref())),
        Err(_) => Err(Problem::handler_too_slow()),
    }
}

/// Returns the future's output, or what it panicked with.
async fn caught<T>(mut future: BoxFuture<'_, T>) -> thread::Result<T> {
    poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)))
            .map_or_else(|panic| Poll::Ready(Err(panic)), |poll| poll.map(Ok))
    })
    .await
}

fn count(site: &Site, route: Route, started: Duration, response: &Response<Whole>) {
    site.metrics.answered(Some(route), response.status());
    site.metrics.took(SystemClock.uptime().saturating_sub(started));
}

/// What a body of metrics may call itself. The third is what curl says of any body.
const METRICS: [&str; 4] = [
    "text/plain",
    "application/openmetrics-text",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
];
/// Alertmanager takes nothing else either, and no page of somebody else can post it unasked.
const JSON: [&str; 1] = ["application/json"];
