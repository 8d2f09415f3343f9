use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many bytes may wait between the threads of a backup.
#[derive(Debug)]
pub(super) struct Budget {
    total: usize,
    free: Mutex<usize>,
    freed: Condvar,
}

/// The right to hold some bytes; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    budget: &'a Budget,
    bytes: usize,
}

impl Budget {
    pub(super) const fn new(total: usize) -> Self {
        Self { total, free: Mutex::new(total), freed: Condvar::new() }
    }

    /// Waits until so many bytes are free. Whoever wants more than there is gets all, so that nobody waits for ever.
    pub(super) fn take(&self, bytes: usize) -> Permit<'_> {
        let bytes = bytes.min(self.total);
        let mut free = self.free();
        while *free < bytes {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= bytes;
        Permit { budget: self, bytes }
    }

    /// A number is whole whenever the lock is free, also after a panic elsewhere.
    fn free(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.budget.free() += self.bytes;
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn who_wants_more_than_is_free_waits_for_the_others() {
        let budget = Budget::new(10);
        let first = budget.take(7);
        let (told, hears) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let _second = budget.take(4);
                told.send(*budget.free()).unwrap();
            });
            assert!(hears.try_recv().is_err());
            drop(first);
            assert_eq!(hears.recv(), Ok(6));
        });
        assert_eq!(*budget.free(), 10);
    }

    #[test]
    fn what_is_larger_than_the_budget_gets_all_of_it() {
        let budget = Budget::new(10);
        let all = budget.take(1_000);
        assert_eq!(*budget.free(), 0);
        drop(all);
        assert_eq!(*budget.free(), 10);
    }
}
