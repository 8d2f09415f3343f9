//! The listener's own counters and their Prometheus text.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use wardkit_core::{Clock as _, SystemClock};

use crate::admission::{Overdue, Refusal};
use crate::format::Format;
use crate::guard::WriteRefused;
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
    memory: Memory,
    barred: [AtomicU64; WriteRefused::ALL.len()],
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

    pub(crate) fn barred(&self, why: WriteRefused) {
        add(&self.barred[why as usize]);
    }

    pub(crate) fn accept_failed(&self) {
        add(&self.accept_errors);
    }

    /// Appends the metrics in a format, every name starting with `prefix`.
    pub(crate) fn write(&self, format: Format, prefix: &str, out: &mut String) {
        let mut text = Text { format, prefix, out };
        let requests = "server_requests_total";
        text.head(requests, "counter", "Responses by route and status class.");
        for (route, classes) in Route::LABELS.iter().zip(&self.requests) {
            for (class, count) in CLASSES.iter().zip(classes) {
                let count = read(count);
                if count > 0 {
                    text.sample(
                        requests,
                        &["{route=\"", route, "\",class=\"", class, "\"}"],
                        count,
                    );
                }
            }
        }
        self.durations.write(&mut text);
        let open = "server_active_connections";
        text.head(open, "gauge", "Connections that are open.");
        text.sample(open, &[], read(&self.open));
        for (name, help, count) in [
            ("server_connections_accepted_total", "Connections that were served.", &self.accepted),
            (
                "server_connections_displaced_total",
                "Connections outside a request that were closed to make room for another.",
                &self.displaced,
            ),
            ("server_accept_errors_total", "Failures to accept a connection.", &self.accept_errors),
        ] {
            text.head(name, "counter", help);
            text.sample(name, &[], read(count));
        }
        let refused = "server_connections_refused_total";
        text.head(
            refused,
            "counter",
            "Connections that were refused, by the limit that was reached.",
        );
        for (limit, count) in REFUSALS.iter().zip(&self.refused) {
            text.sample(refused, &["{limit=\"", limit, "\"}"], read(count));
        }
        let overdue = "server_timeouts_total";
        text.head(
            overdue,
            "counter",
            "Connections that missed a deadline, by what was waited for.",
        );
        for (awaited, count) in OVERDUE.iter().zip(&self.overdue) {
            text.sample(overdue, &["{waiting_for=\"", awaited, "\"}"], read(count));
        }
        let barred = "server_writes_refused_total";
        text.head(barred, "counter", "Requests to write that were refused, by what was missing.");
        for (why, count) in WriteRefused::ALL.iter().zip(&self.barred) {
            text.sample(barred, &["{reason=\"", why.as_str(), "\"}"], read(count));
        }
        if let Some(bytes) = self.memory.bytes(SystemClock.uptime()) {
            let memory = "server_memory_usage_bytes";
            text.head(memory, "gauge", "Memory of the process that is in RAM.");
            text.sample(memory, &[], bytes);
        }
    }
}

/// How much of the process is in RAM, asked once a second: the kernel takes as long to tell as a whole request.
#[derive(Debug, Default)]
struct Memory(Mutex<Option<(u64, Option<u64>)>>);

impl Memory {
    /// Returns it as of this second of the uptime, where the system tells.
    fn bytes(&self, uptime: Duration) -> Option<u64> {
        let second = uptime.as_secs();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *known {
            Some((of, bytes)) if of == second => bytes,
            _ => known.insert((second, resident_bytes())).1,
        }
    }
}

/// Returns how much of the process is in RAM, where the system tells.
fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    pages.checked_mul(u64::try_from(rustix::param::page_size()).ok()?)
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
        let bucket = "server_request_duration_seconds_bucket";
        text.head(
            "server_request_duration_seconds",
            "histogram",
            "Time from a request's head to its response.",
        );
        let mut total = 0;
        for ((_, bound), count) in BOUNDS.iter().zip(&self.counts) {
            total += read(count);
            text.sample(bucket, &["{le=\"", bound, "\"}"], total);
        }
        total += read(&self.counts[BOUNDS.len()]);
        text.sample(bucket, &["{le=\"+Inf\"}"], total);
        let seconds = Duration::from_nanos(read(&self.nanos));
        text.name("server_request_duration_seconds_sum");
        // Writing to a String cannot fail.
        let _ = writeln!(text.out, " {}.{:09}", seconds.as_secs(), seconds.subsec_nanos());
        text.sample("server_request_duration_seconds_count", &[], total);
    }
}

