//! The host, read from procfs.

mod cgroup;
mod cpu;
mod disk;
mod fields;
mod file;
mod filesystem;
mod kernel;
mod memory;
mod network;
mod parse;
mod pressure;
mod process;
mod protocols;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Clock, Event, Severity, SystemClock, Timestamp};

use self::cgroup::Cgroups;
use self::cpu::Cpu;
use self::disk::Disks;
use self::file::Scratch;
use self::filesystem::{Ask, FileSystems, Statvfs};
use self::kernel::{Conntrack, Files, Load, Uname};
use self::memory::{Memory, Vmstat};
use self::network::Networks;
use self::pressure::Pressures;
use self::process::Processes;
use self::protocols::{Netstat, Sockstat};
use super::{HostConfig, HostPart, HostPaths, HostSnapshot};
use crate::{Collector, Error, Family, Kind, Samples};

/// Collects the host's metrics.
///
/// It is one [`Collector`] with parts that fail one by one; what failed and what came back is kept until
/// [`Host::take_changes`] asks for it.
pub struct Host {
    paths: HostPaths,
    config: HostConfig,
    parts: Vec<Slot>,
    scratch: Scratch,
    snapshot: HostSnapshot,
    clock: Arc<dyn Clock>,
    last: Option<Duration>,
    changes: Vec<HostChange>,
}

impl Host {
    /// Creates a collector. Nothing is read before the first collection.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when the configuration has violations.
    pub fn new(paths: HostPaths, config: HostConfig) -> Result<Self, Error> {
        let violations = config.validate();
        if !violations.is_empty() {
            return Err(Error::Refused { violations });
        }
        Ok(Self {
            parts: parts(&paths, &config, Arc::new(Statvfs)),
            paths,
            config,
            scratch: Scratch::default(),
            snapshot: HostSnapshot::default(),
            clock: Arc::new(SystemClock),
            last: None,
            changes: Vec::new(),
        })
    }

    /// Measures how long collections take, and how far they are apart, by another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Returns the configuration.
    #[must_use]
    pub fn config(&self) -> &HostConfig {
        &self.config
    }

    /// Returns what the last collection read, as plain numbers.
    #[must_use]
    pub fn snapshot(&self) -> &HostSnapshot {
        &self.snapshot
    }

    /// Returns what began to fail and what came back since the last call.
    pub fn take_changes(&mut self) -> Vec<HostChange> {
        std::mem::take(&mut self.changes)
    }
}

impl Collector for Host {
    fn name(&self) -> &'static str {
        "host"
    }

    /// Appends what all parts measure now. It returns no error: what failed is in `node_scrape_collector_success` and
    /// in [`Host::take_changes`].
    fn collect(&mut self, out: &mut Samples) -> Result<(), Error> {
        let now = self.clock.uptime();
        let elapsed = self.last.map(|last| now.saturating_sub(last)).filter(|gap| !gap.is_zero());
        self.last = Some(now);
        self.snapshot = HostSnapshot { elapsed, ..HostSnapshot::default() };
        for slot in &mut self.parts {
            let start = self.clock.uptime();
            let scope =
                Scope { scratch: &mut self.scratch, facts: &mut self.snapshot, out, elapsed };
            let outcome = slot.part.collect(scope);
            slot.took = self.clock.uptime().saturating_sub(start);
            slot.settle(outcome, &mut self.changes);
        }
        // A caller that never asks for changes must not make them pile up.
        let surplus = self.changes.len().saturating_sub(MOST_CHANGES);
        self.changes.drain(..surplus);
        report(&self.parts, out);
        Ok(())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("paths", &self.paths)
            .field("config", &self.config)
            .field("parts", &self.parts)
            .finish_non_exhaustive()
    }
}

/// A part of the host that could no longer be measured, or can be again.
#[derive(Debug)]
#[non_exhaustive]
pub struct HostChange {
    /// The part.
    pub part: HostPart,
    /// Why it cannot be measured, or nothing when it can be again.
    pub error: Option<Error>,
}

