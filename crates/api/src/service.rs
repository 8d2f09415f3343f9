//! Requests: checked, answered and counted.

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;
use wardkit_core::{Clock, SystemClock};
use wardkit_validation::Untrusted;

use crate::body::Whole;
use crate::connection::Link;
use crate::hosts::Hosts;
use crate::phase::Phase;
use crate::problem::Problem;
use crate::reply::Media;
use crate::routes::{Route, View};
use crate::site::{Site, to_json};
use crate::{Asked, BoxFuture};

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
        if body.size_hint().lower() > site.limits.max_body as u64 {
            return Err(Problem::body_too_large());
        }
        let route = Route::find(site.door, &head.method, Untrusted::new(head.uri.path()))?;
        self.asked(Asked::For(route.label()));
        Ok(route)
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
            Err(problem) => return Answer::now(self.refuse(&problem)),
        };
        match route {
            Route::View(view) if body.is_end_stream() => {
                let response = show(&self.site, &self.link, view);
                count(&self.site, route, started, &response);
                Answer::now(response)
            }
            _ => {
                let (site, link) = (Arc::clone(&self.site), Arc::clone(&self.link));
                // What a command makes happen is logged as the command's.
                let span = tracing::info_span!("request", route = route.label());
                let answered = async move {
                    let response = wait(&site, &link, route, body).await;
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

fn show(site: &Site, link: &Arc<Link>, view: View) -> Response<Whole> {
    match catch_unwind(AssertUnwindSafe(|| site.show(view))) {
        Ok(shown) => site.replies.whole(shown.status, shown.media, shown.data, link),
        Err(panic) => site.replies.problem(&Problem::internal(panic.as_ref()), link),
    }
}

/// Answers a request that has a body, or whose answer takes its time.
async fn wait(site: &Site, link: &Arc<Link>, route: Route, body: Incoming) -> Response<Whole> {
    let deadline = Instant::now() + site.limits.deadline;
    link.phase.continue_as(Phase::Body);
    let problem = match timeout_at(deadline, discard(body, site.limits.max_body)).await {
        Ok(Ok(())) => None,
        Ok(Err(problem)) => Some(problem),
        Err(_) => Some(Problem::too_slow()),
    };
    link.phase.continue_as(Phase::Busy);
    if let Some(problem) = problem {
        return site.replies.problem(&problem, link);
    }
    match route {
        Route::View(view) => show(site, link, view),
        Route::Reload => reload(site, link, deadline).await,
    }
}

/// Reads a body to its end: none of the routes takes one, but the next request begins behind it.
async fn discard(mut body: Incoming, most: usize) -> Result<(), Problem> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::malformed())?;
        length += frame.data_ref().map_or(0, bytes::Bytes::len);
        if length > most {
            return Err(Problem::body_too_large());
        }
    }
    Ok(())
}

async fn reload(site: &Site, link: &Arc<Link>, deadline: Instant) -> Response<Whole> {
    let problem =
        match timeout_at(deadline, caught(Box::pin(async { site.daemon.reload().await }))).await {
            Ok(Ok(Ok(reloaded))) => {
                return site.replies.whole(StatusCode::OK, Media::Json, to_json(&reloaded), link);
            }
            Ok(Ok(Err(refused))) => Problem::reload_refused(refused.errors),
            Ok(Err(panic)) => Problem::internal(panic.as_ref()),
            Err(_) => Problem::handler_too_slow(),
        };
    site.replies.problem(&problem, link)
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
