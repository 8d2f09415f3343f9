//! What programs told last.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::RandomState;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wardkit_core::Clock;

use super::body::{Building, Sample};
use super::parse::parse_with;
use super::whole::in_order;
use super::{IngestConfig, IngestError};
use crate::{Collector, Error, Family, Kind, Samples};

/// What programs told last, shared by who takes it in and who shows it. A clone is the same store.
///
/// Takes its lock for as long as it takes to set the values of one body; bodies are read before.
#[derive(Clone)]
pub struct Ingested {
    limits: Arc<IngestConfig>,
    clock: Arc<dyn Clock>,
    prefix: Arc<str>,
    /// What else names begin with that nobody may push.
    others: &'static [&'static str],
    hashes: RandomState,
    state: Arc<Mutex<State>>,
}

/// What became of a body that was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// Samples that were set.
    pub samples: usize,
    /// Samples left out because there are too many series.
    pub overflowed: usize,
    /// Samples left out because their family has a name of the program's own.
    pub reserved: usize,
    /// Samples left out because another push has a family of this name that measures something else.
    pub conflicting: usize,
}

#[derive(Default)]
struct State {
    families: BTreeMap<String, Kept>,
    series: usize,
    pushes: u64,
    refused: u64,
    expired: u64,
    overflowed: Tally,
    reserved: Tally,
    conflicting: Tally,
    next_sweep: Duration,
}

struct Kept {
    help: String,
    kind: Kind,
    series: Vec<Series>,
    index: HashMap<Arc<str>, usize>,
}

struct Series {
    rest: Arc<str>,
    group: u64,
    bound: Option<f64>,
    value: f64,
    pushed: Duration,
}

/// Counts by family, of which only so many have a line of their own.
#[derive(Default)]
struct Tally(BTreeMap<String, u64>);

impl Ingested {
    /// Creates an empty store. Names of its own metrics begin with `prefix`, and so may no family that is pushed.
    #[must_use]
    pub fn new(limits: IngestConfig, prefix: &str, clock: Arc<dyn Clock>) -> Self {
        Self {
            limits: Arc::new(limits),
            clock,
            prefix: prefix.into(),
            others: &[],
            hashes: RandomState::new(),
            state: Arc::default(),
        }
    }

    /// Keeps names that begin so for the program, too: those of its own metrics that do not begin with its prefix.
    #[must_use]
    pub fn reserve(self, names: &'static [&'static str]) -> Self {
        Self { others: names, ..self }
    }

    /// Returns the same store with other limits, which hold for what is pushed through it from now on.
    #[must_use]
    pub fn with_limits(&self, limits: IngestConfig) -> Self {
        Self { limits: Arc::new(limits), ..self.clone() }
    }

    /// Takes a body in, whole or not at all.
    ///
    /// # Errors
    ///
    /// Returns what [`parse`](super::parse) does; nothing of the body was taken then.
    pub fn push(&self, body: &[u8]) -> Result<Accepted, IngestError> {
        let parsed = parse_with(body, &self.limits, self.hashes.clone());
        let now = self.clock.uptime();
        let mut state = self.state();
        let pushed = parsed.inspect_err(|_| state.refused += 1)?;
        state.pushes += 1;
        state.sweep(now, self.limits.expire_after);
        let mut accepted = Accepted::default();
        for family in pushed.families {
            let count = family.samples.len() + family.surplus;
            if self.is_reserved(&family.name) {
                accepted.reserved += count;
                state.reserved.add(&family.name, count);
            } else if state.clashes(&family.name, family.kind) {
                accepted.conflicting += count;
                state.conflicting.add(&family.name, count);
            } else {
                let surplus = state.set(&family, &pushed.text, now, &self.limits);
                accepted.samples += count - surplus;
                accepted.overflowed += surplus;
                state.overflowed.add(&family.name, surplus);
            }
        }
        Ok(accepted)
    }

    /// Returns how many series there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state().series
    }

    /// Tells whether there is no series.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn is_reserved(&self, name: &str) -> bool {
        let is_own = !self.prefix.is_empty() && name.starts_with(&*self.prefix);
        is_own || RESERVED.iter().chain(self.others).any(|prefix| name.starts_with(prefix))
    }

    /// Nothing that holds the lock leaves a family half set but by a panic, and then its other values are as good.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for Ingested {
    fn name(&self) -> &'static str {
        "ingest"
    }

    fn collect(&mut self, out: &mut Samples) -> Result<(), Error> {
        let now = self.clock.uptime();
        let mut state = self.state();
        state.sweep(now, self.limits.expire_after);
        for (name, kept) in &state.families {
            out.family(Family { name, help: &kept.help, kind: kept.kind });
            for series in &kept.series {
                out.push_text(&series.rest, series.value);
            }
        }
        state.own(&self.prefix, out);
        Ok(())
    }
}

