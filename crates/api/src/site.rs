//! What is behind a listener: its views of the daemon, and everything its requests have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};
use tokio::sync::Semaphore;
use wardkit_core::{Clock, Health, SystemClock};

use crate::Daemon;
use crate::format::Format;
use crate::guard::Guard;
use crate::held::Held;
use crate::hosts::Hosts;
use crate::metrics::Metrics;
use crate::page;
use crate::problem::Problem;
use crate::reply::{Media, Replies};
use crate::routes::{Door, Reads, View};

/// What is behind a listener.
pub(crate) struct Site {
    pub(crate) door: Door,
    pub(crate) daemon: Arc<dyn Daemon>,
    /// The title of the page.
    pub(crate) program: String,
    /// What the names of the metrics begin with.
    prefix: String,
    /// The hosts that a request may name; any, for a socket that no browser reaches.
    pub(crate) hosts: Option<Hosts>,
    pub(crate) limits: RequestLimits,
    /// Who may write.
    pub(crate) guard: Guard,
    /// Bodies that may be held at a time.
    pub(crate) bodies: Semaphore,
    /// The same for alerts, so that whoever brings metrics slowly keeps no alert out.
    pub(crate) alert_bodies: Semaphore,
    /// The same for what plugins are called with.
    pub(crate) inputs: Semaphore,
    pub(crate) metrics: Metrics,
    pub(crate) replies: Replies,
    /// The length of the last metrics, so that the next ones are allocated once.
    metrics_length: AtomicUsize,
    held: Held,
}

/// What one request may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    pub(crate) max_uri: usize,
    pub(crate) max_body: usize,
    pub(crate) max_ingest: usize,
    pub(crate) max_alerts: usize,
    pub(crate) deadline: Duration,
}

impl RequestLimits {
    /// Returns the largest body of a request.
    pub(crate) const fn most(&self, reads: Reads) -> usize {
        match reads {
            Reads::Metrics => self.max_ingest,
            Reads::Alerts => self.max_alerts,
            Reads::Input => MOST_INPUT,
            Reads::Nothing | Reads::Json => self.max_body,
        }
    }
}

/// What a view shows.
pub(crate) struct Shown {
    pub(crate) status: StatusCode,
    pub(crate) media: Media,
    pub(crate) data: Bytes,
}

impl Site {
    pub(crate) fn new(
        door: Door,
        daemon: Arc<dyn Daemon>,
        program: String,
        hosts: Option<Hosts>,
        limits: RequestLimits,
        guard: Guard,
    ) -> Self {
        let prefix = program.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
        Self {
            door,
            daemon,
            program,
            prefix,
            hosts,
            limits,
            guard,
            bodies: Semaphore::new(BODIES),
            alert_bodies: Semaphore::new(ALERT_BODIES),
            inputs: Semaphore::new(INPUTS),
            metrics: Metrics::default(),
            replies: Replies::new(),
            metrics_length: AtomicUsize::new(0),
            held: Held::default(),
        }
    }

    /// Shows a view to a client with these header fields.
    pub(crate) fn show(&self, view: View, fields: &HeaderMap) -> Result<Shown, Problem> {
        Ok(match view {
            View::Healthz => Shown::ok(Media::Text, "ok\n"),
            View::Readyz => self.readiness(),
            View::Metrics => self.metrics(Format::accepted(fields))?,
            View::Page => Shown::ok(
                Media::Html,
                page::render(&self.program, &self.daemon.status(), SystemClock.now()),
            ),
            View::Style => Shown::ok(Media::Css, page::STYLE),
            View::Status => Shown::ok(Media::Json, to_json(&self.daemon.status())),
        })
    }

    fn readiness(&self) -> Shown {
        let parts = self.daemon.health();
        let health = Health::merge(parts.iter().map(|(name, health)| (name, health.clone())));
        let ready = health.is_ready();
        let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let document = Readiness { ready, health, parts: Parts(parts) };
        Shown { status, ..Shown::ok(Media::Json, to_json(&document)) }
    }

    fn metrics(&self, format: Format) -> Result<Shown, Problem> {
        let length = self.metrics_length.load(Ordering::Relaxed);
        if !self.held.has_room_for(length) {
            return Err(const { Problem::answers_waiting() });
        }
        let mut text = String::with_capacity(length + 64);
        self.metrics.write(format, &self.prefix, &mut text);
        let media = match format {
            Format::Open if self.daemon.write_open_metrics(&mut text) => Media::OpenMetrics,
            Format::Open => return self.metrics(Format::Text),
            Format::Text => {
                self.daemon.write_metrics(&mut text);
                Media::Metrics
            }
        };
        self.metrics_length.store(text.len(), Ordering::Relaxed);
        Ok(Shown::ok(media, self.held.hold(text)))
    }
}

impl Shown {
    fn ok(media: Media, data: impl Into<Bytes>) -> Self {
        Self { status: StatusCode::OK, media, data: data.into() }
    }
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    health: Health,
    parts: Parts,
}

/// Parts by name, in the daemon's order.
struct Parts(Vec<(String, Health)>);

impl Serialize for Parts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, health) in &self.0 {
            map.serialize_entry(name, health)?;
        }
        map.end()
    }
}

/// Returns a document as one line of JSON.
pub(crate) fn to_json(document: &impl Serialize) -> Vec<u8> {
    // Names, texts and numbers only: nothing in our documents can fail to serialise.
    let mut json = serde_json::to_vec(document).unwrap_or_default();
    json.push(b'\n');
    json
}

/// Bodies of metrics that are held at a time: each may be as large as the configuration allows.
const BODIES: usize = 2;
/// Bodies of alerts that are held at a time.
const ALERT_BODIES: usize = 4;
/// Inputs of plugins that are held at a time while they arrive and are worked on.
const INPUTS: usize = 32;
/// What a plugin takes at most, unless it asked for less.
const MOST_INPUT: usize = 1 << 20;
