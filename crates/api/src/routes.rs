//! Which addresses exist, on which listener, with which methods.

use http::Method;
use wardkit_validation::{Accept, Untrusted};

use crate::problem::Problem;
use crate::services::Fate;

/// Something that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Answered at once.
    View(View),
    /// A question about metrics, which may have to read the disk.
    Ask(Ask),
    /// Metrics that somebody brings.
    Ingest,
    /// The daemon is told to read its configuration again, and waited for.
    Reload,
    /// A command about services, which may take its time.
    Services,
    /// A plugin is called, which may take its time.
    Plugin,
    /// A plugin is called as its own address says.
    Endpoint,
    /// The daemon is told to end.
    Stop(Fate),
    /// Something about alerts.
    Alerts(AlertsRoute),
}

/// Something to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Healthz,
    Readyz,
    Metrics,
    Page,
    Style,
    Status,
}

/// A question about metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Query,
    QueryRange,
    Top,
    Bottleneck,
    Forecast,
}

/// Something about alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlertsRoute {
    Status,
    Receivers,
    Alerts,
    Post,
    Groups,
    Silences,
    SetSilence,
    Silence,
    ExpireSilence,
    AckPage,
    Ack,
    Command,
}

/// How a route is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Get,
    Post,
    Delete,
    /// Whichever the plugin says.
    Any,
}

/// What a request's body is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// Nothing: the next request begins behind it.
    Nothing,
    /// Metrics, which may be large.
    Metrics,
    /// Alerts, which may be many.
    Alerts,
    /// A small document in JSON.
    Json,
    /// What a plugin is called with.
    Input,
}

/// Where a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The TCP listener: who writes there must prove that it may.
    Http,
    /// The control socket: peers are known, commands are taken.
    Control,
}

impl Route {
    /// What metrics call the routes: the views and the questions in their order, what writes, and what reached no
    /// route.
    pub(crate) const LABELS: [&'static str; 31] = [
        "healthz",
        "readyz",
        "metrics",
        "page",
        "style",
        "status",
        "query",
        "query_range",
        "top",
        "bottleneck",
        "forecast",
        "alerts_status",
        "alerts_receivers",
        "alerts",
        "alerts_post",
        "alerts_groups",
        "silences",
        "silences_post",
        "silence",
        "silence_delete",
        "ack_page",
        "ack",
        "alerts_command",
        "ingest",
        "reload",
        "plugin_call",
        "plugin_endpoint",
        "services_command",
        "stop",
        "leave",
        "none",
    ];

    pub(crate) fn label_index(route: Option<Self>) -> usize {
        match route {
            Some(Self::View(view)) => view as usize,
            Some(Self::Ask(ask)) => View::Status as usize + 1 + ask as usize,
            Some(Self::Alerts(alerts)) => {
                View::Status as usize + Ask::Forecast as usize + 2 + alerts as usize
            }
            Some(Self::Ingest) => Self::LABELS.len() - 8,
            Some(Self::Reload) => Self::LABELS.len() - 7,
            Some(Self::Plugin) => Self::LABELS.len() - 6,
            Some(Self::Endpoint) => Self::LABELS.len() - 5,
            Some(Self::Services) => Self::LABELS.len() - 4,
            Some(Self::Stop(Fate::Stop)) => Self::LABELS.len() - 3,
            Some(Self::Stop(Fate::LeaveRunning)) => Self::LABELS.len() - 2,
            None => Self::LABELS.len() - 1,
        }
    }

    /// Returns whether it changes something that not everybody may.
    pub(crate) const fn writes(self) -> bool {
        // Whoever holds the link of an acknowledgement may use it: it is signed.
        !matches!(self.verb(), Verb::Get) && !matches!(self, Self::Alerts(AlertsRoute::Ack))
    }

    const fn verb(self) -> Verb {
        match self {
            Self::Ingest
            | Self::Reload
            | Self::Services
            | Self::Plugin
            | Self::Stop(_)
            | Self::Alerts(
                AlertsRoute::Post
                | AlertsRoute::SetSilence
                | AlertsRoute::Ack
                | AlertsRoute::Command,
            ) => Verb::Post,
            Self::Alerts(AlertsRoute::ExpireSilence) => Verb::Delete,
            Self::Endpoint => Verb::Any,
            Self::View(_) | Self::Ask(_) | Self::Alerts(_) => Verb::Get,
        }
    }

    /// Returns what its body is read for.
    pub(crate) const fn reads(self) -> Reads {
        match self {
            Self::Ingest => Reads::Metrics,
            Self::Plugin | Self::Endpoint => Reads::Input,
            Self::Alerts(AlertsRoute::Post) => Reads::Alerts,
            Self::Services | Self::Alerts(AlertsRoute::SetSilence | AlertsRoute::Command) => {
                Reads::Json
            }
            Self::View(_) | Self::Ask(_) | Self::Reload | Self::Stop(_) | Self::Alerts(_) => {
                Reads::Nothing
            }
        }
    }

    pub(crate) fn label(self) -> &'static str {
        Self::LABELS[Self::label_index(Some(self))]
    }

    /// Finds what a method and a path ask for.
    pub(crate) fn find(
        door: Door,
        method: &Method,
        path: Untrusted<&str>,
    ) -> Result<Self, Problem> {
        let routes = path.validate_for(&door).map_err(|_| const { Problem::not_found() })?;
        let is_asked = |route: &&Self| match route.verb() {
            Verb::Get => matches!(*method, Method::GET | Method::HEAD),
            Verb::Post => method == Method::POST,
            Verb::Delete => method == Method::DELETE,
            Verb::Any => ANY.contains(method),
        };
        routes.iter().find(is_asked).copied().ok_or_else(|| Problem::method(allow(routes)))
    }
}