impl std::fmt::Debug for Ingested {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ingested")
            .field("limits", &self.limits)
            .field("series", &self.len())
            .finish_non_exhaustive()
    }
}

impl State {
    /// Sets the values of a family and returns for how many samples there was no room.
    fn set(
        &mut self,
        family: &Building,
        text: &str,
        now: Duration,
        limits: &IngestConfig,
    ) -> usize {
        let is_known = self.families.contains_key(&family.name);
        if !is_known && self.families.len() >= limits.max_families {
            return family.samples.len() + family.surplus;
        }
        let kept = self.families.entry(family.name.clone()).or_insert_with(|| Kept {
            help: String::new(),
            kind: family.kind,
            series: Vec::new(),
            index: HashMap::new(),
        });
        kept.kind = family.kind;
        if !family.help.is_empty() {
            kept.help.clone_from(&family.help);
        }
        let (mut surplus, mut has_grown) = (family.surplus, false);
        // The samples of one histogram find room together or not at all.
        for group in family.samples.chunk_by(|one, next| one.group != 0 && one.group == next.group)
        {
            let is_new = |sample: &&Sample| !kept.index.contains_key(sample.rest(text));
            let new = group.iter().filter(is_new).count();
            let has_room = kept.series.len() + new <= limits.max_series_per_family
                && self.series + new <= limits.max_series;
            has_grown |= (1..group.len()).contains(&new);
            for sample in group {
                if !kept.set(sample, text, now, has_room) {
                    surplus += 1;
                }
            }
            self.series += if has_room { new } else { 0 };
        }
        if family.kind == Kind::Histogram {
            self.series -= kept.settle(family, now, has_grown);
        }
        if kept.series.is_empty() {
            self.families.remove(&family.name);
        }
        surplus
    }

    /// Tells whether a family would hide another, or be mistaken for a part of it.
    fn clashes(&self, name: &str, kind: Kind) -> bool {
        let is_whole = |kind: Kind| matches!(kind, Kind::Histogram | Kind::Summary);
        let hides = PARTS.iter().filter_map(|part| name.strip_suffix(part));
        let mut wholes = hides.filter_map(|base| self.families.get(base));
        self.families.get(name).is_some_and(|kept| kept.kind != kind)
            || wholes.any(|kept| is_whole(kept.kind))
            || (is_whole(kind)
                && PARTS.iter().any(|part| self.families.contains_key(&format!("{name}{part}"))))
    }

    /// Forgets what nobody pushed for too long. Looks at a tenth of that time at most.
    fn sweep(&mut self, now: Duration, expire_after: Duration) {
        if now < self.next_sweep {
            return;
        }
        self.next_sweep = now + expire_after / 10;
        let (mut left, mut expired) = (0, 0);
        self.families.retain(|_, kept| {
            let before = kept.series.len();
            kept.series.retain(|series| now.saturating_sub(series.pushed) <= expire_after);
            if kept.series.len() < before {
                kept.find_places();
            }
            left += kept.series.len();
            expired += before - kept.series.len();
            !kept.series.is_empty()
        });
        self.series = left;
        self.expired += expired as u64;
    }

