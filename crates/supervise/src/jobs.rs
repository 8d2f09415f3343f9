//! Work that is finished once, whatever dies meanwhile: a journal of tasks with attempts, leases and dead letters.
//!
//! ```
//! use std::time::Duration;
//! use wardkit_supervise::Now;
//! use wardkit_supervise::jobs::{Jobs, JobsConfig, MemoryStore};
//!
//! let mut now = Now::default();
//! let store = MemoryStore::default();
//! let mut jobs = Jobs::open(Box::new(store.clone()), JobsConfig::default(), now)?;
//! jobs.submit("invoice 4711", b"to ann", now)?;
//! jobs.submit("invoice 4711", b"to ann", now)?; // a retry of the caller: nothing is added
//! let leased = jobs.next(now)?.expect("it is due");
//! assert_eq!(leased.payload, b"to ann");
//! drop(jobs); // killed in the middle of it
//!
//! now.boot += Duration::from_secs(5);
//! let mut jobs = Jobs::open(Box::new(store), JobsConfig::default(), now)?;
//! let again = jobs.next(now)?.expect("it was interrupted");
//! assert_eq!((&*again.key, again.attempt), ("invoice 4711", 2));
//! jobs.done(&again, now)?;
//! assert!(jobs.next(now)?.is_none());
//! # Ok::<(), wardkit_supervise::jobs::JobError>(())
//! ```
//!
//! A job is done *at least* once: what was cut off after its effect and before [`Jobs::done`] is attempted again. Pass
//! [`Leased::key`] on as idempotency key to whatever the job calls, and it is done once.
//!
//! An attempt counts when it is leased, before any work. So a job that kills the program counts its victims too: after
//! [`JobsConfig::most_attempts`] it is a [`DeadLetter`], and the rest goes on.

mod book;
mod error;
mod store;

use std::fmt;
use std::time::Duration;

use wardkit_core::Timestamp;

use crate::{BackoffConfig, Now, Violation};
use book::{Book, Entry, State};
pub use error::JobError;
pub use store::{Change, Durability, Job, JobState, MemoryStore, Store, StoreError};

/// The journal.
///
/// It is driven by whoever works: each call takes the time, does what it must in the store, and returns. Nothing
/// happens in between.
pub struct Jobs {
    store: Box<dyn Store>,
    config: JobsConfig,
    book: Book,
}

/// How jobs are attempted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct JobsConfig {
    /// How often a job is attempted before it is a dead letter.
    pub most_attempts: u32,
    /// How long an attempt may take unless it is extended; then it counts as failed.
    pub lease: Duration,
    /// How long a job waits after a failed attempt.
    pub backoff: BackoffConfig,
    /// How long the key of a job that is done is remembered, so that it is not added again.
    pub remember: Duration,
    /// How many jobs and dead letters there may be.
    pub most_jobs: usize,
    /// How many bytes a payload may have.
    pub most_payload: usize,
}

impl Default for JobsConfig {
    fn default() -> Self {
        Self {
            most_attempts: 5,
            lease: Duration::from_mins(1),
            backoff: BackoffConfig { first: Duration::from_secs(1), ..BackoffConfig::default() },
            remember: Duration::from_hours(24),
            most_jobs: 100_000,
            most_payload: 1 << 20,
        }
    }
}

impl JobsConfig {
    /// Returns everything that is wrong with it.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut check = |is_wrong: bool, key: &str, reason: &str| {
            if is_wrong {
                found.push(Violation::new(key, reason));
            }
        };
        check(self.most_attempts == 0, "most_attempts", "is 0: nothing would be attempted");
        check(self.lease.is_zero(), "lease", "is 0: every attempt would be late");
        check(self.most_jobs == 0, "most_jobs", "is 0: nothing would be taken");
        found
    }
}

/// What became of a job that was submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Submitted {
    /// It was added.
    Added(u64),
    /// There is one of this key: it waits, is being done, was done a while ago, or is a dead letter.
    Known(u64),
}

/// A job that is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leased {
    /// Its number.
    pub id: u64,
    /// Its key: hand it on, so that what it does twice has one effect.
    pub key: String,
    /// What was submitted.
    pub payload: Vec<u8>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

/// A job that failed too often.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Its number.
    pub id: u64,
    /// Its key.
    pub key: String,
    /// How often it was attempted.
    pub attempts: u32,
    /// When it failed last.
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

