//! What is measured: of the host, of the daemon itself, and what programs bring; and who is shown it.

mod ahead;
mod answers;
mod checks;
mod follower;
mod keeper;
mod push;
mod sampler;
mod slack;
mod usage;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use wardkit_core::{Clock as _, Event, Health, Severity, SystemClock, Timestamp};
use wardkit_metrics::history::Reader;
use wardkit_metrics::host::HostSnapshot;
use wardkit_metrics::ingest::{Accepted, IngestConfig, Ingested};
use wardkit_metrics::{Collector, Exposition, Family, Kind, ProcessCollector, Registry, Samples};
use wardkit_probe::Prober;

pub(crate) use ahead::Ahead;
use checks::CheckGauges;
pub(crate) use checks::Web;
pub(crate) use follower::Follower;
use keeper::HistoryGauges;
pub(crate) use keeper::{Change, Keeper};
pub(crate) use push::{Pusher, Refused, secret};
pub(crate) use sampler::Sampler;
pub(crate) use watch::Watch;

/// What is measured, and the parts that measure it or are shown it.
pub(crate) struct Telemetry {
    /// Counts beside the rest what is left out of a scrape and why.
    registry: Registry,
    /// The host, as it was sampled last.
    host: Mutex<Arc<Samples>>,
    snapshot: Mutex<HostSnapshot>,
    /// What parts tell at every look, by the part's name.
    shown: Mutex<BTreeMap<&'static str, Box<dyn Collector>>>,
    ingested: Mutex<Ingested>,
    history: Mutex<Option<Reader>>,
    history_turn: tokio::sync::Mutex<()>,
    logs_turn: tokio::sync::Mutex<()>,
    /// What was worked out from the last samples.
    derived: Mutex<Arc<Samples>>,
    checks: Mutex<Option<Prober>>,
    /// Places for questions that are worked on.
    questions: Arc<Semaphore>,
    /// When programs last brought more than there is room for, as uptime.
    overflowed: Mutex<Option<Duration>>,
    moments: broadcast::Sender<Arc<Moment>>,
}

/// Everything that was measured at one time.
#[derive(Debug)]
pub(crate) struct Moment {
    pub at: Timestamp,
    pub samples: Samples,
}

impl Telemetry {
    pub(crate) fn new(ingest: &IngestConfig) -> Self {
        let registry = Registry::new("agentd").expect("the prefix is a name");
        // Where there is no procfs, there is nothing to tell.
        if let Ok(process) = ProcessCollector::new() {
            registry.collect_with(process);
        }
        Self {
            registry,
            host: Mutex::default(),
            snapshot: Mutex::default(),
            shown: Mutex::default(),
            ingested: Mutex::new(new_ingested(ingest)),
            history: Mutex::default(),
            history_turn: tokio::sync::Mutex::default(),
            logs_turn: tokio::sync::Mutex::default(),
            derived: Mutex::default(),
            checks: Mutex::default(),
            questions: Arc::new(Semaphore::new(QUESTIONS)),
            overflowed: Mutex::default(),
            moments: broadcast::Sender::new(WAITING_MOMENTS),
        }
    }

    /// Returns where parts count, and where what is left out of a scrape is counted.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Shows what a part tells of itself from now on, in place of what it showed before.
    pub(crate) fn show(&self, part: &'static str, collector: impl Collector + 'static) {
        lock(&self.shown).insert(part, Box::new(collector));
    }

    /// Shows nothing of a part any more.
    pub(crate) fn hide(&self, part: &'static str) {
        lock(&self.shown).remove(part);
    }

    /// Returns what takes in what programs bring.
    pub(crate) fn ingested(&self) -> Ingested {
        lock(&self.ingested).clone()
    }

    /// Takes in what programs bring by other limits from now on, and forgets what they brought.
    pub(crate) fn limit_ingested(&self, config: &IngestConfig) {
        *lock(&self.ingested) = new_ingested(config);
    }

    /// Sets what answers questions about the past.
    pub(crate) fn set_history(&self, reader: Option<Reader>) {
        match &reader {
            Some(reader) => self.show("history", HistoryGauges(reader.clone())),
            None => self.hide("history"),
        }
        *lock(&self.history) = reader;
    }

    /// Sets what checks health.
    pub(crate) fn set_checks(&self, prober: Option<Prober>) {
        match &prober {
            Some(prober) => self.show("probe", CheckGauges(prober.clone())),
            None => self.hide("probe"),
        }
        *lock(&self.checks) = prober;
    }

    /// Returns what checks health, if anything does.
    pub(crate) fn checks(&self) -> Option<Prober> {
        lock(&self.checks).clone()
    }

    /// Returns what the checks contribute to the health of the whole.
    pub(crate) fn health(&self) -> Vec<(String, Health)> {
        self.checks().map(|prober| prober.health()).unwrap_or_default()
    }

    /// Waits for a place among the questions that are worked on. Whoever works keeps it until the end, also when nobody
    /// waits for the answer any more.
    pub(crate) async fn question_turn(&self) -> Option<OwnedSemaphorePermit> {
        // Nobody closes the semaphore.
        Arc::clone(&self.questions).acquire_owned().await.ok()
    }

