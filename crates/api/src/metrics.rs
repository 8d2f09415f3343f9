//! The listener's own counters and their Prometheus text.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;

use crate::admission::{Overdue, Refusal};
use crate::routes::Route;

/// The listener's counters. Labels take values from fixed lists only, so no client can make series.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: [[AtomicU64; CLASSES.len()]; Route::LABELS.len()],
    durations: Histogram,
    open: AtomicU64,
    accepted: AtomicU64,
    displaced: AtomicU64,
    refused: [AtomicU64; REFUSALS.len()],
    overdue: [AtomicU64; OVERDUE.len()],
    accept_errors: AtomicU64,
}

impl Metrics {
    /// Counts a response; `None` is a request that reached no route.
    pub(crate) fn answered(&self, route: Option<Route>, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        add(&self.requests[Route::label_index(route)][class]);
    }

    pub(crate) fn took(&self, duration: Duration) {
        self.durations.record(duration);
    }

    pub(crate) fn opened(&self, open: usize) {
        add(&self.accepted);
        self.set_open(open);
    }

    pub(crate) fn set_open(&self, open: usize) {
        self.open.store(open as u64, Ordering::Relaxed);
    }

    pub(crate) fn displaced(&self) {
        add(&self.displaced);
    }

    pub(crate) fn refused(&self, refusal: Refusal) {
        add(&self.refused[refusal as usize]);
    }

    pub(crate) fn overdue(&self, overdue: Overdue) {
        add(&self.overdue[overdue as usize]);
    }

    pub(crate) fn accept_failed(&self) {
        add(&self.accept_errors);
    }

    /// Appends the text format 0.0.4, every name starting with `prefix`.
    pub(crate) fn write(&self, prefix: &str, out: &mut String) {
        let mut text = Text { prefix, out };
        text.head("http_requests_total", "counter", "Responses by route and status class.");
        for (route, classes) in Route::LABELS.iter().zip(&self.requests) {
            for (class, count) in CLASSES.iter().zip(classes) {
                let count = read(count);
                if count > 0 {
                    let labels = format!("{{route=\"{route}\",class=\"{class}\"}}");
                    text.sample("http_requests_total", &labels, count);
                }
            }
        }
        self.durations.write(&mut text);
        text.head("http_connections", "gauge", "Connections that are open.");
        text.sample("http_connections", "", read(&self.open));
        text.head("http_connections_accepted_total", "counter", "Connections that were served.");
        text.sample("http_connections_accepted_total", "", read(&self.accepted));
        text.head(
            "http_connections_displaced_total",
            "counter",
            "Connections outside a request that were closed to make room for another.",
        );
        text.sample("http_connections_displaced_total", "", read(&self.displaced));
        text.family(
            "http_connections_refused_total",
            "Connections that were refused, by the limit that was reached.",
            ("limit", &REFUSALS, &self.refused),
        );
        text.family(
            "http_timeouts_total",
            "Connections that were closed for missing a deadline, by what was waited for.",
            ("waiting_for", &OVERDUE, &self.overdue),
        );
        text.head("http_accept_errors_total", "counter", "Failures to accept a connection.");
        text.sample("http_accept_errors_total", "", read(&self.accept_errors));
    }
}

/// Counts of durations by upper bound.
#[derive(Debug, Default)]
struct Histogram {
    /// One count a bound, not cumulative, and one beyond all bounds.
    counts: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

impl Histogram {
    fn record(&self, duration: Duration) {
        let index = BOUNDS.iter().position(|&(bound, _)| duration <= bound).unwrap_or(BOUNDS.len());
        add(&self.counts[index]);
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    fn write(&self, text: &mut Text<'_>) {
        let name = "http_request_duration_seconds";
        text.head(name, "histogram", "Time from a request's head to its response.");
        let mut total = 0;
        for ((_, bound), count) in BOUNDS.iter().zip(&self.counts) {
            total += read(count);
            text.sample(&format!("{name}_bucket"), &format!("{{le=\"{bound}\"}}"), total);
        }
        total += read(&self.counts[BOUNDS.len()]);
        text.sample(&format!("{name}_bucket"), "{le=\"+Inf\"}", total);
        let seconds = Duration::from_nanos(read(&self.nanos)).as_secs_f64();
        text.sample(&format!("{name}_sum"), "", seconds);
        text.sample(&format!("{name}_count"), "", total);
    }
}

struct Text<'a> {
    prefix: &'a str,
    out: &'a mut String,
}

impl Text<'_> {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let prefix = self.prefix;
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "# HELP {prefix}_{name} {help}\n# TYPE {prefix}_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.out, "{}_{name}{labels} {value}", self.prefix);
    }

    fn family(&mut self, name: &str, help: &str, series: (&str, &[&str], &[AtomicU64])) {
        self.head(name, "counter", help);
        let (label, values, counts) = series;
        for (value, count) in values.iter().zip(counts) {
            self.sample(name, &format!("{{{label}=\"{value}\"}}"), read(count));
        }
    }
}

fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// In the order of [`Refusal`].
const REFUSALS: [&str; 2] = ["peer", "total"];
/// In the order of [`Overdue`].
const OVERDUE: [&str; 3] = ["head", "request", "next_request"];
const BOUNDS: [(Duration, &str); 8] = [
    (Duration::from_micros(50), "0.00005"),
    (Duration::from_micros(250), "0.00025"),
    (Duration::from_millis(1), "0.001"),
    (Duration::from_millis(5), "0.005"),
    (Duration::from_millis(25), "0.025"),
    (Duration::from_millis(100), "0.1"),
    (Duration::from_millis(500), "0.5"),
    (Duration::from_millis(2500), "2.5"),
];