impl Jobs {
    /// Takes up the journal as it was left. Jobs that were being done are attempted again: nobody else may use the
    /// store, so whoever did them is gone.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written.
    pub fn open(mut store: Box<dyn Store>, config: JobsConfig, now: Now) -> Result<Self, JobError> {
        let (jobs, last_id) = store.load()?;
        let mut book = Book::new(last_id);
        let mut changes = Vec::new();
        for job in jobs {
            let mut entry = Entry::of(&job);
            if job.state == JobState::Leased {
                // It was cut off: that attempt has failed, and the next one need not wait.
                let why = "the program ended during the attempt";
                entry.state = after(&config, &entry, now, why, Duration::ZERO);
                changes.push(Change::Set(entry.job(job.id, now)));
            } else if let State::Waiting { .. } = entry.state {
                // The clock may have been set: no wait is longer than it was.
                let rest = job.due.duration_since(now.wall).unwrap_or_default();
                let rest = rest.min(config.backoff.longest_wait(entry.attempts));
                entry.state = State::Waiting { due: now.boot.saturating_add(rest) };
            }
            book.put(job.id, entry);
        }
        if !changes.is_empty() {
            store.commit(&changes, Durability::Full)?;
        }
        Ok(Self { store, config, book })
    }

    /// Adds a job, unless there is one of this key. When this returns it outlives a loss of power.
    ///
    /// # Errors
    ///
    /// [`JobError::TooLarge`], [`JobError::Full`], or when the store cannot be written; nothing was added then.
    pub fn submit(&mut self, key: &str, payload: &[u8], now: Now) -> Result<Submitted, JobError> {
        if key.is_empty() || key.len() > MOST_KEY || payload.len() > self.config.most_payload {
            return Err(JobError::TooLarge);
        }
        if let Some(id) = self.book.id_of(key) {
            return Ok(Submitted::Known(id));
        }
        self.forget_done(now)?;
        if self.book.unfinished() >= self.config.most_jobs {
            return Err(JobError::Full { most: self.config.most_jobs });
        }
        let id = self.book.last_id().saturating_add(1);
        let entry = Entry::new(key, State::Waiting { due: now.boot });
        let job = entry.job(id, now);
        self.store.commit(&[Change::Add(job, payload)], Durability::Full)?;
        self.book.put(id, entry);
        Ok(Submitted::Added(id))
    }

    /// Leases the job that has waited longest of those that are due. Call it again at once after each job, and at
    /// [`next_due`](Self::next_due).
    ///
    /// # Errors
    ///
    /// When the store cannot be read or written; nothing was leased then.
    pub fn next(&mut self, now: Now) -> Result<Option<Leased>, JobError> {
        self.end_leases(now)?;
        let Some((id, mut entry)) = self.book.due(now.boot) else { return Ok(None) };
        entry.attempts = entry.attempts.saturating_add(1);
        entry.state = State::Leased { until: now.boot.saturating_add(self.config.lease) };
        let Some(payload) = self.store.payload(id)? else {
            // What was submitted is lost: that is for people to know.
            entry.state = State::Dead { at: now.wall, why: "its payload is lost".to_owned() };
            self.set(id, entry, now, Durability::Full)?;
            return self.next(now);
        };
        let leased = Leased { id, key: entry.key.to_string(), payload, attempt: entry.attempts };
        self.set(id, entry, now, Durability::Quick)?;
        Ok(Some(leased))
    }

    /// Gives an attempt the whole time of a lease once more.
    ///
    /// # Errors
    ///
    /// [`JobError::LeaseLost`] when it came too late: stop working, another attempt may be under way.
    pub fn extend(&mut self, leased: &Leased, now: Now) -> Result<(), JobError> {
        let mut entry = self.held(leased, now)?;
        entry.state = State::Leased { until: now.boot.saturating_add(self.config.lease) };
        self.book.put(leased.id, entry);
        Ok(())
    }

    /// Says that a job is done. When this returns it is not attempted again, even after a loss of power.
    ///
    /// # Errors
    ///
    /// [`JobError::LeaseLost`] when it came too late: it is attempted again. Others when the store cannot be written.
    pub fn done(&mut self, leased: &Leased, now: Now) -> Result<(), JobError> {
        let mut entry = self.held(leased, now)?;
        entry.state = State::Done { at: now.wall };
        self.set(leased.id, entry, now, Durability::Full)
    }