/// Returns the methods of an address.
fn allow(routes: &[Route]) -> &'static str {
    let has = |verb| routes.iter().any(|route| route.verb() == verb);
    if has(Verb::Any) {
        return "GET, HEAD, POST, PUT, PATCH, DELETE";
    }
    match (has(Verb::Get), has(Verb::Post), has(Verb::Delete)) {
        (true, true, _) => "GET, HEAD, POST",
        (true, _, true) => "GET, HEAD, DELETE",
        (true, ..) => "GET, HEAD",
        (_, _, true) => "DELETE",
        _ => "POST",
    }
}

/// Only a path that is in the door's table leads anywhere: nothing of it is decoded, joined or looked up elsewhere. A
/// name within it, where the table has room for one, is letters, digits, `-`, `_` and `.`.
impl Accept<str> for Door {
    type Safe = &'static [Route];

    fn accept(&self, path: &str) -> Result<&'static [Route], wardkit_validation::Error> {
        let table = match self {
            Self::Http => HTTP,
            Self::Control => CONTROL,
        };
        let fits = |pattern: &str| match pattern.split_once('*') {
            None => pattern == path,
            Some((before, after)) => name_between(path, before, after).is_some(),
        };
        if endpoint_of(path).is_some() {
            return Ok(&[Route::Endpoint]);
        }
        let found = table.iter().chain(ALERTMANAGER).find(|(pattern, _)| fits(pattern));
        found.map(|&(_, routes)| routes).ok_or(wardkit_validation::Error::NotListed)
    }
}

/// Returns the plugin that a path names, which led to its route.
pub(crate) fn plugin_of(path: &str) -> &str {
    PLUGIN
        .split_once('*')
        .and_then(|(before, after)| name_between(path, before, after))
        .unwrap_or_default()
}

/// Returns the plugin and the path below it that an address of a plugin's own names.
pub(crate) fn endpoint_of(path: &str) -> Option<(&str, &str)> {
    let (id, rest) = path.strip_prefix(ENDPOINTS)?.split_once('/')?;
    let is_fit = rest.len() <= LONGEST_NAME
        && rest.split('/').all(|name| is_name(name) && name != "." && name != "..");
    (is_name(id) && is_fit).then_some((id, rest))
}

fn name_between<'p>(path: &'p str, before: &str, after: &str) -> Option<&'p str> {
    path.strip_prefix(before)?.strip_suffix(after).filter(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Room for a signed link.
const LONGEST_NAME: usize = 512;

/// The same at both doors.
const PLUGIN: &str = "/v1/plugins/*/call";

/// Behind it stand the plugin and the path that its manifest has.
const ENDPOINTS: &str = "/plugins/";

/// The methods that a manifest can name.
const ANY: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

type Table = &'static [(&'static str, &'static [Route])];

const HTTP: Table = &[
    ("/healthz", &[Route::View(View::Healthz)]),
    ("/metrics", &[Route::View(View::Metrics)]),
    ("/readyz", &[Route::View(View::Readyz)]),
    // What is pointed at a Prometheus or an Alertmanager asks for these.
    ("/-/healthy", &[Route::View(View::Healthz)]),
    ("/-/ready", &[Route::View(View::Readyz)]),
    ("/", &[Route::View(View::Page)]),
    ("/style.css", &[Route::View(View::Style)]),
    ("/api/v1/ingest", &[Route::Ingest]),
    ("/api/v1/query", &[Route::Ask(Ask::Query)]),
    ("/api/v1/query_range", &[Route::Ask(Ask::QueryRange)]),
    (PLUGIN, &[Route::Plugin]),
    ("/ack/*", &[Route::Alerts(AlertsRoute::AckPage), Route::Alerts(AlertsRoute::Ack)]),
];

const CONTROL: Table = &[
    ("/v1/status", &[Route::View(View::Status)]),
    ("/v1/reload", &[Route::Reload]),
    ("/api/v1/ingest", &[Route::Ingest]),
    ("/api/v1/query", &[Route::Ask(Ask::Query)]),
    ("/api/v1/query_range", &[Route::Ask(Ask::QueryRange)]),
    ("/v1/top", &[Route::Ask(Ask::Top)]),
    ("/v1/bottleneck", &[Route::Ask(Ask::Bottleneck)]),
    ("/v1/forecast", &[Route::Ask(Ask::Forecast)]),
    ("/v1/alerts", &[Route::Alerts(AlertsRoute::Command)]),
    ("/v1/services", &[Route::Services]),
    (PLUGIN, &[Route::Plugin]),
    ("/v1/stop", &[Route::Stop(Fate::Stop)]),
    ("/v1/leave", &[Route::Stop(Fate::LeaveRunning)]),
];

/// Alertmanager's API v2, whole.
const ALERTMANAGER: Table = &[
    ("/api/v2/status", &[Route::Alerts(AlertsRoute::Status)]),
    ("/api/v2/receivers", &[Route::Alerts(AlertsRoute::Receivers)]),
    ("/api/v2/alerts", &[Route::Alerts(AlertsRoute::Alerts), Route::Alerts(AlertsRoute::Post)]),
    ("/api/v2/alerts/groups", &[Route::Alerts(AlertsRoute::Groups)]),
    (
        "/api/v2/silences",
        &[Route::Alerts(AlertsRoute::Silences), Route::Alerts(AlertsRoute::SetSilence)],
    ),
    (
        "/api/v2/silence/*",
        &[Route::Alerts(AlertsRoute::Silence), Route::Alerts(AlertsRoute::ExpireSilence)],
    ),
];
