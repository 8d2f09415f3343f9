use std::collections::BTreeSet;
use std::fmt;
use std::io::ErrorKind;
use std::ops::{ControlFlow, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Key, Kind, ObjectMeta, ObjectStore, PrunableStore, Put, StoreError};
use crate::format::Id;

/// A store that counts what is asked of it and fails as planned: for tests.
///
/// ```
/// use wardkit_backup::store::{Fault, Faulty, Key, Memory, ObjectStore, Operation};
///
/// let store = Faulty::new(Memory::new()).at(Operation::Put, 0, Fault::NoSpace);
/// assert!(store.put(&Key::Config, b"{}").is_err());
/// assert!(store.put(&Key::Config, b"{}").is_ok());
/// assert_eq!(store.count(Operation::Put), 2);
/// ```
pub struct Faulty<S> {
    store: S,
    plan: Vec<Planned>,
    before: Option<Box<Before>>,
    state: Mutex<State>,
}

/// Called before an operation happens: it may block for a while, or change the store from behind.
type Before = dyn Fn(Operation, u64) + Send + Sync;

/// What a store is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Storing an object.
    Put,
    /// Reading one.
    Get,
    /// Asking for the size of one.
    Stat,
    /// Listing a kind.
    List,
    /// Removing a lock or any other object.
    Remove,
}

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing happens, and the error will not pass.
    Denied,
    /// Nothing happens; the server says that it is busy (503).
    Unavailable,
    /// Nothing happens; there is no space left.
    NoSpace,
    /// Half of the object lies under its name, and the put fails: a server without atomic writes.
    Torn,
    /// It happens, and is reported as failed: the answer was lost.
    Unacknowledged,
    /// A list does not show what was put through this store.
    Stale,
    /// A list shows every object twice.
    Duplicate,
    /// Nothing happens, now or ever after: the process was killed.
    Dead,
}

struct Planned {
    operation: Option<Operation>,
    from: u64,
    to: u64,
    fault: Fault,
}

#[derive(Default)]
struct State {
    counts: [u64; Operation::ALL.len()],
    put: BTreeSet<Key>,
    is_dead: bool,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Put, Self::Get, Self::Stat, Self::List, Self::Remove];
}

impl<S> Faulty<S> {
    /// Creates a store without any fault yet.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self { store, plan: Vec::new(), before: None, state: Mutex::default() }
    }

    /// The `nth` operation of this sort, counted from 0, fails.
    #[must_use]
    pub fn at(self, operation: Operation, nth: u64, fault: Fault) -> Self {
        self.planned(Some(operation), nth, nth, fault)
    }

    /// The `nth` operation of any sort, counted from 0, fails.
    #[must_use]
    pub fn at_any(self, nth: u64, fault: Fault) -> Self {
        self.planned(None, nth, nth, fault)
    }

    /// The `nth` operation of this sort and all after it fail.
    #[must_use]
    pub fn from(self, operation: Operation, nth: u64, fault: Fault) -> Self {
        self.planned(Some(operation), nth, u64::MAX, fault)
    }

    /// Every operation of this sort fails.
    #[must_use]
    pub fn always(self, operation: Operation, fault: Fault) -> Self {
        self.from(operation, 0, fault)
    }

    /// Calls this before each operation, with how many of its sort there were before.
    #[must_use]
    pub fn before(mut self, call: impl Fn(Operation, u64) + Send + Sync + 'static) -> Self {
        self.before = Some(Box::new(call));
        self
    }

    /// How many operations of this sort there were, failed ones too.
    #[must_use]
    pub fn count(&self, operation: Operation) -> u64 {
        self.state().counts[operation as usize]
    }

    /// How many operations of any sort there were.
    #[must_use]
    pub fn count_all(&self) -> u64 {
        self.state().counts.iter().sum()
    }

    /// The store within, as it is without faults.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Takes the store out.
    #[must_use]
    pub fn into_store(self) -> S {
        self.store
    }

    fn planned(mut self, operation: Option<Operation>, from: u64, to: u64, fault: Fault) -> Self {
        self.plan.push(Planned { operation, from, to, fault });
        self
    }

    /// Counts the operation, and says how it fails.
    fn next(&self, operation: Operation) -> Option<Fault> {
        let (count, fault) = {
            let mut state = self.state();
            let total: u64 = state.counts.iter().sum();
            let count = state.counts[operation as usize];
            state.counts[operation as usize] = count.saturating_add(1);
            let fault = self.plan.iter().find(|planned| planned.meets(operation, count, total));
            let fault = fault.map(|planned| planned.fault);
            state.is_dead |= fault == Some(Fault::Dead);
            (count, if state.is_dead { Some(Fault::Dead) } else { fault })
        };
        if let Some(before) = &self.before {
            before(operation, count);
        }
        fault
    }

    /// Does what changes the store, with the fault that is planned for it.
    fn change<T>(
        &self,
        operation: Operation,
        what: &'static str,
        change: impl FnOnce() -> Result<T, StoreError>,
        tear: impl FnOnce(),
    ) -> Result<T, StoreError> {
        match self.next(operation) {
            Some(Fault::Unacknowledged) => {
                change()?;
                Err(error(Fault::Unacknowledged, what))
            }
            Some(Fault::Torn) => {
                tear();
                Err(error(Fault::Torn, what))
            }
            Some(fault) if fault.is_error() => Err(error(fault, what)),
            _ => change(),
        }
    }

    /// What is behind a poisoned lock is whole: it is counters and a set.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Planned {
    fn meets(&self, operation: Operation, count: u64, total: u64) -> bool {
        match self.operation {
            Some(planned) => planned == operation && (self.from..=self.to).contains(&count),
            None => (self.from..=self.to).contains(&total),
        }
    }
}