    /// Says that an attempt has failed. The job is attempted again later, or is a dead letter now.
    ///
    /// # Errors
    ///
    /// As [`done`](Self::done).
    pub fn failed(&mut self, leased: &Leased, why: &str, now: Now) -> Result<(), JobError> {
        let entry = self.held(leased, now)?;
        self.fail(leased.id, entry, why, now)
    }

    /// Returns the time since the boot at which [`next`](Self::next) has something to do; `None` when nothing waits.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        self.book.next_due()
    }

    /// Returns how many jobs wait or are being done.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.book.open()
    }

    /// Returns the dead letters, oldest jobs first.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.book.dead_letters()
    }

    /// Has a dead letter attempted again as if it were new.
    ///
    /// # Errors
    ///
    /// [`JobError::Unknown`] when there is no such dead letter; others when the store cannot be written.
    pub fn replay(&mut self, id: u64, now: Now) -> Result<(), JobError> {
        let mut entry = self.dead(id)?;
        entry.attempts = 0;
        entry.state = State::Waiting { due: now.boot };
        self.set(id, entry, now, Durability::Full)
    }

    /// Drops a dead letter; its key may be submitted again.
    ///
    /// # Errors
    ///
    /// As [`replay`](Self::replay).
    pub fn discard(&mut self, id: u64) -> Result<(), JobError> {
        self.dead(id)?;
        self.store.commit(&[Change::Remove(id)], Durability::Full)?;
        self.book.remove(id);
        Ok(())
    }

    /// Returns the entry of a job that is leased as it says.
    fn held(&self, leased: &Leased, now: Now) -> Result<Entry, JobError> {
        let entry = self.book.get(leased.id).filter(|entry| entry.attempts == leased.attempt);
        let is_held = |entry: &&Entry| match entry.state {
            State::Leased { until } => until > now.boot,
            _ => false,
        };
        entry.filter(is_held).cloned().ok_or(JobError::LeaseLost)
    }

    fn dead(&self, id: u64) -> Result<Entry, JobError> {
        let is_dead = |entry: &&Entry| matches!(entry.state, State::Dead { .. });
        self.book.get(id).filter(is_dead).cloned().ok_or(JobError::Unknown { id })
    }

    /// Counts attempts that took too long as failed.
    fn end_leases(&mut self, now: Now) -> Result<(), JobError> {
        while let Some((id, entry)) = self.book.overdue(now.boot) {
            self.fail(id, entry, "it took longer than its lease", now)?;
        }
        Ok(())
    }

    fn fail(&mut self, id: u64, mut entry: Entry, why: &str, now: Now) -> Result<(), JobError> {
        // Chance is not needed: each job's wait is spread by its own number.
        let seed = id.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(entry.attempts);
        let wait = self.config.backoff.wait(entry.attempts, seed);
        entry.state = after(&self.config, &entry, now, why, wait);
        let durability = match entry.state {
            State::Dead { .. } => Durability::Full,
            _ => Durability::Quick,
        };
        self.set(id, entry, now, durability)
    }

    fn set(
        &mut self,
        id: u64,
        entry: Entry,
        now: Now,
        durability: Durability,
    ) -> Result<(), JobError> {
        self.store.commit(&[Change::Set(entry.job(id, now))], durability)?;
        self.book.put(id, entry);
        Ok(())
    }

    /// Forgets jobs that were done long ago.
    fn forget_done(&mut self, now: Now) -> Result<(), JobError> {
        let old = self.book.done_before(now.wall.saturating_sub(self.config.remember));
        if old.is_empty() {
            return Ok(());
        }
        let changes: Vec<Change<'_>> = old.iter().map(|id| Change::Remove(*id)).collect();
        self.store.commit(&changes, Durability::Quick)?;
        for id in old {
            self.book.remove(id);
        }
        Ok(())
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs").field("config", &self.config).finish_non_exhaustive()
    }
}

/// Returns what becomes of a job whose attempt has failed.
fn after(config: &JobsConfig, entry: &Entry, now: Now, why: &str, wait: Duration) -> State {
    if entry.attempts >= config.most_attempts {
        let why = why.chars().take(MOST_REASON).collect();
        return State::Dead { at: now.wall, why };
    }
    State::Waiting { due: now.boot.saturating_add(wait) }
}

/// A key is a name and not the thing itself.
const MOST_KEY: usize = 256;
/// As much as people read.
const MOST_REASON: usize = 1_000;
