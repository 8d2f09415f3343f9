//! What a client is told when it does not get what it asked for: RFC 9457 problem details.

use std::any::Any;

use http::StatusCode;
use serde::Serialize;
use wardkit_core::Id;

use crate::{IngestRefused, QuestionRefused, ReloadRefused, WriteRefused};

/// Why a request is not answered as asked.
///
/// `code` is stable and for programs, `detail` is for people. Neither says anything about the inside.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    code: &'static str,
    detail: &'static str,
    errors: Vec<String>,
    /// What the log says and the client does not learn.
    pub(crate) cause: Option<String>,
    /// The methods that the resource has, for 405.
    pub(crate) allow: Option<&'static str>,
    /// Whether nothing more is read from the connection, because the rest of the request is unknown or unwanted.
    pub(crate) closes: bool,
}

/// Seconds after which a client that was refused for lack of room may try again.
pub(crate) const RETRY_AFTER: &str = "1";

impl Problem {
    const fn new(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self { status, code, detail, errors: Vec::new(), cause: None, allow: None, closes: false }
    }

    const fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    pub(crate) const fn malformed() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "malformed-request",
            "The request is not valid HTTP/1.1.",
        )
        .closing()
    }

    pub(crate) const fn host_field() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "host-field",
            "A request carries exactly one Host field, and it is not empty.",
        )
        .closing()
    }

    pub(crate) const fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Only root and the user that the daemon runs as may use the control socket.",
        )
        .closing()
    }

    /// Returns the problem for a request that may not write.
    pub(crate) const fn write_refused(why: WriteRefused) -> Self {
        let (status, code, detail) = match why {
            WriteRefused::Closed => (
                StatusCode::FORBIDDEN,
                "writes-closed",
                "Nothing is taken in through this listener: use the control socket, or name a token-file.",
            ),
            WriteRefused::NoToken => (
                StatusCode::UNAUTHORIZED,
                "token-missing",
                "Writing takes Authorization: Bearer and the token, or the control socket.",
            ),
            WriteRefused::WrongToken => {
                (StatusCode::UNAUTHORIZED, "token-wrong", "This is not the token.")
            }
            WriteRefused::ForeignOrigin => (
                StatusCode::FORBIDDEN,
                "foreign-origin",
                "A page that this listener did not serve may not write here.",
            ),
        };
        Self::new(status, code, detail).closing()
    }

    pub(crate) const fn media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "Metrics are taken as Prometheus text exposition, uncompressed.",
        )
        .closing()
    }

    fn bad_metrics(errors: Vec<String>) -> Self {
        let mut problem = Self::new(
            StatusCode::BAD_REQUEST,
            "malformed-metrics",
            "The body is not Prometheus text exposition that is taken here; nothing of it was.",
        );
        problem.errors = errors;
        problem
    }

    pub(crate) fn bad_question(reason: String) -> Self {
        let mut problem = Self::new(
            StatusCode::BAD_REQUEST,
            "bad-question",
            "The question cannot be answered as it is asked.",
        );
        problem.errors.push(reason);
        problem
    }

    fn unavailable(reason: String) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "The daemon cannot do this now.",
        );
        problem.errors.push(reason);
        problem
    }

    pub(crate) const fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing at this address.")
    }

    pub(crate) const fn method(allow: &'static str) -> Self {
        let mut problem = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "The Allow field lists the methods of this address.",
        );
        problem.allow = Some(allow);
        problem
    }

    pub(crate) const fn too_slow() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "request-timeout",
            "The request did not arrive in time.",
        )
        .closing()
    }

    pub(crate) const fn body_too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            "The request's body is larger than is read here.",
        )
        .closing()
    }

    pub(crate) const fn target_too_long() -> Self {
        Self::new(
            StatusCode::URI_TOO_LONG,
            "target-too-long",
            "The request's target is longer than is read here.",
        )
        .closing()
    }

    pub(crate) const fn foreign_host() -> Self {
        Self::new(
            StatusCode::MISDIRECTED_REQUEST,
            "foreign-host",
            "The request names a host that this listener does not answer for; the key allowed-hosts adds one.",
        )
    }

    pub(crate) const fn head_too_large() -> Self {
        Self::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "head-too-large",
            "The request's head has more fields or bytes than are read here.",
        )
        .closing()
    }

    fn reload_refused(errors: Vec<String>) -> Self {
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "reload-refused",
            "The new configuration is refused and the old one stays in force.",
        );
        problem.errors = errors;
        problem
    }

    /// Returns the problem for a handler that panicked.
    pub(crate) fn internal(panic: &(dyn Any + Send)) -> Self {
        let message = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
        let mut problem = Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The daemon's log says more about this request id.",
        );
        problem.cause = Some(message.unwrap_or_else(|| "a panic without text".to_owned()));
        problem
    }

    pub(crate) const fn overloaded() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "Too many connections are open; try again shortly.",
        )
        .closing()
    }

    pub(crate) const fn answers_waiting() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "Too many large answers wait to be taken; try again shortly.",
        )
    }

    pub(crate) const fn handler_too_slow() -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "deadline-exceeded",
            "The daemon did not finish the request in time.",
        )
    }

    pub(crate) const fn code(&self) -> &'static str {
        self.code
    }

    /// Returns the problem as JSON.
    pub(crate) fn to_json(&self, request_id: Id) -> Vec<u8> {
        let document = Document {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or(self.code),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code,
            request_id,
            errors: &self.errors,
        };
        // Text and numbers only: nothing in it can fail to serialise.
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

impl From<IngestRefused> for Problem {
    fn from(refused: IngestRefused) -> Self {
        match refused {
            IngestRefused::Malformed(errors) => Self::bad_metrics(errors),
            IngestRefused::Unavailable(reason) => Self::unavailable(reason),
        }
    }
}

impl From<QuestionRefused> for Problem {
    fn from(refused: QuestionRefused) -> Self {
        match refused {
            QuestionRefused::Bad(reason) => Self::bad_question(reason),
            QuestionRefused::Unavailable(reason) => Self::unavailable(reason),
        }
    }
}

impl From<ReloadRefused> for Problem {
    fn from(refused: ReloadRefused) -> Self {
        Self::reload_refused(refused.errors)
    }
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: Id,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    errors: &'a [String],
}
