//! A schedule of the original as waits and as a policy of ours.

use std::time::Duration;

use backoff::backoff::Backoff;
use wardkit_retry::{Jitter, RetryPolicy, Schedule};

/// The waits of a `backoff::backoff::Backoff` as an iterator.
///
/// The schedule is reset first. Once it has ended, the iterator has too.
#[derive(Clone, Debug)]
pub struct BackoffDelays<B> {
    backoff: Option<B>,
}

impl<B: Backoff> BackoffDelays<B> {
    /// Resets `backoff` and returns its waits.
    #[must_use]
    pub fn new(mut backoff: B) -> Self {
        backoff.reset();
        Self { backoff: Some(backoff) }
    }
}

impl<B: Backoff> Iterator for BackoffDelays<B> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let wait = self.backoff.as_mut()?.next_backoff();
        if wait.is_none() {
            self.backoff = None;
        }
        wait
    }
}

impl<B: Backoff> std::iter::FusedIterator for BackoffDelays<B> {}

/// Returns a policy that waits as `backoff` does, for at most `max_waits` retries, and never more than 9999: that is
/// what a policy may have.
///
/// The waits are drawn once, here, and listed in the policy: clients that shall not wait alike each call this
/// themselves. A schedule without a wait gives a policy of one attempt. Time limits and the rest are those of
/// [`RetryPolicy::default`].
///
/// ```
/// use std::time::Duration;
/// use backoff::backoff::Constant;
/// use wardkit_retry::Schedule;
///
/// let policy = wardkit_retry_backoff::policy_from(Constant::new(Duration::from_secs(2)), 3);
/// assert_eq!(policy.max_attempts, 4);
/// assert_eq!(policy.schedule, Schedule::List { delays: vec![Duration::from_secs(2); 3] });
/// ```
#[must_use]
pub fn policy_from<B: Backoff>(backoff: B, max_waits: u32) -> RetryPolicy {
    let delays: Vec<_> =
        BackoffDelays::new(backoff).take(max_waits.min(MOST_WAITS) as usize).collect();
    let Ok(waits @ 1..) = u32::try_from(delays.len()) else {
        return RetryPolicy::never();
    };
    let mut policy = RetryPolicy::default();
    policy.max_attempts = waits.saturating_add(1);
    policy.jitter = Jitter::None;
    policy.schedule = Schedule::List { delays };
    policy
}

/// A schedule without an end must not fill the memory.
const MOST_WAITS: u32 = 9_999;
