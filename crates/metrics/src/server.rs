//! What every server tells of itself.

use std::time::Duration;

use crate::process::Proc;
use crate::{Collector, Counter, Error, Gauge, Histogram, Labelled, Registry, Samples};

/// The four metrics of a server under its program's prefix: `server_requests_total`,
/// `server_request_duration_seconds`, `server_active_connections` and `server_memory_usage_bytes`.
///
/// Cloning is cheap and counts into the same metrics.
#[derive(Clone, Debug)]
pub struct ServerMetrics {
    requests: Labelled<Counter, 3>,
    durations: Labelled<Histogram, 1>,
    connections: Gauge,
}

impl ServerMetrics {
    /// Declares the metrics. Where memory cannot be measured, its metric stays away.
    ///
    /// # Errors
    ///
    /// [`Error::BadMetric`] when the registry has other metrics under these names.
    pub fn new(registry: &Registry) -> Result<Self, Error> {
        let requests = registry.counter(
            "server_requests_total",
            "Requests answered.",
            ["method", "route", "status"],
        )?;
        let durations = registry.histogram(
            "server_request_duration_seconds",
            "Time from a request to its answer.",
            ["route"],
            Histogram::SECONDS,
        )?;
        let connections =
            registry.gauge("server_active_connections", "Connections that are open.", [])?;
        let memory = registry.gauge(
            "server_memory_usage_bytes",
            "Memory that the server has in use.",
            [],
        )?;
        if let Ok(process) = Proc::new("/proc".as_ref()) {
            registry.collect_with(Memory { process, gauge: memory.with([]).clone() });
        }
        Ok(Self { requests, durations, connections: connections.with([]).clone() })
    }

    /// Counts an answer and the time that it took.
    ///
    /// `route` is the pattern that the request met, never the path that somebody chose. Methods that HTTP does not
    /// have are counted as `other`.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
        let digits = [status / 100 % 10, status / 10 % 10, status % 10]
            .map(|digit| DIGITS[usize::from(digit)]);
        let status = str::from_utf8(&digits).unwrap_or_default();
        self.requests.with([method, route, status]).add(1);
        self.durations.with([route]).observe_duration(took);
    }

    /// Counts a connection as open for as long as what is returned lives.
    pub fn connected(&self) -> ActiveConnection {
        self.connections.add(1.0);
        ActiveConnection { connections: self.connections.clone() }
    }
}

/// A connection that is counted as open until this is dropped.
#[derive(Debug)]
#[must_use = "the connection is counted as closed when this is dropped"]
pub struct ActiveConnection {
    connections: Gauge,
}

impl Drop for ActiveConnection {
    fn drop(&mut self) {
        self.connections.add(-1.0);
    }
}

struct Memory {
    process: Proc,
    gauge: Gauge,
}

impl Collector for Memory {
    fn name(&self) -> &'static str {
        "server_memory"
    }

    fn collect(&mut self, _: &mut Samples) -> Result<(), Error> {
        self.gauge.set(self.process.resident_bytes()?);
        Ok(())
    }
}

const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

const DIGITS: [u8; 10] = *b"0123456789";
