//! The blocking driver.

use std::time::Duration;

use wardkit_core::SystemClock;

use super::backoff::Backoff;
use super::error::Error;
use crate::Sleep;

/// Is told of every failure that will be followed by another attempt, before the wait.
///
/// Called by [`retry_notify`] on the caller's thread, or by the future on its task: it must not block. Implemented
/// by every `FnMut(E, Duration)`.
pub trait Notify<E> {
    /// Takes the error and the wait that follows it.
    fn notify(&mut self, err: E, duration: Duration);
}

impl<E, F: FnMut(E, Duration)> Notify<E> for F {
    fn notify(&mut self, err: E, duration: Duration) {
        self(err, duration);
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoopNotify;

impl<E> Notify<E> for NoopNotify {
    fn notify(&mut self, _: E, _: Duration) {}
}

/// Calls `op` until it succeeds, fails for good, or the schedule ends; sleeps on this thread in between.
///
/// The schedule is reset first.
///
/// # Errors
///
/// Returns the last error of `op`: a permanent one, or the transient one at which the schedule ended.
///
/// # Examples
///
/// ```
/// use wardkit_retry::compat_backoff::{Error, ExponentialBackoff, retry};
///
/// let result = retry(ExponentialBackoff::default(), || Err::<(), _>(Error::permanent("no such user")));
/// assert_eq!(result, Err(Error::permanent("no such user")));
/// ```
pub fn retry<F, B, T, E>(backoff: B, op: F) -> Result<T, Error<E>>
where
    F: FnMut() -> Result<T, Error<E>>,
    B: Backoff,
{
    retry_notify(backoff, op, NoopNotify)
}

/// Does what [`retry`] does, and tells `notify` of each failure before the wait that follows it.
///
/// # Errors
///
/// Returns the last error of `op`: a permanent one, or the transient one at which the schedule ended.
///
/// # Examples
///
/// ```
/// use wardkit_retry::compat_backoff::{Error, backoff::Zero, retry_notify};
///
/// let (mut left, mut seen) = (2, Vec::new());
/// let op = || {
///     left -= 1;
///     if left == 0 { Ok("done") } else { Err(Error::transient("busy")) }
/// };
/// assert_eq!(retry_notify(Zero {}, op, |err, wait| seen.push((err, wait))), Ok("done"));
/// assert_eq!(seen, [("busy", std::time::Duration::ZERO)]);
/// ```
pub fn retry_notify<F, B, N, T, E>(mut backoff: B, mut op: F, mut notify: N) -> Result<T, Error<E>>
where
    F: FnMut() -> Result<T, Error<E>>,
    B: Backoff,
    N: Notify<E>,
{
    backoff.reset();
    loop {
        match op() {
            Ok(value) => return Ok(value),
            Err(err) => {
                let (err, wait) = next_wait(err, &mut backoff)?;
                notify.notify(err, wait);
                SystemClock.sleep(wait);
            }
        }
    }
}

/// Returns the error and the wait before the next attempt, or the error to give up with.
///
/// A wait that the error brings along is taken as it is, and the schedule does not move.
pub(super) fn next_wait<E>(
    err: Error<E>,
    backoff: &mut impl Backoff,
) -> Result<(E, Duration), Error<E>> {
    let Error::Transient { err, retry_after } = err else {
        return Err(err);
    };
    match retry_after.or_else(|| backoff.next_backoff()) {
        Some(wait) => Ok((err, wait)),
        None => Err(Error::transient(err)),
    }
}
