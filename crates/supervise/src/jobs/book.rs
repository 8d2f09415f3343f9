//! All jobs at a glance, by when they are due.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Timestamp;

use super::{DeadLetter, Job, JobState};
use crate::Now;

/// All jobs.
#[derive(Debug)]
pub(super) struct Book {
    entries: BTreeMap<u64, Entry>,
    ids: HashMap<Arc<str>, u64>,
    /// When waiting ones are due and leases end, since the boot.
    waiting: BTreeSet<(Duration, u64)>,
    leased: BTreeSet<(Duration, u64)>,
    done: BTreeSet<(Timestamp, u64)>,
    last_id: u64,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: Arc<str>,
    pub(super) attempts: u32,
    pub(super) state: State,
}

/// How far a job is; times since the boot are measured, the others are for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Waiting { due: Duration },
    Leased { until: Duration },
    Done { at: Timestamp },
    Dead { at: Timestamp, why: String },
}

impl Entry {
    pub(super) fn new(key: &str, state: State) -> Self {
        Self { key: key.into(), attempts: 0, state }
    }

    pub(super) fn of(job: &Job) -> Self {
        let state = match job.state {
            JobState::Waiting | JobState::Leased => State::Waiting { due: Duration::ZERO },
            JobState::Done => State::Done { at: job.due },
            JobState::Dead => State::Dead { at: job.due, why: job.why.clone() },
        };
        Self { key: job.key.as_str().into(), attempts: job.attempts, state }
    }

    /// Returns what is kept of it.
    pub(super) fn job(&self, id: u64, now: Now) -> Job {
        let (state, due, why) = match &self.state {
            State::Waiting { due } => {
                let wait = due.saturating_sub(now.boot);
                (JobState::Waiting, now.wall.saturating_add(wait), "")
            }
            State::Leased { .. } => (JobState::Leased, now.wall, ""),
            State::Done { at } => (JobState::Done, *at, ""),
            State::Dead { at, why } => (JobState::Dead, *at, why.as_str()),
        };
        let (key, attempts, why) = (self.key.to_string(), self.attempts, why.to_owned());
        Job { id, key, state, attempts, due, why }
    }
}

impl Book {
    pub(super) fn new(last_id: u64) -> Self {
        Self {
            entries: BTreeMap::new(),
            ids: HashMap::new(),
            waiting: BTreeSet::new(),
            leased: BTreeSet::new(),
            done: BTreeSet::new(),
            last_id,
        }
    }

    pub(super) fn put(&mut self, id: u64, entry: Entry) {
        self.remove(id);
        match &entry.state {
            State::Waiting { due } => drop(self.waiting.insert((*due, id))),
            State::Leased { until } => drop(self.leased.insert((*until, id))),
            State::Done { at } => drop(self.done.insert((*at, id))),
            State::Dead { .. } => {}
        }
        self.ids.insert(entry.key.clone(), id);
        self.entries.insert(id, entry);
        self.last_id = self.last_id.max(id);
    }

    pub(super) fn remove(&mut self, id: u64) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.ids.remove(&entry.key);
        match entry.state {
            State::Waiting { due } => drop(self.waiting.remove(&(due, id))),
            State::Leased { until } => drop(self.leased.remove(&(until, id))),
            State::Done { at } => drop(self.done.remove(&(at, id))),
            State::Dead { .. } => {}
        }
    }

    pub(super) fn get(&self, id: u64) -> Option<&Entry> {
        self.entries.get(&id)
    }

    pub(super) fn id_of(&self, key: &str) -> Option<u64> {
        self.ids.get(key).copied()
    }

    pub(super) const fn last_id(&self) -> u64 {
        self.last_id
    }

    /// Returns how many are not done.
    pub(super) fn unfinished(&self) -> usize {
        self.entries.len() - self.done.len()
    }

    /// Returns how many wait or are being done.
    pub(super) fn open(&self) -> usize {
        self.waiting.len() + self.leased.len()
    }

    pub(super) fn due(&self, boot: Duration) -> Option<(u64, Entry)> {
        self.first(&self.waiting, boot)
    }

    pub(super) fn overdue(&self, boot: Duration) -> Option<(u64, Entry)> {
        self.first(&self.leased, boot)
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        let first = [self.waiting.first(), self.leased.first()];
        first.into_iter().flatten().map(|(due, _)| *due).min()
    }

    pub(super) fn done_before(&self, at: Timestamp) -> Vec<u64> {
        self.done.range(..(at, 0)).map(|(_, id)| *id).collect()
    }

    pub(super) fn dead_letters(&self) -> Vec<DeadLetter> {
        let letter = |(id, entry): (&u64, &Entry)| match &entry.state {
            State::Dead { at, why } => Some(DeadLetter {
                id: *id,
                key: entry.key.to_string(),
                attempts: entry.attempts,
                at: *at,
                why: why.clone(),
            }),
            _ => None,
        };
        self.entries.iter().filter_map(letter).collect()
    }

    fn first(&self, of: &BTreeSet<(Duration, u64)>, boot: Duration) -> Option<(u64, Entry)> {
        let (due, id) = of.first()?;
        (*due <= boot).then(|| self.entries.get(id).map(|entry| (*id, entry.clone())))?
    }
}
