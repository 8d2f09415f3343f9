//! How often somebody may do something.

mod quota;

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use wardkit_core::{Clock, SystemClock};

pub use quota::{Limited, Quota};

/// Limits how often each of many keys may do something: users, chats, addresses, tokens.
///
/// Each key has a [`Quota`] of its own. The memory is bounded: of at most [`RateLimiter::with_max_keys`] keys something
/// is remembered, and a key that has its whole quota again is forgotten when room is needed. While all of them are
/// busy, further keys share one quota: whoever invents keys to be forgotten gains nothing by it, and takes nothing from
/// those that are remembered.
///
/// It may be shared between threads.
///
/// ```
/// use std::time::Duration;
/// use wardkit_core::ManualClock;
/// use wardkit_validation::{Quota, RateLimiter};
///
/// let clock = ManualClock::default();
/// let limiter = RateLimiter::new(Quota::per_minute(20).with_burst(2)).with_clock(&clock);
/// assert_eq!(limiter.check("alice"), Ok(1));
/// assert_eq!(limiter.check("alice"), Ok(0));
/// let limited = limiter.check("alice").unwrap_err();
/// assert_eq!(limited.to_string(), "too often: try again in 3 s");
/// assert_eq!(limiter.check("bob"), Ok(1));
/// clock.advance(Duration::from_secs(3));
/// assert_eq!(limiter.check("alice"), Ok(0));
/// ```
pub struct RateLimiter<K = String, C = SystemClock, S = RandomState> {
    quota: Quota,
    max_keys: usize,
    clock: C,
    state: Mutex<State<K, S>>,
}

struct State<K, S> {
    /// For each key the time at which it has its whole quota again, in nanoseconds of the clock.
    full_at: HashMap<K, u64, S>,
    /// The same for all keys that there is no room for.
    others_full_at: u64,
    /// Before this time there is no use in looking for keys to forget.
    sweep_at: u64,
    overflowed: u64,
}

impl<K: Hash + Eq> RateLimiter<K> {
    /// Gives every key this quota, and remembers up to 65 536 of them.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        let state =
            State { full_at: HashMap::new(), others_full_at: 0, sweep_at: 0, overflowed: 0 };
        Self { quota, max_keys: MAX_KEYS, clock: SystemClock, state: Mutex::new(state) }
    }
}

impl<K: Hash + Eq, C, S: BuildHasher> RateLimiter<K, C, S> {
    /// Sets of how many keys something is remembered at once.
    #[must_use]
    pub const fn with_max_keys(mut self, max_keys: usize) -> Self {
        self.max_keys = max_keys;
        self
    }

    /// Takes the time from another clock. It must not have been used yet.
    #[must_use]
    pub fn with_clock<D: Clock>(self, clock: D) -> RateLimiter<K, D, S> {
        RateLimiter { quota: self.quota, max_keys: self.max_keys, clock, state: self.state }
    }

    /// Returns the quota of each key.
    #[must_use]
    pub const fn quota(&self) -> Quota {
        self.quota
    }

    /// Returns how many keys are remembered.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).full_at.len()
    }

    /// Returns how many checks found no room for their key, since the limiter was made.
    #[must_use]
    pub fn overflowed(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).overflowed
    }
}

impl<K: Hash + Eq, C: Clock, S: BuildHasher> RateLimiter<K, C, S> {
    /// Takes one from the quota of a key, and returns how many it could take further right now.
    ///
    /// # Errors
    ///
    /// When nothing is left, and then nothing is taken.
    pub fn check<Q>(&self, key: &Q) -> Result<u32, Limited>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.check_many(key, NonZeroU32::MIN)
    }

    /// Takes several at once: a request that costs more than another.
    ///
    /// # Errors
    ///
    /// When that many are not left, and then nothing is taken.
    pub fn check_many<Q>(&self, key: &Q, count: NonZeroU32) -> Result<u32, Limited>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let now = nanos(self.clock.uptime());
        let quota = self.quota;
        // No call can panic while the lock is held but a key's own Hash and Eq, and they leave the state whole.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = state.full_at.get_mut(key) {
            return quota.take(full_at, now, count);
        }
        if state.has_room(self.max_keys, now) {
            let mut full_at = 0;
            let left = quota.take(&mut full_at, now, count)?;
            state.full_at.insert(key.to_owned(), full_at);
            return Ok(left);
        }
        state.overflowed += 1;
        quota.take(&mut state.others_full_at, now, count)
    }
}

impl<K: Hash + Eq, S: BuildHasher> State<K, S> {
    /// Tells whether another key can be remembered, and forgets those that have their whole quota for it.
    fn has_room(&mut self, max_keys: usize, now: u64) -> bool {
        if self.full_at.len() < max_keys {
            return true;
        }
        if now < self.sweep_at {
            return false;
        }
        self.full_at.retain(|_, full_at| *full_at > now);
        let keys = u64::try_from(self.full_at.len()).unwrap_or(u64::MAX);
        self.sweep_at = now.saturating_add(keys.saturating_mul(SWEEP_NANOS_PER_KEY));
        self.full_at.len() < max_keys
    }
}

impl<K, C, S> fmt::Debug for RateLimiter<K, C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys are addresses and names of users.
        f.debug_struct("RateLimiter")
            .field("quota", &self.quota)
            .field("max_keys", &self.max_keys)
            .finish_non_exhaustive()
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// About 6 MB with addresses as keys.
const MAX_KEYS: usize = 65_536;

/// Looking at a key costs a few nanoseconds, so that sweeps that find nothing cost less than one per cent.
const SWEEP_NANOS_PER_KEY: u64 = 1_000;
