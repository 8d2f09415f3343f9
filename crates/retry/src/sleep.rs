//! How the drivers wait.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::pin::Pin;
use std::time::Duration;

use wardkit_core::{Clock, SystemClock};

/// A wait that is polled.
pub type Sleeping = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A clock that can also wait: what the blocking driver needs.
pub trait Sleep: Clock {
    /// Blocks the thread for this long.
    fn sleep(&self, duration: Duration);

    /// Blocks the thread until it is unparked, or for this long; may return earlier for no reason.
    fn park(&self, longest: Duration) {
        std::thread::park_timeout(longest);
    }

    /// Returns the seed of the jitter of one call. Asked once a call, and only after a failure.
    fn seed(&self) -> u64 {
        random_seed()
    }
}

/// A clock that can also wait without blocking: what the asynchronous driver needs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no asynchronous timer",
    note = "turn on the feature `tokio` of wardkit-retry, or give the retry a clock that implements `SleepAsync`"
)]
pub trait SleepAsync: Sleep {
    /// Returns a future that is ready after this long. Dropping it cancels the wait.
    fn sleep_async(&self, duration: Duration) -> Sleeping;
}

impl Sleep for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the blocking driver sleeps")]
    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

#[cfg(feature = "tokio")]
impl SleepAsync for SystemClock {
    fn sleep_async(&self, duration: Duration) -> Sleeping {
        Box::pin(tokio::time::sleep(duration))
    }
}

impl<K: Sleep + ?Sized> Sleep for std::sync::Arc<K> {
    fn sleep(&self, duration: Duration) {
        (**self).sleep(duration);
    }

    fn park(&self, longest: Duration) {
        (**self).park(longest);
    }

    fn seed(&self) -> u64 {
        (**self).seed()
    }
}

impl<K: SleepAsync + ?Sized> SleepAsync for std::sync::Arc<K> {
    fn sleep_async(&self, duration: Duration) -> Sleeping {
        (**self).sleep_async(duration)
    }
}

/// Draws from the standard library's random keys, which differ by process, thread and use.
pub(crate) fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
