//! Where jobs are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use wardkit_core::Timestamp;

/// Where jobs are kept. [`Jobs`](super::Jobs) calls it, from whoever calls that, for every change; it may block.
pub trait Store: Send {
    /// Returns all jobs and the highest number that any job ever had.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    fn load(&mut self) -> Result<(Vec<Job>, u64), StoreError>;

    /// Returns what was submitted with a job; nothing where it is not there any more.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn payload(&mut self, id: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// Makes changes, all of them or none.
    ///
    /// # Errors
    ///
    /// When they cannot be kept; nothing is changed then.
    fn commit(&mut self, changes: &[Change<'_>], durability: Durability) -> Result<(), StoreError>;
}

/// What a change must outlive.
///
/// Exhaustive on purpose: every store must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A loss of power.
    Full,
    /// The death of the program.
    Quick,
}

/// A change of what is kept.
///
/// Exhaustive on purpose: every store must make each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// Keep a new job and what was submitted with it.
    Add(Job, &'a [u8]),
    /// Keep this of a job that is there; what was submitted with one that is done may go.
    Set(Job),
    /// Keep nothing of a job any more but that its number was used.
    Remove(u64),
}

/// What is kept of a job besides what was submitted with it.
///
/// Exhaustive on purpose: whatever a store forgets is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its number, which no other job ever has.
    pub id: u64,
    /// Its key, which no other job that is kept has.
    pub key: String,
    /// How far it is.
    pub state: JobState,
    /// How often it was attempted.
    pub attempts: u32,
    /// When it is due, while it waits; when it was done or failed for good; otherwise the beginning of the attempt.
    pub due: Timestamp,
    /// Why it is a dead letter; empty where it is none.
    pub why: String,
}

/// How far a job is.
///
/// Exhaustive on purpose: there is nothing else that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// It waits.
    Waiting,
    /// It is being attempted.
    Leased,
    /// It is done.
    Done,
    /// It failed too often.
    Dead,
}

/// Why a store did not do its part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreError {
    /// The reason, with the path.
    pub reason: String,
    /// Whether another try may help.
    pub is_transient: bool,
}

impl StoreError {
    /// Creates an error.
    #[must_use]
    pub fn new(reason: impl Into<String>, is_transient: bool) -> Self {
        Self { reason: reason.into(), is_transient }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for StoreError {}

/// A store in memory, for tests and for jobs that may be lost with the program. Its clones are the same store.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    jobs: BTreeMap<u64, (Job, Vec<u8>)>,
    last_id: u64,
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<(Vec<Job>, u64), StoreError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((kept.jobs.values().map(|(job, _)| job.clone()).collect(), kept.last_id))
    }

    fn payload(&mut self, id: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.jobs.get(&id).map(|(_, payload)| payload.clone()))
    }

    fn commit(&mut self, changes: &[Change<'_>], _: Durability) -> Result<(), StoreError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match change {
                Change::Add(job, payload) => {
                    kept.last_id = kept.last_id.max(job.id);
                    kept.jobs.insert(job.id, (job.clone(), payload.to_vec()));
                }
                Change::Set(job) => {
                    if let Some((kept, payload)) = kept.jobs.get_mut(&job.id) {
                        kept.clone_from(job);
                        if job.state == JobState::Done {
                            payload.clear();
                        }
                    }
                }
                Change::Remove(id) => drop(kept.jobs.remove(id)),
            }
        }
        Ok(())
    }
}
