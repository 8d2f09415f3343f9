//! The driver that blocks its thread.

use std::time::Duration;

use crate::run::{Failed, Permits, Run, Step};
use crate::{Attempt, Classify, GaveUp, Observer, Reason, Retry, Scope, Sleep};

impl<C, K: Sleep, O: Observer> Retry<C, K, O> {
    /// Makes the call, and blocks the thread between attempts.
    ///
    /// A blocking call cannot be interrupted from outside: hand [`Attempt::timeout`] to it with
    /// [`run_blocking_with`](Self::run_blocking_with).
    ///
    /// # Errors
    ///
    /// Returns [`GaveUp`] with the last error when there is no further attempt. An `Ok` that the classifier calls a
    /// failure is returned as it is if it was the last answer, and dropped before a wait.
    #[inline]
    pub fn run_blocking<T, E>(&self, mut call: impl FnMut() -> Result<T, E>) -> Result<T, GaveUp<E>>
    where
        C: Classify<T, E>,
    {
        self.run_blocking_with(|_| call())
    }

    /// Makes the call, which is told about the attempt that it is.
    ///
    /// # Errors
    ///
    /// As [`run_blocking`](Self::run_blocking).
    #[inline]
    pub fn run_blocking_with<T, E>(
        &self,
        mut call: impl FnMut(Attempt<'_>) -> Result<T, E>,
    ) -> Result<T, GaveUp<E>>
    where
        C: Classify<T, E>,
    {
        if !self.is_bare() {
            return self.run_guarded(call);
        }
        match self.judge(1, Permits::NONE, Some(call(self.bare_attempt()))) {
            Ok(value) => Ok(value),
            Err(failed) => self.again_blocking(self.scope, failed, call),
        }
    }

    /// Makes the call with a deadline to keep, or a breaker or bulkhead to ask.
    #[inline(never)]
    fn run_guarded<T, E>(
        &self,
        mut call: impl FnMut(Attempt<'_>) -> Result<T, E>,
    ) -> Result<T, GaveUp<E>>
    where
        C: Classify<T, E>,
    {
        let (scope, now) = self.start(Scope::ROOT);
        match self.attempt_blocking(scope, 1, now, &mut call) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(failed)) => self.again_blocking(scope, failed, call),
            Err(reason) => self.refused(reason),
        }
    }

    /// Repeats a call that has failed. Apart, so that the successful call stays small.
    #[cold]
    fn again_blocking<'r, T, E>(
        &'r self,
        scope: Scope,
        mut failed: Failed<'r, T, E>,
        mut call: impl FnMut(Attempt<'_>) -> Result<T, E>,
    ) -> Result<T, GaveUp<E>>
    where
        C: Classify<T, E>,
    {
        let mut run = Run::new(self, scope);
        loop {
            match run.failed(failed) {
                Step::Done(result) => return result,
                Step::Wait(wait) => self.clock.sleep(wait),
            }
            failed = match self.attempt_blocking(scope, run.next_number(), None, &mut call) {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(failed)) => failed,
                Err(reason) => return run.refused(reason),
            };
        }
    }

    /// Makes one attempt, unless it is refused.
    fn attempt_blocking<'r, T, E>(
        &'r self,
        scope: Scope,
        number: u32,
        now: Option<Duration>,
        call: &mut impl FnMut(Attempt<'_>) -> Result<T, E>,
    ) -> Result<Result<T, Failed<'r, T, E>>, Reason>
    where
        C: Classify<T, E>,
    {
        let (place, now) = match &self.bulkhead {
            None => (None, now),
            // The queue may have taken its time.
            Some(bulkhead) => {
                (Some(bulkhead.enter_blocking_by(&self.clock, scope.deadline())?), None)
            }
        };
        let (permits, attempt) = self.prepare(place, scope, number, now)?;
        Ok(self.judge(number, permits, Some(call(attempt))))
    }
}

/// The form that follows the call: `(|| connect()).retry_blocking(&retry)`.
pub trait RetryBlocking<T, E>: FnMut() -> Result<T, E> + Sized {
    /// Makes the call as [`Retry::run_blocking`] does.
    ///
    /// # Errors
    ///
    /// As [`Retry::run_blocking`].
    #[inline]
    fn retry_blocking<C, K, O>(self, retry: &Retry<C, K, O>) -> Result<T, GaveUp<E>>
    where
        C: Classify<T, E>,
        K: Sleep,
        O: Observer,
    {
        retry.run_blocking(self)
    }
}

impl<F: FnMut() -> Result<T, E>, T, E> RetryBlocking<T, E> for F {}
