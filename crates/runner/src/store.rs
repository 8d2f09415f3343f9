//! Where records are kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use wardkit_supervise::Record;

/// Where the records of services are kept, so that neither a kill nor a reboot forgets them.
///
/// Its methods block; they are called from the thread that drives the services, so they must be quick.
pub trait Store: Send {
    /// Returns all records.
    ///
    /// # Errors
    ///
    /// When they cannot be read; then nothing is started.
    fn load(&mut self) -> Result<Vec<Record>, StoreError>;

    /// Makes changes, all or none. They must outlive a kill of the program when this returns; those that change what is
    /// desired of a service must also outlive the loss of power.
    ///
    /// # Errors
    ///
    /// When they cannot be kept; then what they precede is not done.
    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError>;
}

/// A change of what is kept.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Keep this over whatever is kept of the service.
    Keep(Box<Record>),
    /// Keep nothing of this service any more.
    Forget(Arc<str>),
}

/// Why records could not be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
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

/// A store that forgets everything with the program: for tests, and for services that are to begin anew each time.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    records: Arc<Mutex<BTreeMap<String, Record>>>,
}

impl MemoryStore {
    /// Creates a store without records. Clones are the same store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns what is kept of a service.
    #[must_use]
    pub fn record(&self, service: &str) -> Option<Record> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).get(service).cloned()
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Vec<Record>, StoreError> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(records.values().cloned().collect())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match change {
                Change::Keep(record) => {
                    records.insert(record.service.clone(), (**record).clone());
                }
                Change::Forget(service) => {
                    records.remove(&**service);
                }
            }
        }
        Ok(())
    }
}