impl Fault {
    /// Whether the operation fails by it, as opposed to: shows something wrong.
    const fn is_error(self) -> bool {
        !matches!(self, Self::Stale | Self::Duplicate)
    }
}

impl<S: ObjectStore> ObjectStore for Faulty<S> {
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, StoreError> {
        let put = || {
            let put = self.store.put(key, body)?;
            self.state().put.insert(*key);
            Ok(put)
        };
        self.change(Operation::Put, "write", put, || {
            // The error that follows is the planned one, whether the half could be stored or not.
            let _ = self.store.put(key, &body[..body.len() / 2]);
        })
    }

    fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Vec<u8>, StoreError> {
        match self.next(Operation::Get) {
            Some(fault) if fault.is_error() => Err(error(fault, "read")),
            _ => self.store.get(key, range),
        }
    }

    fn stat(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        match self.next(Operation::Stat) {
            Some(fault) if fault.is_error() => Err(error(fault, "look at")),
            _ => self.store.stat(key),
        }
    }

    fn list(
        &self,
        kind: Kind,
        found: &mut dyn FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        match self.next(Operation::List) {
            Some(Fault::Stale) => {
                let hidden = self.state().put.clone();
                self.store.list(kind, &mut |object| {
                    if hidden.contains(&object.key) {
                        return ControlFlow::Continue(());
                    }
                    found(object)
                })
            }
            Some(Fault::Duplicate) => self.store.list(kind, &mut |object| {
                found(object)?;
                found(object)
            }),
            Some(fault) => Err(error(fault, "list")),
            None => self.store.list(kind, found),
        }
    }

    fn remove_lock(&self, id: &Id) -> Result<(), StoreError> {
        self.change(Operation::Remove, "remove", || self.store.remove_lock(id), || ())
    }

    fn keeps_locks(&self) -> bool {
        self.store.keeps_locks()
    }
}

impl<S: PrunableStore> PrunableStore for Faulty<S> {
    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        self.change(Operation::Remove, "remove", || self.store.delete(key), || ())
    }
}

impl<S: fmt::Debug> fmt::Debug for Faulty<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").field("store", &self.store).finish_non_exhaustive()
    }
}

fn error(fault: Fault, what: &'static str) -> StoreError {
    let place = "the faulty store".to_owned();
    let kind = match fault {
        Fault::Unavailable => {
            let reason = "SlowDown".to_owned();
            return StoreError::Refused { what, place, status: 503, reason };
        }
        Fault::NoSpace => ErrorKind::StorageFull,
        Fault::Torn | Fault::Unacknowledged => ErrorKind::ConnectionReset,
        Fault::Denied | Fault::Dead | Fault::Stale | Fault::Duplicate => {
            ErrorKind::PermissionDenied
        }
    };
    StoreError::Io { what, place, source: kind.into() }
}
