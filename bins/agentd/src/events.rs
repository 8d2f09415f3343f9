//! What happened lately: every event is logged, counted, kept for the views, and put on the audit trail where it
//! matters.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;
use wardkit_core::{Event, Severity};
use wardkit_metrics::Samples;

use crate::telemetry::{counter, float};
use crate::trail::Recorder;

/// The daemon's events. Cloning gives another handle to the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    recent: Mutex<VecDeque<Event>>,
    counts: [AtomicU64; Severity::ALL.len()],
    recorder: Recorder,
    followers: broadcast::Sender<Event>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            recent: Mutex::default(),
            counts: Default::default(),
            recorder: Recorder::default(),
            followers: broadcast::Sender::new(WAITING),
        }
    }
}

impl Events {
    /// Puts events on the trail through this recorder.
    pub(crate) fn recorded(recorder: Recorder) -> Self {
        Self(Arc::new(Inner { recorder, ..Inner::default() }))
    }

    /// Returns what puts entries on the trail.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.0.recorder
    }

    /// Follows the events from now on. Who falls behind misses some, and learns how many.
    pub(crate) fn follow(&self) -> broadcast::Receiver<Event> {
        self.0.followers.subscribe()
    }

    /// Takes an event in: logs it, counts it, puts it on the trail, and keeps it until [`KEPT`] newer ones have come.
    pub(crate) fn publish(&self, event: Event) {
        log(&event);
        if event.severity >= Severity::Notice || event.kind.as_str().starts_with("integrity.") {
            self.0.recorder.record(crate::trail::entry_of(&event));
        }
        if let Some(index) = Severity::ALL.iter().position(|severity| *severity == event.severity) {
            self.0.counts[index].fetch_add(1, Ordering::Relaxed);
        }
        // An error says that nobody follows.
        let _ = self.0.followers.send(event.clone());
        let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == KEPT {
            recent.pop_front();
        }
        recent.push_back(event);
    }

    /// Returns the events that are kept, oldest first.
    pub(crate) fn recent(&self) -> Vec<Event> {
        self.0.recent.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Appends the counter of events by severity.
    pub(crate) fn collect(&self, out: &mut Samples) {
        let (name, help) = ("agentd_events_total", "Events by severity.");
        out.family(counter(name, help));
        for (severity, count) in Severity::ALL.iter().zip(&self.0.counts) {
            out.push(&[("severity", severity.as_str())], float(count.load(Ordering::Relaxed)));
        }
    }
}

fn log(event: &Event) {
    let details = event
        .details
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join(" ");
    let Event { kind, source, subject, message, .. } = event;
    let kind = kind.as_str();
    match event.severity {
        Severity::Critical | Severity::Error => {
            tracing::error!(kind, %source, subject, details, reason = message, "event");
        }
        Severity::Warning => {
            tracing::warn!(kind, %source, subject, details, reason = message, "event");
        }
        _ => tracing::info!(kind, %source, subject, details, reason = message, "event"),
    }
}

/// As many as an operator reads on one page.
const KEPT: usize = 100;
/// Room for a scan that finds as many changed files.
const WAITING: usize = 1024;
