//! What is told of services to whoever asks.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use wardkit_core::{Event, Timestamp, Value};
use wardkit_supervise::{Explanation, State};

/// What a service is, why, what comes next, what happened to it, and what it wrote last.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Explained {
    /// What it is, why, and what comes next.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// What else is to be known, in sentences: limits that this host cannot enforce.
    pub notes: Vec<String>,
    /// What happened to it lately, oldest first.
    pub events: Vec<EventNote>,
    /// Where its output is kept.
    pub log_path: Option<PathBuf>,
    /// The last lines of its output.
    pub log: Vec<String>,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.explanation.fmt(f)?;
        for note in &self.notes {
            write!(f, "\n  {note}")?;
        }
        for event in self.events.iter().rev() {
            write!(f, "\n  {} {}", event.at, event.kind)?;
            if !event.message.is_empty() {
                write!(f, ": {}", event.message)?;
            }
        }
        if let Some(path) = self.log_path.as_ref().filter(|_| !self.log.is_empty()) {
            write!(f, "\n  last lines of {}:", path.display())?;
        }
        for line in &self.log {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}

/// Something that happened to a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EventNote {
    /// When.
    pub at: Timestamp,
    /// What, for programs: `supervise.crash_loop`.
    pub kind: String,
    /// How much it matters: `info`, `warning`.
    pub severity: String,
    /// What, for people.
    pub message: String,
}

/// Numbers of a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ServiceMetrics {
    /// Its name.
    pub name: String,
    /// How it is.
    #[serde(flatten)]
    pub state: State,
    /// How often it was started again.
    pub restarts: u64,
    /// How long its present run has been going.
    pub uptime: Option<Duration>,
    /// How often it ended since this program runs, by reason: `code`, `oom`.
    pub exits: BTreeMap<String, u64>,
    /// How often a probe failed since this program runs.
    pub probe_failures: u64,
    /// How many system calls its sandbox has denied it, as far as this program was told; `None` without a sandbox.
    pub denied_calls: Option<u64>,
}

/// What became of the output of all services since this program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LogMetrics {
    /// Bytes that were taken from services.
    pub bytes: u64,
    /// Lines that are missing in logs; the logs say where.
    pub left_out: u64,
    /// Attempts to write a log that failed.
    pub failures: u64,
}

/// What was told of a service while this program runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) events: VecDeque<EventNote>,
    pub(crate) exits: BTreeMap<String, u64>,
    pub(crate) probe_failures: u64,
    /// Denied calls of earlier runs.
    denied_before: u64,
    /// The latest run of which some were told, and how many.
    denied_now: (i64, u64),
}

impl Told {
    pub(crate) fn note(&mut self, event: &Event) {
        match event.kind.as_str() {
            "supervise.exited" => {
                if let Some(Value::Text(reason)) = event.details.get("reason") {
                    *self.exits.entry(reason.clone()).or_default() += 1;
                }
            }
            "supervise.probe_failed" => self.probe_failures += 1,
            "supervise.sandbox_denied" => self.note_denied(event),
            _ => {}
        }
        if self.events.len() >= MOST_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(EventNote {
            at: event.at,
            kind: event.kind.to_string(),
            severity: event.severity.to_string(),
            message: event.message.clone(),
        });
    }

    pub(crate) fn denied_calls(&self) -> u64 {
        self.denied_before.saturating_add(self.denied_now.1)
    }

    /// What is told of a run counts from its start.
    fn note_denied(&mut self, event: &Event) {
        let number = |name: &str| match event.details.get(name) {
            Some(Value::Int(number)) => *number,
            _ => 0,
        };
        let (run, total) = (number("generation"), number("denied_total").unsigned_abs());
        if run == self.denied_now.0 {
            self.denied_now.1 = self.denied_now.1.max(total);
        } else {
            self.denied_before = self.denied_calls();
            self.denied_now = (run, total);
        }
    }
}

/// As many as one reads at a glance; a thousand services keep them all.
const MOST_EVENTS: usize = 20;
