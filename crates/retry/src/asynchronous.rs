//! The driver that waits without blocking.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::run::{Permits, Run, Step};
use crate::scope::enter;
use crate::{Attempt, Classify, GaveUp, Observer, Reason, Retry, Scope, SleepAsync, Sleeping};

impl<C, K: SleepAsync, O: Observer> Retry<C, K, O> {
    /// Makes the call, and waits between attempts.
    ///
    /// An `async` closure will do unless it changes what it captures; then take a closure that changes it before the
    /// future begins: `|| { tries += 1; async move { … } }`. For a spawned task, hand it the retry in an
    /// [`Arc`](std::sync::Arc).
    ///
    /// Cancel-safe: a dropped future starts no further attempt and gives back its place in the bulkhead and its
    /// probe of the breaker; whether the attempt that was dropped had an effect is up to the call.
    ///
    /// # Errors
    ///
    /// Returns [`GaveUp`] with the last error when there is no further attempt. An `Ok` that the classifier calls a
    /// failure is returned as it is if it was the last answer, and dropped before a wait.
    #[inline]
    pub fn run<T, E, F, Fut>(&self, mut call: F) -> impl Future<Output = Result<T, GaveUp<E>>>
    where
        C: Classify<T, E>,
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.run_with(move |_| call())
    }

    /// Makes the call, which is told about the attempt that it is. Cancel-safe as [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    #[inline]
    #[expect(clippy::manual_async_fn, reason = "an async fn keeps its arguments twice")]
    pub fn run_with<'r, T, E, F, Fut>(
        &'r self,
        mut call: F,
    ) -> impl Future<Output = Result<T, GaveUp<E>>>
    where
        C: Classify<T, E>,
        F: FnMut(Attempt<'r>) -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        // What lives across an await is room in every caller's future: hence the few names, and the boxes on the
        // paths that most calls do not take.
        async move {
            let mut run = None;
            if self.is_free() {
                let result = call(self.bare_attempt()).await;
                let failed = match self.judge(1, Permits::NONE, Some(result)) {
                    Ok(value) => return Ok(value),
                    Err(failed) => failed,
                };
                let wait = match run.insert(Box::new(Run::new(self, Scope::ROOT))).failed(failed) {
                    Step::Done(result) => return result,
                    Step::Wait(wait) => wait,
                };
                self.clock.sleep_async(wait).await;
            }
            loop {
                let (scope, now) = self.resume(run.as_deref());
                let (place, now) = match &self.bulkhead {
                    None => (None, now),
                    Some(bulkhead) => {
                        match Box::pin(bulkhead.enter_by(&self.clock, scope.deadline())).await {
                            // The queue may have taken its time.
                            Ok(place) => (Some(place), None),
                            Err(reason) => return self.refused_after(run, reason),
                        }
                    }
                };
                let number = number(run.as_deref());
                let (permits, attempt) = match self.prepare(place, scope, number, now) {
                    Ok(ready) => ready,
                    Err(reason) => return self.refused_after(run, reason),
                };
                let (scope, result) = {
                    let call = pin!(call(attempt));
                    Limited::new(call, &self.clock, attempt).await
                };
                let wait = match self.conclude(&mut run, scope, permits, result) {
                    Step::Done(result) => return result,
                    Step::Wait(wait) => wait,
                };
                self.clock.sleep_async(wait).await;
            }
        }
    }

    /// Returns whether the first attempt needs no permit, no clock, no timer and no scope of its own. Such a call,
    /// the most frequent one, then takes half the time.
    #[inline]
    fn is_free(&self) -> bool {
        self.is_bare()
            && self.policy.attempt_timeout.is_none()
            && self.scope.is_root()
            && Scope::current().is_root()
    }

    /// Returns what the next attempt inherits, and the present time if a deadline made it read the clock.
    #[inline]
    fn resume<E>(&self, run: Option<&Run<'_, E, C, K, O>>) -> (Scope, Option<Duration>) {
        match run {
            None => self.start(Scope::current()),
            Some(run) => (run.scope, None),
        }
    }

    #[inline]
    fn conclude<'r, T, E>(
        &'r self,
        run: &mut Option<Box<Run<'r, E, C, K, O>>>,
        scope: Scope,
        permits: Permits<'r>,
        result: Option<Result<T, E>>,
    ) -> Step<T, E>
    where
        C: Classify<T, E>,
    {
        match self.judge(number(run.as_deref()), permits, result) {
            Ok(value) => Step::Done(Ok(value)),
            Err(failed) => {
                run.get_or_insert_with(|| Box::new(Run::new(self, scope))).failed(failed)
            }
        }
    }

    #[cold]
    fn refused_after<T, E>(
        &self,
        run: Option<Box<Run<'_, E, C, K, O>>>,
        reason: Reason,
    ) -> Result<T, GaveUp<E>> {
        match run {
            None => self.refused(reason),
            Some(mut run) => run.refused(reason),
        }
    }
}

/// Returns the number of the next attempt.
#[inline]
fn number<E, C, K: SleepAsync, O: Observer>(run: Option<&Run<'_, E, C, K, O>>) -> u32 {
    run.map_or(1, Run::next_number)
}

/// The form that follows the call: `(|| fetch()).retry(&retry).await`.
pub trait RetryAsync<Fut, T, E>: FnMut() -> Fut + Sized
where
    Fut: Future<Output = Result<T, E>>,
{
    /// Makes the call as [`Retry::run`] does.
    #[inline]
    fn retry<C, K, O>(self, retry: &Retry<C, K, O>) -> impl Future<Output = Result<T, GaveUp<E>>>
    where
        C: Classify<T, E>,
        K: SleepAsync,
        O: Observer,
    {
        retry.run(self)
    }
}

impl<F, Fut, T, E> RetryAsync<Fut, T, E> for F
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
}

/// One attempt under its time limit, in its scope; `None` when it took too long.
///
/// The timer starts when the call is first found waiting: a call that answers at once pays nothing for its limit.
struct Limited<'a, Fut, K> {
    call: Pin<&'a mut Fut>,
    clock: &'a K,
    limit: Option<Duration>,
    timer: Option<Sleeping>,
    scope: Scope,
}

impl<'a, Fut, K> Limited<'a, Fut, K> {
    #[inline]
    const fn new(call: Pin<&'a mut Fut>, clock: &'a K, attempt: Attempt<'_>) -> Self {
        Self { call, clock, limit: attempt.timeout, timer: None, scope: attempt.scope }
    }
}

impl<Fut: Future, K: SleepAsync> Future for Limited<'_, Fut, K> {
    /// The scope comes back with the output: kept beside this future it would take its room twice.
    type Output = (Scope, Option<Fut::Output>);

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let scope = self.scope;
        let polled = if scope.is_root() {
            self.call.as_mut().poll(context)
        } else {
            enter(scope, || self.call.as_mut().poll(context))
        };
        if let Poll::Ready(output) = polled {
            return Poll::Ready((scope, Some(output)));
        }
        let Some(limit) = self.limit else {
            return Poll::Pending;
        };
        let clock = self.clock;
        let timer = self.timer.get_or_insert_with(|| clock.sleep_async(limit));
        timer.as_mut().poll(context).map(|()| (scope, None))
    }
}
