use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::engine::Error;

/// Why the threads of a backup end before their work is done: the first reason counts.
#[derive(Debug, Default)]
pub(super) struct Stop {
    is_set: AtomicBool,
    reason: Mutex<Option<Error>>,
}

impl Stop {
    /// Whether to end now; asked between any two pieces of work.
    pub(super) fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// Lets all threads end, because of this unless there was a reason before.
    pub(super) fn because(&self, error: Error) {
        let mut reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        reason.get_or_insert(error);
        self.is_set.store(true, Ordering::Relaxed);
    }

    /// The reason, once all threads have ended.
    pub(super) fn into_result(self) -> Result<(), Error> {
        match self.reason.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}