impl HostChange {
    /// Returns the event that tells of it.
    #[must_use]
    pub fn event(&self, at: Timestamp) -> Event {
        let part = self.part.as_str();
        let (kind, severity, message) = match &self.error {
            Some(error) => ("metrics.collector.failed", Severity::Warning, chain(error)),
            None => {
                ("metrics.collector.recovered", Severity::Info, format!("{part} is measured again"))
            }
        };
        Event::new(at, kind, severity, "metrics").with_subject(part).with_message(message)
    }
}

/// What a part of the host is given to measure with.
struct Scope<'a> {
    scratch: &'a mut Scratch,
    facts: &'a mut HostSnapshot,
    out: &'a mut Samples,
    /// Since the last collection, when there was one.
    elapsed: Option<Duration>,
}

/// A part of the host. What it appends before it fails counts.
trait Part: fmt::Debug + Send {
    fn collect(&mut self, scope: Scope<'_>) -> Result<(), Error>;
}

#[derive(Debug)]
struct Slot {
    kind: HostPart,
    part: Box<dyn Part>,
    state: State,
    took: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    /// This kernel does not have it, which is no news.
    Absent,
    Works,
    Fails,
}

impl Slot {
    fn new(kind: HostPart, part: impl Part + 'static) -> Self {
        Self { kind, part: Box::new(part), state: State::New, took: Duration::ZERO }
    }

    fn settle(&mut self, outcome: Result<(), Error>, changes: &mut Vec<HostChange>) {
        let next = match &outcome {
            Ok(()) => State::Works,
            Err(error)
                if matches!(self.state, State::New | State::Absent) && error.is_absence() =>
            {
                State::Absent
            }
            Err(_) => State::Fails,
        };
        let before = std::mem::replace(&mut self.state, next);
        let error = match (before, outcome) {
            (State::Fails, Ok(())) => None,
            (State::New | State::Absent | State::Works, Err(error)) if next == State::Fails => {
                Some(error)
            }
            _ => return,
        };
        changes.push(HostChange { part: self.kind, error });
    }
}

fn parts(paths: &HostPaths, config: &HostConfig, ask: Arc<dyn Ask>) -> Vec<Slot> {
    let mut parts = vec![
        Slot::new(HostPart::Cpu, Cpu::new(paths)),
        Slot::new(HostPart::Meminfo, Memory::new(paths)),
        Slot::new(HostPart::Vmstat, Vmstat::new(paths)),
        Slot::new(HostPart::Loadavg, Load::new(paths)),
        Slot::new(HostPart::Filefd, Files::new(paths)),
        Slot::new(HostPart::Uname, Uname),
        Slot::new(HostPart::Pressure, Pressures::new(paths)),
        Slot::new(HostPart::Conntrack, Conntrack::new(paths)),
        Slot::new(HostPart::Diskstats, Disks::new(paths, config)),
        Slot::new(HostPart::Filesystem, FileSystems::new(paths, config, ask)),
        Slot::new(HostPart::Netdev, Networks::new(paths, config)),
        Slot::new(HostPart::Netstat, Netstat::new(paths)),
        Slot::new(HostPart::Sockstat, Sockstat::new(paths)),
        Slot::new(HostPart::Cgroup, Cgroups::new(paths, config)),
        Slot::new(HostPart::Processes, Processes::new(paths, config)),
    ];
    parts.retain(|slot| config.wants(slot.kind));
    parts
}

fn report(parts: &[Slot], out: &mut Samples) {
    out.family(DURATION);
    for slot in parts {
        out.push(&[("collector", slot.kind.as_str())], slot.took.as_secs_f64());
    }
    out.family(SUCCESS);
    for slot in parts {
        let success = f64::from(u8::from(slot.state == State::Works));
        out.push(&[("collector", slot.kind.as_str())], success);
    }
}

fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

const MOST_CHANGES: usize = 64;

const DURATION: Family<'static> = Family {
    name: "node_scrape_collector_duration_seconds",
    help: "How long a collector took at the last collection.",
    kind: Kind::Gauge,
};
const SUCCESS: Family<'static> = Family {
    name: "node_scrape_collector_success",
    help: "Whether a collector could measure at the last collection.",
    kind: Kind::Gauge,
};
