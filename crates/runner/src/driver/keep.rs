//! Records are kept before what follows from them is done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::Severity;
use wardkit_supervise::{Action, Record};

use super::Driver;
use crate::{Change, Error, Store, StoreError};

/// Keeps changes, also those that could not be kept at first.
pub(super) struct Keeper {
    store: Box<dyn Store>,
    /// The last change of each service that was not kept.
    unkept: BTreeMap<Arc<str>, Change>,
    failures: u32,
    /// When it is tried again, since the boot.
    retry_at: Option<Duration>,
    why: String,
}

impl Keeper {
    pub(super) fn new(store: Box<dyn Store>) -> Self {
        Self { store, unkept: BTreeMap::new(), failures: 0, retry_at: None, why: String::new() }
    }

    pub(super) fn load(&mut self) -> Result<Vec<Record>, Error> {
        self.store.load().map_err(Error::Store)
    }

    /// Returns whether everything is kept.
    pub(super) fn is_sound(&self) -> bool {
        self.unkept.is_empty()
    }

    /// Returns why what is known of a service is not kept, if it is not.
    pub(super) fn doubt(&self, service: &str) -> Option<&str> {
        self.unkept.contains_key(service).then_some(self.why.as_str())
    }

    pub(super) fn retry_at(&self) -> Option<Duration> {
        self.retry_at
    }

    fn add(&mut self, change: Change) {
        let service = match &change {
            Change::Keep(record) => record.service.as_str().into(),
            Change::Forget(service) => Arc::clone(service),
        };
        self.unkept.insert(service, change);
    }

    /// Keeps what was not kept.
    fn commit(&mut self) -> Result<(), StoreError> {
        let changes: Vec<Change> = self.unkept.values().cloned().collect();
        self.store.commit(&changes)?;
        self.unkept.clear();
        Ok(())
    }
}

impl Driver {
    /// Keeps what is to be kept, and returns the other actions. What could not be kept is tried again; until then
    /// nothing is started.
    pub(super) fn keep(&mut self, actions: Vec<Action>) -> Vec<Action> {
        let mut others = Vec::with_capacity(actions.len());
        let mut is_news = false;
        for action in actions {
            match action {
                Action::Keep(record) => self.keeper.add(Change::Keep(record)),
                Action::Forget(service) => {
                    self.keeper.add(Change::Forget(Arc::clone(&service)));
                    others.push(Action::Forget(service));
                }
                action => {
                    others.push(action);
                    continue;
                }
            }
            is_news = true;
        }
        let now = self.shared.time.now().boot;
        let is_due = self.keeper.retry_at.is_none_or(|at| at <= now);
        // A store that fails is asked as often as was found right, whatever happens meanwhile.
        if self.keeper.is_sound() || !is_due || (!is_news && self.keeper.retry_at.is_none()) {
            return others;
        }
        match self.keeper.commit() {
            Ok(()) => {
                self.keeper.retry_at = None;
                if std::mem::take(&mut self.keeper.failures) > 0 {
                    let message = "what is known of services is kept again";
                    self.tell("supervise.store_recovered", Severity::Notice, message);
                }
            }
            Err(error) => {
                self.keeper.failures = self.keeper.failures.saturating_add(1);
                let wait = if error.is_transient { TRANSIENT } else { LASTING };
                let wait = wait.saturating_mul(1 << self.keeper.failures.min(6)).min(LONGEST);
                self.keeper.retry_at = Some(now.saturating_add(wait));
                self.keeper.why.clone_from(&error.reason);
                if self.keeper.failures == 1 {
                    let reason = error.reason;
                    let message = format!(
                        "what is known of services cannot be kept, and nothing is started until it can: {reason}"
                    );
                    self.tell("supervise.store_failed", Severity::Error, message);
                }
            }
        }
        others
    }
}

const TRANSIENT: Duration = Duration::from_millis(10);
const LASTING: Duration = Duration::from_secs(1);
/// How late services start, at most, after a full disk has room again.
const LONGEST: Duration = Duration::from_secs(5);
