//! Responses: their fields, in the HTTP library's form and, where it cannot be asked, byte by byte.

use std::hash::{BuildHasher, RandomState};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use http::{HeaderValue, Response, StatusCode};
use wardkit_core::{Clock, Id, SystemClock};

use crate::body::Whole;
use crate::connection::Link;
use crate::problem::{self, Problem};

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    Text,
    Json,
    Problem,
    Metrics,
    OpenMetrics,
    Html,
    Css,
}

impl Media {
    const ALL: [Self; 7] = [
        Self::Text,
        Self::Json,
        Self::Problem,
        Self::Metrics,
        Self::OpenMetrics,
        Self::Html,
        Self::Css,
    ];

    const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Problem => "application/problem+json",
            Self::Metrics => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Css => "text/css; charset=utf-8",
        }
    }

    fn fields(self) -> HeaderMap {
        let mut fields = HeaderMap::with_capacity(SECURITY.len() + 2);
        for (name, value) in SECURITY {
            fields.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type()));
        fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        fields
    }
}

/// Makes responses. The fields of each kind are put together once: copying a map is cheaper than filling one.
#[derive(Debug)]
pub(crate) struct Replies {
    fields: [HeaderMap; Media::ALL.len()],
    ids: Ids,
}

impl Replies {
    pub(crate) fn new() -> Self {
        Self { fields: Media::ALL.map(Media::fields), ids: Ids::new() }
    }

    pub(crate) fn whole(
        &self,
        status: StatusCode,
        media: Media,
        data: impl Into<Bytes>,
        link: &Arc<Link>,
    ) -> Response<Whole> {
        let mut response = Response::new(Whole::new(data.into(), Arc::clone(link)));
        *response.status_mut() = status;
        *response.headers_mut() = self.fields[media as usize].clone();
        response
    }

    /// Returns the answer to a request that was done and leaves nothing to say.
    pub(crate) fn empty(&self, link: &Arc<Link>) -> Response<Whole> {
        let mut response = self.whole(StatusCode::NO_CONTENT, Media::Text, Bytes::new(), link);
        response.headers_mut().remove(CONTENT_TYPE);
        response
    }

    pub(crate) fn problem(&self, problem: &Problem, link: &Arc<Link>) -> Response<Whole> {
        let id = self.ids.next();
        log(problem, id);
        let (media, data) = problem.body(id);
        let mut response = self.whole(problem.status, media, data, link);
        let fields = response.headers_mut();
        if let Ok(id) = HeaderValue::try_from(id.to_string()) {
            fields.insert(REQUEST_ID, id);
        }
        if let Some(allow) =
            problem.allow.as_deref().map(HeaderValue::try_from).and_then(Result::ok)
        {
            fields.insert(ALLOW, allow);
        }
        if problem.status == StatusCode::UNAUTHORIZED {
            fields.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if problem.closes {
            fields.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// Returns the bytes of a problem for a client whose request the HTTP library never saw, or did not understand.
    pub(crate) fn raw_problem(&self, problem: &Problem) -> Vec<u8> {
        let id = self.ids.next();
        log(problem, id);
        let body = problem.to_json(id);
        let mut bytes = Vec::with_capacity(1024 + body.len());
        let mut field = |name: &str, value: &str| {
            // Writing to a Vec cannot fail.
            let _ = write!(bytes, "{name}: {value}\r\n");
        };
        for (name, value) in &self.fields[Media::Problem as usize] {
            field(name.as_str(), value.to_str().unwrap_or_default());
        }
        field(REQUEST_ID.as_str(), &id.to_string());
        if problem.status == StatusCode::SERVICE_UNAVAILABLE {
            field(RETRY_AFTER.as_str(), problem::RETRY_AFTER);
        }
        field("content-length", &body.len().to_string());
        field("date", &date());
        field("connection", "close");
        let mut message = format!("HTTP/1.1 {}\r\n", problem.status).into_bytes();
        message.append(&mut bytes);
        message.extend_from_slice(b"\r\n");
        message.extend_from_slice(&body);
        message
    }
}

/// Ids that tell requests apart; no secret depends on them.
#[derive(Debug)]
struct Ids {
    seed: RandomState,
    count: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        Self { seed: RandomState::new(), count: AtomicU64::new(0) }
    }

    fn next(&self) -> Id {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let high = u128::from(self.seed.hash_one((count, 0_u8)));
        let low = u128::from(self.seed.hash_one((count, 1_u8)));
        Id::new(SystemClock.now(), high << 64 | low)
    }
}

fn log(problem: &Problem, id: Id) {
    let (status, code) = (problem.status.as_u16(), problem.code());
    if let Some(cause) = &problem.cause {
        tracing::error!(request_id = %id, status, code, cause, "request failed");
    } else {
        // What clients do wrong, they can do often.
        tracing::debug!(request_id = %id, status, code, "request refused");
    }
}

fn date() -> String {
    let since_epoch = u64::try_from(SystemClock.now().as_unix_seconds()).unwrap_or(0);
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(since_epoch))
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// On every response, whatever it carries: a browser that is led here gets nothing to run, frame or share.
const SECURITY: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];
