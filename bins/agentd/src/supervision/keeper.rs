//! The records of services, kept in SQLite.

use std::path::Path;

use wardkit_core::{Clock as _, Event, Severity, SystemClock};
use wardkit_runner::{Change, Store, StoreError};
use wardkit_sqlite::{Error, ServiceChange, ServiceStore};
use wardkit_supervise::Record;

use crate::events::Events;
use crate::reload::error_chain;

/// Keeps records in a database, and tells when it was damaged.
pub(crate) struct Keeper {
    store: ServiceStore,
    events: Events,
}

impl Keeper {
    /// Opens the database, and makes one if there is none.
    pub(crate) fn open(path: &Path, events: &Events) -> Result<Self, Error> {
        let mut keeper = Self { store: ServiceStore::open(path)?, events: events.clone() };
        keeper.tell_damage();
        Ok(keeper)
    }

    fn tell_damage(&mut self) {
        let Some(damage) = self.store.take_damage() else { return };
        let kind = "supervise.store.damaged";
        let event = Event::new(SystemClock.now(), kind, Severity::Error, "supervise");
        self.events.publish(event.with_message(damage));
    }
}

impl Store for Keeper {
    fn load(&mut self) -> Result<Vec<Record>, StoreError> {
        let loaded = self.store.load().map_err(|error| refused(&error));
        self.tell_damage();
        loaded
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        let changes = changes.iter().filter_map(|change| match change {
            Change::Keep(record) => Some(ServiceChange::Keep(record)),
            Change::Forget(service) => Some(ServiceChange::Forget(service)),
            _ => None,
        });
        let committed = self.store.commit(changes).map_err(|error| refused(&error));
        self.tell_damage();
        self.store.rest();
        committed
    }
}

fn refused(error: &Error) -> StoreError {
    StoreError::new(error_chain(error), error.is_transient())
}
