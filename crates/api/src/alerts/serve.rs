//! Requests about alerts, answered.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use tokio::time::Instant;
use wardkit_core::{Clock as _, SystemClock};

use super::read::{Unread, read};
use super::{AckStep, Refused, page};
use crate::body::Whole;
use crate::connection::Link;
use crate::problem::{Form, Problem};
use crate::reply::Media;
use crate::routes::AlertsRoute;
use crate::service::in_time;
use crate::site::Site;

/// Answers a request whose body has been read.
///
/// # Errors
///
/// Returns why it is not answered as asked.
pub(crate) async fn serve(
    site: &Site,
    link: &Arc<Link>,
    route: AlertsRoute,
    head: &Parts,
    body: &[u8],
    deadline: Instant,
) -> Result<Response<Whole>, Problem> {
    let form = form(route);
    let path = head.uri.path();
    let answered = match route {
        AlertsRoute::AckPage => acknowledge(site, path, AckStep::Look, deadline).await,
        AlertsRoute::Ack => acknowledge(site, path, AckStep::Acknowledge, deadline).await,
        _ => call(site, link, route, head, body, deadline).await,
    };
    match answered {
        Ok((media, data)) => Ok(site.replies.whole(StatusCode::OK, media, data, link)),
        // A document that could not be read has said so in its own form.
        Err(problem) if matches!(problem.form, Form::Coded(_)) => Err(problem),
        Err(problem) => Err(problem.in_form(form)),
    }
}

/// Returns how a refusal is told: as what asks expects it.
const fn form(route: AlertsRoute) -> Form {
    match route {
        AlertsRoute::AckPage | AlertsRoute::Ack => Form::Page,
        AlertsRoute::Command => Form::Details,
        _ => Form::Text,
    }
}

async fn call(
    site: &Site,
    link: &Link,
    route: AlertsRoute,
    head: &Parts,
    body: &[u8],
    deadline: Instant,
) -> Result<(Media, Bytes), Problem> {
    let refused = |reason| Problem::from(Refused::Bad(reason));
    let now = SystemClock.now();
    let asked = read(route, head.uri.path(), head.uri.query(), body, now);
    let asked = asked.map_err(|unread| match unread {
        Unread::Parameter(reason) => refused(reason),
        Unread::Document(reason) if route == AlertsRoute::Command => refused(reason),
        Unread::Document(reason) => {
            let status = StatusCode::BAD_REQUEST;
            Problem::unread(status, status.as_u16(), reason)
        }
        Unread::Field(number, reason) => {
            Problem::unread(StatusCode::UNPROCESSABLE_ENTITY, number, reason)
        }
    })?;
    let answer = Box::pin(async { site.daemon.alerts(link.caller, asked.call).await });
    let answer = in_time(deadline, answer, Problem::from).await?;
    if asked.errors.is_empty() {
        Ok((Media::Json, answer.0.into()))
    } else {
        Err(refused(asked.errors.join("; ")))
    }
}

async fn acknowledge(
    site: &Site,
    path: &str,
    step: AckStep,
    deadline: Instant,
) -> Result<(Media, Bytes), Problem> {
    let token = path.rsplit('/').next().unwrap_or_default().to_owned();
    let view = Box::pin(async { site.daemon.acknowledge(token, step).await });
    let view = in_time(deadline, view, Problem::from).await?;
    Ok((Media::Html, page::render(&site.program, &view, step, SystemClock.now()).into()))
}