    /// Returns what is to be told of what a push brought: the first surplus, and the first after a pause.
    pub(crate) fn pushed(&self, accepted: &Accepted) -> Option<Event> {
        if accepted.overflowed == 0 {
            return None;
        }
        let now = SystemClock.uptime();
        let before = lock(&self.overflowed).replace(now);
        if before.is_some_and(|before| now.saturating_sub(before) < PAUSE) {
            return None;
        }
        let (kind, count) = ("metrics.ingest.overflow", accepted.overflowed);
        let reason = format!(
            "a push brought {count} samples without room among the series: agentd_ingest_overflow_total names their families"
        );
        let event = Event::new(SystemClock.now(), kind, Severity::Warning, "metrics");
        Some(event.with_message(reason))
    }

    /// Waits until nobody else follows logs.
    pub(crate) async fn logs_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.logs_turn.lock().await
    }

    /// Waits until nobody else has the directory of the history.
    pub(crate) async fn history_turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.history_turn.lock().await
    }

    /// Returns what answers questions about the past, if there is a history.
    pub(crate) fn history(&self) -> Option<Reader> {
        lock(&self.history).clone()
    }

    /// Returns the host, as it was sampled last.
    pub(crate) fn host(&self) -> Arc<Samples> {
        Arc::clone(&lock(&self.host))
    }

    /// Returns what was worked out from the last samples.
    pub(crate) fn derived(&self) -> Arc<Samples> {
        Arc::clone(&lock(&self.derived))
    }

    /// Returns the host as plain numbers, as it was sampled last.
    pub(crate) fn snapshot(&self) -> HostSnapshot {
        lock(&self.snapshot).clone()
    }

    /// Follows the moments that are sampled. Who falls behind misses some, and learns how many.
    pub(crate) fn moments(&self) -> broadcast::Receiver<Arc<Moment>> {
        self.moments.subscribe()
    }

    /// Appends what parts tell and what programs brought, as it is now.
    pub(crate) fn collect(&self, out: &mut Samples) {
        for collector in lock(&self.shown).values_mut() {
            // What it appended before it failed counts; the part itself says what is wrong.
            let _ = collector.collect(out);
        }
        let _ = self.ingested().collect(out);
    }

    /// Appends everything in a text format: the host, as it was sampled last, what is registered, and `own`.
    pub(crate) fn write(&self, format: Exposition, own: &Samples, out: &mut String) {
        let (host, derived) = (self.host(), self.derived());
        self.registry.write(format, &[own, &*host, &*derived], out);
    }

    /// Takes over what was sampled of the host.
    fn sampled(&self, samples: Samples, snapshot: HostSnapshot) -> Arc<Samples> {
        let samples = Arc::new(samples);
        *lock(&self.host) = Arc::clone(&samples);
        *lock(&self.snapshot) = snapshot;
        samples
    }

    /// Tells everything that was measured, and what was worked out from it, to those who follow.
    fn tell(&self, mut moment: Moment, derived: Samples) {
        append(&derived, &mut moment.samples);
        *lock(&self.derived) = Arc::new(derived);
        // An error says that nobody follows.
        let _ = self.moments.send(Arc::new(moment));
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}

/// Appends samples to others.
fn append(from: &Samples, to: &mut Samples) {
    for family in from.families() {
        let (name, kind) = (family.name(), family.kind());
        to.family(Family { name, help: family.help(), kind });
        for sample in family.samples() {
            to.push_text(sample.series.strip_prefix(name).unwrap_or_default(), sample.value);
        }
    }
}

/// Declares a gauge.
pub(crate) const fn gauge<'a>(name: &'a str, help: &'a str) -> Family<'a> {
    Family { name, help, kind: Kind::Gauge }
}

/// Declares a counter.
pub(crate) const fn counter<'a>(name: &'a str, help: &'a str) -> Family<'a> {
    Family { name, help, kind: Kind::Counter }
}

/// Returns a count as a sample's value.
#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 the last digits do not matter")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

fn new_ingested(config: &IngestConfig) -> Ingested {
    Ingested::new(config.clone(), "agentd_", Arc::new(SystemClock)).reserve(&OF_PLUGINS)
}

/// Returns what stands behind the name of a series.
fn labels(series: &str) -> &str {
    series.find('{').map_or("", |at| &series[at..])
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A disk that hangs for a minute loses nothing at the usual interval.
const WAITING_MOMENTS: usize = 8;
/// Each takes a thread and the memory of its answer; those that wait take nothing.
const QUESTIONS: usize = 2;
/// Who brings too much does so at each push.
const PAUSE: Duration = Duration::from_hours(1);
/// What names of metrics about plugins begin with. A plugin or a bot has no others of these.
const OF_PLUGINS: [&str; 8] = [
    "plugin_active",
    "plugin_denied_syscalls",
    "plugin_errors",
    "plugin_execution_duration_seconds",
    "plugin_executions",
    "plugin_memory_usage_bytes",
    "plugin_throttled_seconds",
    "plugin_waiting_calls",
];
