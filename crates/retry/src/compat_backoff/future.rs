//! The asynchronous driver.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::backoff::Backoff;
use super::error::Error;
use super::retry::{NoopNotify, Notify, next_wait};

/// Makes the futures that [`Retry`] waits on: the seam to a runtime.
pub trait Sleeper {
    /// The future that is ready when the time has passed.
    type Sleep: Future<Output = ()> + Send + 'static;

    /// Returns a future that is ready after `dur`.
    fn sleep(&self, dur: Duration) -> Self::Sleep;
}

/// Calls `operation` until its future succeeds, fails for good, or the schedule ends; waits with tokio's timer.
///
/// The schedule is reset and the first future made by this call itself; nothing runs before the returned future is
/// polled. Dropping it drops the attempt or the wait in progress, and starts no other.
///
/// # Errors
///
/// The future returns the last error of the operation, unwrapped: a permanent one, or the transient one at which
/// the schedule ended.
///
/// # Panics
///
/// The future panics when it has to wait outside a tokio runtime with timers.
///
/// # Examples
///
/// ```
/// use wardkit_retry::compat_backoff::{self as backoff, ExponentialBackoff};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let answer: Result<_, &str> = backoff::future::retry(ExponentialBackoff::default(), || async { Ok(42) }).await;
/// assert_eq!(answer, Ok(42));
/// # });
/// ```
pub fn retry<I, E, Fn, Fut, B>(
    backoff: B,
    operation: Fn,
) -> Retry<impl Sleeper + fmt::Debug, B, NoopNotify, Fn, Fut>
where
    B: Backoff,
    Fn: FnMut() -> Fut,
    Fut: Future<Output = Result<I, Error<E>>>,
{
    retry_notify(backoff, operation, NoopNotify)
}

/// Does what [`retry`] does, and tells `notify` of each failure before the wait that follows it.
///
/// # Errors
///
/// The future returns the last error of the operation, unwrapped.
///
/// # Panics
///
/// The future panics when it has to wait outside a tokio runtime with timers.
pub fn retry_notify<I, E, Fn, Fut, B, N>(
    mut backoff: B,
    operation: Fn,
    notify: N,
) -> Retry<impl Sleeper + fmt::Debug, B, N, Fn, Fut>
where
    B: Backoff,
    Fn: FnMut() -> Fut,
    Fut: Future<Output = Result<I, Error<E>>>,
    N: Notify<E>,
{
    backoff.reset();
    Retry::new(TokioSleeper, backoff, notify, operation)
}

/// The future of [`retry`] and [`retry_notify`]; made by hand for another runtime.
pub struct Retry<S: Sleeper, B, N, Fn, Fut> {
    sleeper: S,
    backoff: B,
    notify: N,
    operation: Fn,
    attempt: Pin<Box<Fut>>,
    /// Made at the first wait and kept for the next ones.
    wait: Option<Pin<Box<S::Sleep>>>,
    waiting: bool,
}

impl<S, B, N, Fn, Fut, I, E> Retry<S, B, N, Fn, Fut>
where
    S: Sleeper,
    Fn: FnMut() -> Fut,
    Fut: Future<Output = Result<I, Error<E>>>,
{
    /// Creates the future and calls `operation` for the first time. The schedule is not reset.
    pub fn new(sleeper: S, backoff: B, notify: N, mut operation: Fn) -> Self {
        let attempt = Box::pin(operation());
        Self { sleeper, backoff, notify, operation, attempt, wait: None, waiting: false }
    }
}

impl<S, B, N, Fn, Fut, I, E> Future for Retry<S, B, N, Fn, Fut>
where
    S: Sleeper,
    B: Backoff,
    N: Notify<E>,
    Fn: FnMut() -> Fut,
    Fut: Future<Output = Result<I, Error<E>>>,
{
    type Output = Result<I, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            if let Some(wait) = this.wait.as_mut().filter(|_| this.waiting) {
                ready!(wait.as_mut().poll(cx));
                this.waiting = false;
                this.attempt.set((this.operation)());
            }
            let err = match ready!(this.attempt.as_mut().poll(cx)) {
                Ok(value) => return Poll::Ready(Ok(value)),
                Err(err) => err,
            };
            match next_wait(err, &mut this.backoff) {
                Ok((err, wait)) => {
                    this.notify.notify(err, wait);
                    this.start_waiting(wait);
                }
                Err(Error::Permanent(err) | Error::Transient { err, .. }) => {
                    return Poll::Ready(Err(err));
                }
            }
        }
    }
}

impl<S: Sleeper, B, N, Fn, Fut> Retry<S, B, N, Fn, Fut> {
    fn start_waiting(&mut self, duration: Duration) {
        let sleep = self.sleeper.sleep(duration);
        match &mut self.wait {
            Some(wait) => wait.set(sleep),
            None => self.wait = Some(Box::pin(sleep)),
        }
        self.waiting = true;
    }
}

/// Both futures are boxed, so that moving this one moves neither.
impl<S: Sleeper, B, N, Fn, Fut> Unpin for Retry<S, B, N, Fn, Fut> {}

impl<S: Sleeper + fmt::Debug, B: fmt::Debug, N, Fn, Fut> fmt::Debug for Retry<S, B, N, Fn, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("sleeper", &self.sleeper)
            .field("backoff", &self.backoff)
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct TokioSleeper;

impl Sleeper for TokioSleeper {
    type Sleep = tokio::time::Sleep;

    fn sleep(&self, dur: Duration) -> Self::Sleep {
        tokio::time::sleep(dur)
    }
}