/// Writes the text format piece by piece: formatting each line would cost as much as the rest of the request.
struct Text<'a> {
    format: Format,
    prefix: &'a str,
    out: &'a mut String,
}

impl Text<'_> {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // OpenMetrics names a counter's family without the ending of its samples.
        let name = match self.format {
            Format::Open => name.strip_suffix("_total").unwrap_or(name),
            Format::Text => name,
        };
        for (word, rest) in [("# HELP ", help), ("# TYPE ", kind)] {
            self.out.push_str(word);
            self.name(name);
            self.out.push(' ');
            self.out.push_str(rest);
            self.out.push('\n');
        }
    }

    fn sample(&mut self, name: &str, labels: &[&str], value: u64) {
        self.name(name);
        for piece in labels {
            self.out.push_str(piece);
        }
        self.out.push(' ');
        push_number(self.out, value);
        self.out.push('\n');
    }

    fn name(&mut self, name: &str) {
        self.out.push_str(self.prefix);
        self.out.push('_');
        self.out.push_str(name);
    }
}

fn push_number(out: &mut String, mut value: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        // A remainder by ten is one digit.
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_decimal() {
        for value in [0, 7, 10, 99, 100, 1_234_567_890, u64::MAX] {
            let mut text = "n ".to_owned();
            push_number(&mut text, value);
            assert_eq!(text, format!("n {value}"));
        }
    }

    #[test]
    fn durations_are_counted_in_every_bucket_that_holds_them() {
        let metrics = Metrics::default();
        for micros in [10, 50, 51, 3_000, 5_000_000] {
            metrics.took(Duration::from_micros(micros));
        }
        let mut text = String::new();
        metrics.write(Format::Text, "p", &mut text);
        let buckets: Vec<_> =
            text.lines().filter(|line| line.contains("duration_seconds_")).collect();
        assert_eq!(
            buckets,
            [
                "p_server_request_duration_seconds_bucket{le=\"0.00005\"} 2",
                "p_server_request_duration_seconds_bucket{le=\"0.00025\"} 3",
                "p_server_request_duration_seconds_bucket{le=\"0.001\"} 3",
                "p_server_request_duration_seconds_bucket{le=\"0.005\"} 4",
                "p_server_request_duration_seconds_bucket{le=\"0.025\"} 4",
                "p_server_request_duration_seconds_bucket{le=\"0.1\"} 4",
                "p_server_request_duration_seconds_bucket{le=\"0.5\"} 4",
                "p_server_request_duration_seconds_bucket{le=\"2.5\"} 4",
                "p_server_request_duration_seconds_bucket{le=\"+Inf\"} 5",
                "p_server_request_duration_seconds_sum 5.003111000",
                "p_server_request_duration_seconds_count 5",
            ]
        );
    }

    #[test]
    fn open_metrics_names_a_counters_family_without_its_ending() {
        let metrics = Metrics::default();
        metrics.answered(None, StatusCode::OK);
        let mut text = String::new();
        metrics.write(Format::Open, "p", &mut text);
        assert!(text.contains("# TYPE p_server_requests counter\n"), "{text}");
        assert!(
            text.contains("\np_server_requests_total{route=\"none\",class=\"2xx\"} 1\n"),
            "{text}"
        );
        assert!(text.contains("# TYPE p_server_request_duration_seconds histogram\n"), "{text}");
    }

    #[test]
    fn every_bound_is_labelled_with_its_seconds() {
        for (bound, label) in BOUNDS {
            assert_eq!(Duration::from_secs_f64(label.parse().unwrap()), bound);
        }
    }
}
