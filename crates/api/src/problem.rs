//! What a client is told when it does not get what it asked for: RFC 9457 problem details.

use std::any::Any;
use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;
use wardkit_core::Id;

use crate::alerts::Refused;
use crate::page;
use crate::plugins::PluginRefused;
use crate::reply::Media;
use crate::routes::Reads;
use crate::services;
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
    pub(crate) allow: Option<Cow<'static, str>>,
    /// Whether nothing more is read from the connection, because the rest of the request is unknown or unwanted.
    pub(crate) closes: bool,
    pub(crate) form: Form,
}

/// How a problem is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As problem details.
    Details,
    /// As a text in JSON, which is what clients of Alertmanager's API read of what it decides.
    Text,
    /// As a number and a text in JSON, which is how that API refuses what does not reach a decision.
    Coded(u16),
    /// As a page for people.
    Page,
}

/// What Alertmanager's clients ask for.
const ALERTMANAGER_PATHS: &str = "/api/v2/";
/// Seconds after which a client that was refused for lack of room may try again.
pub(crate) const RETRY_AFTER: &str = "1";

impl Problem {
    const fn new(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self {
            status,
            code,
            detail,
            errors: Vec::new(),
            cause: None,
            allow: None,
            closes: false,
            form: Form::Details,
        }
    }

    /// Tells it in another form.
    pub(crate) fn in_form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// Tells it as whoever asked for that path expects.
    pub(crate) fn for_path(self, path: &str) -> Self {
        if path.starts_with(ALERTMANAGER_PATHS) {
            let number = self.status.as_u16();
            self.in_form(Form::Coded(number))
        } else {
            self
        }
    }

    /// Returns the problem for a document of Alertmanager's API that is none, or that lacks something.
    pub(crate) fn unread(status: StatusCode, number: u16, reason: String) -> Self {
        let detail = "The body is not what is taken here.";
        let mut problem = Self::new(status, "malformed-body", detail).in_form(Form::Coded(number));
        problem.errors.push(reason);
        problem
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

    pub(crate) const fn media_type(reads: Reads) -> Self {
        let detail = match reads {
            Reads::Metrics => "Metrics are taken as Prometheus text exposition, uncompressed.",
            _ => "A body is taken as application/json, uncompressed.",
        };
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", detail).closing()
    }

    /// Returns the problem for a command that cannot be read.
    pub(crate) fn bad_command(reason: String) -> Self {
        let detail = "The body is no command that is taken here.";
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "bad-request", detail);
        problem.errors.push(reason);
        problem
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

    pub(crate) fn method(allow: impl Into<Cow<'static, str>>) -> Self {
        let mut problem = Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "The Allow field lists the methods of this address.",
        );
        problem.allow = Some(allow.into());
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

    /// Returns the problem as its form has it.
    pub(crate) fn body(&self, request_id: Id) -> (Media, Vec<u8>) {
        match self.form {
            Form::Details => (Media::Problem, self.to_json(request_id)),
            Form::Text => {
                let text = self.text();
                (Media::Json, serde_json::to_vec(&text).unwrap_or_default())
            }
            Form::Coded(code) => {
                let coded = Coded { code, message: self.text() };
                (Media::Json, serde_json::to_vec(&coded).unwrap_or_default())
            }
            Form::Page => (Media::Html, page::problem(&self.text()).into_bytes()),
        }
    }

    fn text(&self) -> String {
        if self.errors.is_empty() { self.detail.to_owned() } else { self.errors.join("; ") }
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

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let (mut problem, reason) = match refused {
            Refused::Unavailable(reason) => return Self::unavailable(reason),
            Refused::Bad(reason) => {
                let detail = "What is asked about alerts, or brought, is not taken as it is.";
                (Self::new(StatusCode::BAD_REQUEST, "bad-request", detail), reason)
            }
            Refused::NotFound(reason) => (Self::not_found(), reason),
        };
        problem.errors.push(reason);
        problem
    }
}

impl From<services::Refused> for Problem {
    fn from(refused: services::Refused) -> Self {
        let (mut problem, reason) = match refused {
            services::Refused::Unavailable(reason) => return Self::unavailable(reason),
            services::Refused::NotFound(reason) => (Self::not_found(), reason),
            services::Refused::Failed(reason) => {
                let detail = "It was tried and did not come to that.";
                (Self::new(StatusCode::CONFLICT, "not-done", detail), reason)
            }
        };
        problem.errors.push(reason);
        problem
    }
}

impl From<PluginRefused> for Problem {
    fn from(refused: PluginRefused) -> Self {
        let (status, code, detail, reason) = match refused {
            PluginRefused::NotFound(reason) => {
                let mut problem = Self::not_found();
                problem.errors.push(reason);
                return problem;
            }
            PluginRefused::Method(allow) => {
                return Self::method(allow);
            }
            PluginRefused::NoToken(reason) => {
                let mut problem = Self::write_refused(WriteRefused::NoToken);
                problem.errors.push(reason);
                return problem;
            }
            PluginRefused::BadInput(reason) => {
                let detail = "What the plugin was called with is not what it takes.";
                (StatusCode::BAD_REQUEST, "bad-input", detail, reason)
            }
            PluginRefused::Inactive(reason) => {
                (StatusCode::CONFLICT, "not-active", "The plugin is not to be called.", reason)
            }
            PluginRefused::TooOften(reason) => {
                let detail = "The plugin was called as often as it may.";
                (StatusCode::TOO_MANY_REQUESTS, "too-often", detail, reason)
            }
            PluginRefused::Failed(reason) => {
                let detail = "The plugin was called and did not answer as it should.";
                (StatusCode::BAD_GATEWAY, "plugin-failed", detail, reason)
            }
            PluginRefused::Unavailable(reason) => return Self::unavailable(reason),
        };
        let mut problem = Self::new(status, code, detail);
        problem.errors.push(reason);
        problem
    }
}

impl From<ReloadRefused> for Problem {
    fn from(refused: ReloadRefused) -> Self {
        Self::reload_refused(refused.errors)
    }
}

#[derive(Serialize)]
struct Coded {
    code: u16,
    message: String,
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