    /// Appends what there is to say about the pushes themselves.
    fn own(&self, prefix: &str, out: &mut Samples) {
        let name = |rest: &str| format!("{prefix}ingest_{rest}");
        let counter = |name: &str, help: &str, out: &mut Samples| {
            out.family(Family { name, help, kind: Kind::Counter });
        };
        counter(&name("pushes_total"), "Bodies that programs pushed.", out);
        out.push(&[("outcome", "taken")], to_f64(self.pushes));
        out.push(&[("outcome", "refused")], to_f64(self.refused));
        let series = name("series");
        let held =
            Family { name: &series, help: "Series that programs pushed.", kind: Kind::Gauge };
        out.single(held, to_f64(self.series as u64));
        counter(&name("expired_total"), "Series that no push had for too long.", out);
        out.push(&[], to_f64(self.expired));
        for (rest, help, tally) in [
            ("overflow_total", "Pushed samples without room among the series.", &self.overflowed),
            ("reserved_total", "Pushed samples with a name of the program's own.", &self.reserved),
            ("conflicts_total", "Pushed samples whose family is another's.", &self.conflicting),
        ] {
            counter(&name(rest), help, out);
            for (family, count) in &tally.0 {
                out.push(&[("family", family)], to_f64(*count));
            }
        }
    }
}

impl Kept {
    /// Sets a series, a new one only if it has room. Tells whether it is set.
    fn set(&mut self, sample: &Sample, text: &str, now: Duration, has_room: bool) -> bool {
        let Sample { group, bound, value, .. } = *sample;
        let rest = sample.rest(text);
        if let Some(series) = self.index.get(rest).and_then(|at| self.series.get_mut(*at)) {
            series.value = value;
            series.pushed = now;
            return true;
        }
        if has_room {
            let rest: Arc<str> = rest.into();
            self.index.insert(Arc::clone(&rest), self.series.len());
            self.series.push(Series { rest, group, bound, value, pushed: now });
        }
        has_room
    }

    /// Forgets what an earlier push says of the histograms of this one: a bot that comes back with other buckets has
    /// none of the old. Keeps each histogram together, and returns how many series are gone.
    fn settle(&mut self, family: &Building, now: Duration, has_grown: bool) -> usize {
        let pushed: HashSet<u64> = family.samples.iter().map(|sample| sample.group).collect();
        let before = self.series.len();
        self.series.retain(|series| series.pushed == now || !pushed.contains(&series.group));
        let gone = before - self.series.len();
        if gone > 0 || has_grown {
            in_order(&mut self.series, |series| (series.group, series.bound));
            self.find_places();
        }
        gone
    }

    fn find_places(&mut self) {
        self.index.clear();
        let places = self.series.iter().enumerate();
        self.index.extend(places.map(|(at, series)| (Arc::clone(&series.rest), at)));
        self.series.shrink_to_fit();
        self.index.shrink_to_fit();
    }
}

impl Tally {
    fn add(&mut self, family: &str, count: usize) {
        if count == 0 {
            return;
        }
        let has_line = self.0.len() < LINES || self.0.contains_key(family);
        let line = if has_line { family } else { OTHERS };
        *self.0.entry(line.to_owned()).or_default() += count as u64;
    }
}

#[expect(clippy::cast_precision_loss, reason = "no count comes near 2^53")]
fn to_f64(count: u64) -> f64 {
    count as f64
}

/// Beginnings of names that only the host's own collectors have.
const RESERVED: [&str; 3] = ["cgroup_", "node_", "process_"];

/// What the samples of a histogram or a summary may have behind the family's name.
const PARTS: [&str; 3] = ["_bucket", "_count", "_sum"];

/// Families that are counted by name.
const LINES: usize = 100;

/// Stands for all families beyond; no family has this name.
const OTHERS: &str = "(other)";
