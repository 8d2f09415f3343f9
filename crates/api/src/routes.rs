//! Which addresses exist, on which listener, with which methods.

use http::Method;
use wardkit_validation::{Accept, Untrusted};

use crate::problem::Problem;

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
    pub(crate) const LABELS: [&'static str; 14] = [
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
        "ingest",
        "reload",
        "none",
    ];

    pub(crate) fn label_index(route: Option<Self>) -> usize {
        match route {
            Some(Self::View(view)) => view as usize,
            Some(Self::Ask(ask)) => View::Status as usize + 1 + ask as usize,
            Some(Self::Ingest) => Self::LABELS.len() - 3,
            Some(Self::Reload) => Self::LABELS.len() - 2,
            None => Self::LABELS.len() - 1,
        }
    }

    /// Returns whether it changes something.
    pub(crate) const fn writes(self) -> bool {
        matches!(self, Self::Ingest | Self::Reload)
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
        let route = path.validate_for(&door).map_err(|_| const { Problem::not_found() })?;
        match (route.writes(), method) {
            (true, &Method::POST) | (false, &Method::GET | &Method::HEAD) => Ok(route),
            (true, _) => Err(Problem::method("POST")),
            (false, _) => Err(Problem::method("GET, HEAD")),
        }
    }
}

/// Only a path that is in the door's table leads anywhere: nothing of it is decoded, joined or looked up elsewhere.
impl Accept<str> for Door {
    type Safe = Route;

    fn accept(&self, path: &str) -> Result<Route, wardkit_validation::Error> {
        let table = match self {
            Self::Http => HTTP,
            Self::Control => CONTROL,
        };
        let found = table.iter().find(|(known, _)| *known == path);
        found.map(|&(_, route)| route).ok_or(wardkit_validation::Error::NotListed)
    }
}

const HTTP: &[(&str, Route)] = &[
    ("/healthz", Route::View(View::Healthz)),
    ("/metrics", Route::View(View::Metrics)),
    ("/readyz", Route::View(View::Readyz)),
    ("/", Route::View(View::Page)),
    ("/style.css", Route::View(View::Style)),
    ("/api/v1/ingest", Route::Ingest),
    ("/api/v1/query", Route::Ask(Ask::Query)),
    ("/api/v1/query_range", Route::Ask(Ask::QueryRange)),
];

const CONTROL: &[(&str, Route)] = &[
    ("/v1/status", Route::View(View::Status)),
    ("/v1/reload", Route::Reload),
    ("/api/v1/ingest", Route::Ingest),
    ("/api/v1/query", Route::Ask(Ask::Query)),
    ("/api/v1/query_range", Route::Ask(Ask::QueryRange)),
    ("/v1/top", Route::Ask(Ask::Top)),
    ("/v1/bottleneck", Route::Ask(Ask::Bottleneck)),
    ("/v1/forecast", Route::Ask(Ask::Forecast)),
];
